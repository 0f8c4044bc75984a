"""Metrics of pods and containers, as cAdvisor names them, for whoever scrapes the kubelet.

Each has the labels id, name and image; those of the network have the interface, too. Values are whole numbers: a metric
in seconds is rounded down.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri.counters import Counters, of_group
from reference_runtime.cri.network import traffic
from reference_runtime.cri.node import Node
from reference_runtime.cri.records import Container, Sandbox
from reference_runtime.cri.stats import pod_groups

_LABELS = ("id", "name", "image")
_NETWORK_LABELS = (*_LABELS, "interface")
_COUNTER, _GAUGE = api_pb2.COUNTER, api_pb2.GAUGE
_SECOND = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Described:
    """A metric that is taken from what the kernel counts."""

    name: str
    help: str
    value: Callable[[Any], int]
    kind: int = _GAUGE


_OF_GROUPS = (
    Described("container_blkio_device_usage_total", "Bytes of block devices.", lambda it: it.io_bytes, _COUNTER),
    Described("container_cpu_cfs_periods_total", "Periods of the quota.", lambda it: it.periods, _COUNTER),
    Described("container_cpu_cfs_throttled_periods_total", "Periods used up.", lambda it: it.throttled, _COUNTER),
    Described(
        "container_cpu_cfs_throttled_seconds_total",
        "Time waited for.",
        lambda it: it.throttled_for // _SECOND,
        _COUNTER,
    ),
    Described("container_cpu_system_seconds_total", "Time in the kernel.", lambda it: it.system // _SECOND, _COUNTER),
    Described("container_cpu_usage_seconds_total", "Time used.", lambda it: it.cpu // _SECOND, _COUNTER),
    Described("container_cpu_user_seconds_total", "Time outside the kernel.", lambda it: it.user // _SECOND, _COUNTER),
    Described("container_file_descriptors", "Open descriptors.", lambda it: it.descriptors),
    Described("container_fs_inodes_free", "Inodes that are left.", lambda it: it.disk.f_favail),
    Described("container_fs_inodes_total", "Inodes that there are.", lambda it: it.disk.f_files),
    Described("container_fs_limit_bytes", "Room on the disk.", lambda it: it.disk.f_blocks * it.disk.f_frsize),
    Described("container_fs_reads_bytes_total", "Bytes read.", lambda it: it.read_bytes, _COUNTER),
    Described("container_fs_reads_total", "Reads.", lambda it: it.reads, _COUNTER),
    Described("container_fs_usage_bytes", "Bytes on the disk.", lambda it: it.written),
    Described("container_fs_writes_bytes_total", "Bytes written.", lambda it: it.write_bytes, _COUNTER),
    Described("container_fs_writes_total", "Writes.", lambda it: it.writes, _COUNTER),
    Described("container_last_seen", "When it was last looked at.", lambda _: int(time.time())),
    Described("container_memory_cache", "Bytes of the page cache.", lambda it: it.cache),
    Described("container_memory_failcnt", "How often the limit was met.", lambda it: it.limit_met, _COUNTER),
    Described("container_memory_failures_total", "Page faults.", lambda it: it.page_faults, _COUNTER),
    Described("container_memory_kernel_usage", "Bytes of the kernel.", lambda it: it.kernel_memory),
    Described("container_memory_mapped_file", "Bytes of mapped files.", lambda it: it.mapped),
    Described("container_memory_max_usage_bytes", "The most bytes so far.", lambda it: it.most_memory),
    Described("container_memory_rss", "Bytes of anonymous memory.", lambda it: it.rss),
    Described("container_memory_swap", "Bytes of swap.", lambda it: it.swap),
    Described("container_memory_usage_bytes", "Bytes of memory.", lambda it: it.memory),
    Described("container_memory_working_set_bytes", "Bytes used lately.", lambda it: it.working_set),
    Described("container_oom_events_total", "Processes killed for memory.", lambda it: it.killed, _COUNTER),
    Described("container_processes", "Processes.", lambda it: len(it.pids)),
    Described("container_sockets", "Open sockets.", lambda it: it.sockets),
    Described("container_spec_cpu_period", "Period of the quota.", lambda it: it.period),
    Described("container_spec_cpu_shares", "Share of the processors.", lambda it: it.shares),
    Described("container_spec_memory_limit_bytes", "Limit of memory.", lambda it: it.limit),
    Described("container_spec_memory_swap_limit_bytes", "Limit of swap.", lambda it: it.swap_limit),
    Described("container_start_time_seconds", "When it began.", lambda it: it.began // _SECOND),
    Described("container_threads", "Threads.", lambda it: it.threads),
    Described("container_threads_max", "Threads that there may be.", lambda it: it.most_threads),
)
_OF_NETWORKS = (
    Described("container_network_receive_bytes_total", "Bytes received.", lambda it: it.received, _COUNTER),
    Described("container_network_receive_errors_total", "Errors of receiving.", lambda it: it.receive_errors, _COUNTER),
    Described(
        "container_network_receive_packets_dropped_total", "Packets lost.", lambda it: it.receive_drops, _COUNTER
    ),
    Described("container_network_receive_packets_total", "Packets received.", lambda it: it.packets_received, _COUNTER),
    Described("container_network_transmit_bytes_total", "Bytes sent.", lambda it: it.sent, _COUNTER),
    Described("container_network_transmit_errors_total", "Errors of sending.", lambda it: it.send_errors, _COUNTER),
    Described(
        "container_network_transmit_packets_dropped_total", "Packets not sent.", lambda it: it.send_drops, _COUNTER
    ),
    Described("container_network_transmit_packets_total", "Packets sent.", lambda it: it.packets_sent, _COUNTER),
)


def descriptors() -> list[Any]:
    """Every metric that can be told."""
    labelled = [(metric, _LABELS) for metric in _OF_GROUPS] + [(metric, _NETWORK_LABELS) for metric in _OF_NETWORKS]
    return [
        api_pb2.MetricDescriptor(name=metric.name, help=metric.help, label_keys=labels) for metric, labels in labelled
    ]


def of_pods(node: Node) -> list[Any]:
    """The metrics of every sandbox that is ready."""
    return [_of_pod(node, sandbox) for sandbox in node.sandboxes.every() if sandbox.ready]


def _of_pod(node: Node, sandbox: Sandbox) -> Any:
    running = [each for each in node.containers_of(sandbox.id) if each.state == api_pb2.CONTAINER_RUNNING]
    labels = (sandbox.id, sandbox.config.metadata.name, "")
    counters = of_group(pod_groups(sandbox), node.kept(sandbox), sandbox.created_at)
    metrics = _measured(_OF_GROUPS, labels, counters)
    for device in traffic.of_namespace(sandbox.netns) if sandbox.netns else []:
        metrics += _measured(_OF_NETWORKS, (*labels, device.name), device)
    of_containers = [_of_container(node, each) for each in running]
    return api_pb2.PodSandboxMetrics(pod_sandbox_id=sandbox.id, metrics=metrics, container_metrics=of_containers)


def _of_container(node: Node, container: Container) -> Any:
    labels = (container.id, container.config.metadata.name, container.config.image.image)
    counters: Counters = of_group(container.cgroups, node.kept(container), container.started_at)
    metrics = _measured(_OF_GROUPS, labels, counters)
    return api_pb2.ContainerMetrics(container_id=container.id, metrics=metrics)


def _measured(described: tuple[Described, ...], labels: tuple[str, ...], source: Any) -> list[Any]:
    """Metrics that were looked up right now, and so have no timestamp."""
    return [
        api_pb2.Metric(
            name=metric.name,
            metric_type=metric.kind,  # type: ignore[arg-type]
            label_values=labels,
            value=api_pb2.UInt64Value(value=metric.value(source)),
        )
        for metric in described
    ]
