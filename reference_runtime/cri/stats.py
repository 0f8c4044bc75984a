"""Stats of containers and sandboxes, in the words of the API."""

from __future__ import annotations

import os
import time
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import filters
from reference_runtime.cri.images.store import sizes
from reference_runtime.cri.network import traffic
from reference_runtime.cri.node import Node
from reference_runtime.cri.records import Container, Sandbox
from reference_runtime.cri.usage import Usage, limited, of_group


class Stats:
    """Asks the kernel.  The rate of processor time needs two looks: it is over the time since the one before."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._before: dict[str, tuple[int, int]] = {}

    def containers(self, asked: Any) -> list[Any]:
        """The ContainerStats that a filter lets through; of those that run."""
        found = filters.containers(self._node.containers.every(), asked)
        return [self.container(each) for each in found if each.state == api_pb2.CONTAINER_RUNNING]

    def container(self, container: Container) -> Any:
        """A ContainerStats."""
        usage, now = of_group(container.cgroups), time.time_ns()
        stats = api_pb2.ContainerStats(
            attributes=api_pb2.ContainerAttributes(
                id=container.id,
                metadata=container.config.metadata,
                labels=container.config.labels,
                annotations=container.config.annotations,
            ),
            cpu=self._cpu(container.id, usage, now),
            memory=_memory(usage, now),
            writable_layer=self._layer(container, now),
        )
        stats.swap.timestamp = now
        stats.swap.swap_usage_bytes.value = usage.swap
        if limited(usage.swap_limit):
            stats.swap.swap_available_bytes.value = max(usage.swap_limit - usage.swap, 0)
        return stats

    def _cpu(self, name: str, usage: Usage, now: int) -> Any:
        when, before = self._before.get(name, (0, 0))
        self._before[name] = (now, usage.cpu)
        rate = (usage.cpu - before) * 1_000_000_000 // (now - when) if when and now > when else 0
        return api_pb2.CpuUsage(
            timestamp=now, usage_core_nano_seconds=_value(usage.cpu), usage_nano_cores=_value(max(rate, 0))
        )

    def _layer(self, container: Container, now: int) -> Any:
        written = list(sizes(os.path.join(self._node.kept(container), "upper")))
        return api_pb2.FilesystemUsage(
            timestamp=now,
            fs_id=api_pb2.FilesystemIdentifier(mountpoint=self._node.images.folder),
            used_bytes=_value(sum(written)),
            inodes_used=_value(len(written)),
        )

    def sandboxes(self, asked: Any) -> list[Any]:
        """The PodSandboxStats that a filter lets through; of those that are ready."""
        found = filters.sandboxes(self._node.sandboxes.every(), asked)
        return [self.sandbox(each) for each in found if each.ready]

    def sandbox(self, sandbox: Sandbox) -> Any:
        """A PodSandboxStats: of the group above all those of its containers."""
        usage, now = of_group(pod_groups(sandbox)), time.time_ns()
        config = sandbox.config
        stats = api_pb2.PodSandboxStats(
            attributes=api_pb2.PodSandboxAttributes(
                id=sandbox.id, metadata=config.metadata, labels=config.labels, annotations=config.annotations
            )
        )
        linux = stats.linux
        linux.cpu.CopyFrom(self._cpu(sandbox.id, usage, now))
        linux.memory.CopyFrom(_memory(usage, now))
        linux.process.timestamp = now
        linux.process.process_count.value = usage.processes
        self._add_network(linux.network, sandbox, now)
        running = (each for each in self._node.containers_of(sandbox.id) if each.state == api_pb2.CONTAINER_RUNNING)
        linux.containers.extend(self.container(each) for each in running)
        return stats

    def _add_network(self, network: Any, sandbox: Sandbox, now: int) -> None:
        network.timestamp = now
        for number, device in enumerate(traffic.of_namespace(sandbox.netns) if sandbox.netns else []):
            target = network.interfaces.add() if number else network.default_interface
            target.name = device.name
            target.rx_bytes.value, target.rx_errors.value = device.received, device.receive_errors
            target.tx_bytes.value, target.tx_errors.value = device.sent, device.send_errors


def pod_groups(sandbox: Sandbox) -> dict[str, str]:
    """The groups of a whole pod: the parents of that of its pause process."""
    return {name: folder.rpartition(f"/{sandbox.id}")[0] or folder for name, folder in sandbox.cgroups.items()}


def _memory(usage: Usage, now: int) -> Any:
    memory = api_pb2.MemoryUsage(
        timestamp=now,
        working_set_bytes=_value(usage.working_set),
        usage_bytes=_value(usage.memory),
        rss_bytes=_value(usage.rss),
        page_faults=_value(usage.page_faults),
        major_page_faults=_value(usage.major_faults),
    )
    if limited(usage.limit):
        memory.available_bytes.value = max(usage.limit - usage.working_set, 0)
    return memory


def _value(number: int) -> Any:
    return api_pb2.UInt64Value(value=number)
