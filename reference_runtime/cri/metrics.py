"""Metrics of pods, as cAdvisor names them, for whoever scrapes the kubelet."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri.network import traffic
from reference_runtime.cri.node import Node
from reference_runtime.cri.records import Container, Sandbox
from reference_runtime.cri.stats import pod_groups
from reference_runtime.cri.usage import Usage, of_group

#: The labels of every metric; network metrics have the device, too.
_LABELS = ("id", "name", "image")
_NETWORK_LABELS = (*_LABELS, "interface")


@dataclasses.dataclass(frozen=True)
class Described:
    """A metric that is taken from the usage of a group."""

    name: str
    help: str
    value: Callable[[Usage], int]
    kind: int = api_pb2.GAUGE


_OF_GROUPS = (
    Described(
        "container_cpu_usage_seconds_total",
        "Processor time used, in seconds.",
        lambda usage: usage.cpu // 1_000_000_000,
        api_pb2.COUNTER,
    ),
    Described("container_memory_usage_bytes", "Memory in use, in bytes.", lambda usage: usage.memory),
    Described(
        "container_memory_working_set_bytes", "Memory that is needed, in bytes.", lambda usage: usage.working_set
    ),
    Described("container_memory_rss", "Anonymous memory, in bytes.", lambda usage: usage.rss),
    Described("container_memory_swap", "Swap in use, in bytes.", lambda usage: usage.swap),
    Described("container_processes", "Processes that run.", lambda usage: usage.processes),
    Described("container_memory_failures_total", "Page faults.", lambda usage: usage.page_faults, api_pb2.COUNTER),
)
_OF_NETWORKS: tuple[tuple[str, str, Callable[[traffic.Traffic], int]], ...] = (
    ("container_network_receive_bytes_total", "Bytes received.", lambda device: device.received),
    ("container_network_receive_errors_total", "Errors of receiving.", lambda device: device.receive_errors),
    ("container_network_transmit_bytes_total", "Bytes sent.", lambda device: device.sent),
    ("container_network_transmit_errors_total", "Errors of sending.", lambda device: device.send_errors),
)


def descriptors() -> list[Any]:
    """Every metric that can be told."""
    groups = [(metric.name, metric.help, _LABELS) for metric in _OF_GROUPS]
    networks = [(name, help_, _NETWORK_LABELS) for name, help_, _ in _OF_NETWORKS]
    return [
        api_pb2.MetricDescriptor(name=name, help=help_, label_keys=labels) for name, help_, labels in groups + networks
    ]


def of_pods(node: Node) -> list[Any]:
    """The metrics of every sandbox that is ready."""
    return [_of_pod(node, sandbox) for sandbox in node.sandboxes.every() if sandbox.ready]


def _of_pod(node: Node, sandbox: Sandbox) -> Any:
    running = [each for each in node.containers_of(sandbox.id) if each.state == api_pb2.CONTAINER_RUNNING]
    labels = (sandbox.id, sandbox.config.metadata.name, "")
    metrics = _of_group(of_group(pod_groups(sandbox)), labels)
    for device in traffic.of_namespace(sandbox.netns) if sandbox.netns else []:
        for name, _, value in _OF_NETWORKS:
            metrics.append(_metric(name, api_pb2.COUNTER, (*labels, device.name), value(device)))
    return api_pb2.PodSandboxMetrics(
        pod_sandbox_id=sandbox.id, metrics=metrics, container_metrics=[_of_container(each) for each in running]
    )


def _of_container(container: Container) -> Any:
    labels = (container.id, container.config.metadata.name, container.config.image.image)
    metrics = _of_group(of_group(container.cgroups), labels)
    return api_pb2.ContainerMetrics(container_id=container.id, metrics=metrics)


def _of_group(usage: Usage, labels: tuple[str, ...]) -> list[Any]:
    return [_metric(metric.name, metric.kind, labels, metric.value(usage)) for metric in _OF_GROUPS]


def _metric(name: str, kind: int, labels: tuple[str, ...], value: int) -> Any:
    """A metric that was looked up right now has no timestamp."""
    return api_pb2.Metric(
        name=name,
        metric_type=kind,  # type: ignore[arg-type]
        label_values=labels,
        value=api_pb2.UInt64Value(value=value),
    )
