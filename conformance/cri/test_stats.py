"""Stats and metrics of containers and sandboxes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.harness.cri import waiting
from conformance.harness.cri.objects import Container, Sandbox
from conformance.harness.cri.protocol import Message
from conformance.harness.cri.scene import CriScene

SECOND = 10**9
MEBIBYTE = 1 << 20
PATIENCE = 15.0


def stats(cri: CriScene, container: Container) -> Message:
    """The stats of a container."""
    return cri.call("ContainerStats", container_id=container.id).stats


def until(found: Callable[[], Any], good: Callable[[Any], bool], what: str) -> Any:
    """Ask again until an answer is good: servers may keep stats for some seconds."""
    return waiting.until(found, good, what, PATIENCE, 0.1)


@proved_by("cri-stats-empty")
@musts("cri.stats.container", "cri.stats.cpu.timestamp", "cri.stats.memory.timestamp")
def test_stats_tell_when_they_were_found_out(cri: CriScene, pod: Sandbox) -> None:
    """The use of processors and memory of a running container is told, with the time in nanoseconds."""
    container = pod.running()
    now = time.time_ns()

    def timestamps() -> tuple[int, int]:
        told = stats(cri, container)
        return told.cpu.timestamp, told.memory.timestamp

    found = until(timestamps, lambda each: min(each) > 0, "there are no times of stats")
    assert all(now - 60 * SECOND < each < time.time_ns() + SECOND for each in found)


@proved_by("cri-stats-attributes-lost")
@musts("cri.stats.attributes")
def test_stats_tell_whose_they_are(cri: CriScene, pod: Sandbox) -> None:
    """Stats carry id, metadata, labels and annotations of their container."""
    container = pod.running(labels={"deck": "upper"}, annotations={"note": "as is"})
    told, status = stats(cri, container).attributes, container.status()
    assert told.id == container.id
    for field in ("metadata", "labels", "annotations"):
        assert getattr(told, field) == getattr(status, field), field


@proved_by("cri-stats-cpu-constant")
@musts("cri.stats.cpu.grows", needs="cgroup.cpuacct")
def test_the_use_of_processors_grows(cri: CriScene, pod: Sandbox) -> None:
    """What a container uses of processors grows by what it works."""
    container = pod.running()

    def used() -> int:
        return int(stats(cri, container).cpu.usage_core_nano_seconds.value)

    before = until(used, bool, "no processor time is told")
    assert container.execute("/probe", "burncpu", "300").exit_code == 0
    after = until(used, lambda each: each >= before + 250_000_000, f"the use of processors stays at {before}")
    assert after < before + 60 * SECOND


@proved_by("cri-stats-memory-constant")
@musts("cri.stats.memory.usage", needs="cgroup.memory")
def test_the_working_set_follows_the_use_of_memory(cri: CriScene, pod: Sandbox) -> None:
    """The working set of a container grows by what its program touches."""
    small = pod.running()
    large = pod.container(command=["/probe", "fill", "/dev/shm/cargo", str(24 * MEBIBYTE), "trap", "TERM", "wait"])
    large.start()
    large.until_printed(b'"wait"')

    def used(container: Container) -> int:
        return int(stats(cri, container).memory.working_set_bytes.value)

    until(lambda: used(large), lambda each: each > 20 * MEBIBYTE, "the memory of a container is not told")
    assert 0 < used(small) < 16 * MEBIBYTE


@proved_by("cri-stats-writable-layer-constant")
@musts("cri.stats.writable-layer")
def test_the_writable_layer_is_told(cri: CriScene, pod: Sandbox) -> None:
    """What a container has written is told as used bytes of its writable layer."""
    container = pod.running()
    container.execute("/probe", "fill", "/tmp/cargo", str(8 * MEBIBYTE))

    def used() -> int:
        return int(stats(cri, container).writable_layer.used_bytes.value)

    until(used, lambda each: each >= 8 * MEBIBYTE, "what was written is not told")


@proved_by("cri-stats-list-incomplete")
@musts("cri.stats.container.list", "cri.stats.filter", "cri.stats.filter.sandbox", "cri.stats.filter.labels")
def test_stats_can_be_listed(cri: CriScene, pod: Sandbox) -> None:
    """Stats of running containers are listed: of all, by id, by sandbox and by labels."""
    other = cri.sandbox()
    first, second = other.running(labels={"deck": "upper"}), other.running()
    stranger = pod.running()

    def listed(**filters: Any) -> list[str]:
        return sorted(each.attributes.id for each in cri.call("ListContainerStats", filter=filters).stats)

    assert {first.id, second.id, stranger.id} <= set(listed())
    assert listed(id=first.id) == [first.id]
    assert listed(pod_sandbox_id=other.id) == sorted([first.id, second.id])
    assert listed(label_selector=cri.labels | {"deck": "upper"}) == [first.id]


@proved_by("cri-stats-absent-accepted")
@musts("cri.stats.container.absent")
def test_there_are_no_stats_of_an_absent_container(cri: CriScene, pod: Sandbox) -> None:
    """Stats of a container that was removed are an error."""
    container = pod.running()
    stats(cri, container)
    container.remove()
    assert not cri.attempt("ContainerStats", {"container_id": container.id}).good


@proved_by("cri-pod-stats-empty")
@musts("cri.stats.pod", "cri.stats.pod.attributes", "cri.stats.pod.containers")
def test_stats_of_a_sandbox_are_told(cri: CriScene) -> None:
    """Stats of a sandbox carry whose they are, and those of its containers."""
    sandbox = cri.sandbox(labels={"deck": "upper"})
    container = sandbox.running()

    def told() -> Any:
        return cri.call("PodSandboxStats", pod_sandbox_id=sandbox.id).stats

    found = until(told, lambda each: len(each.linux.containers) > 0, "a sandbox has no stats of its container")
    status = sandbox.status().status
    assert (found.attributes.id, found.attributes.metadata, found.attributes.labels) == (
        sandbox.id,
        status.metadata,
        status.labels,
    )
    assert [each.attributes.id for each in found.linux.containers] == [container.id]


@proved_by("cri-pod-stats-network-missing")
@musts("cri.stats.pod.network")
def test_stats_of_a_sandbox_tell_its_network(cri: CriScene) -> None:
    """Stats of a sandbox tell its default interface and when that was looked at."""
    sandbox = cri.sandbox()
    sandbox.running()

    def network() -> Any:
        return cri.call("PodSandboxStats", pod_sandbox_id=sandbox.id).stats.linux.network

    found = until(network, lambda each: each.default_interface.name, "a sandbox has no stats of its network")
    assert found.timestamp > 0


@proved_by("cri-pod-stats-processes-wrong")
@musts("cri.stats.pod.processes")
def test_stats_of_a_sandbox_count_its_processes(cri: CriScene) -> None:
    """Stats of a sandbox tell how many processes it has: some with a container, and more with two."""
    sandbox = cri.sandbox()
    sandbox.running()

    def count() -> int:
        return int(cri.call("PodSandboxStats", pod_sandbox_id=sandbox.id).stats.linux.process.process_count.value)

    before = until(count, bool, "a sandbox has no stats of its processes")
    sandbox.running()
    until(count, lambda each: each > before, "a further process is not counted")


@proved_by("cri-pod-stats-list-incomplete")
@musts("cri.stats.pod.list")
def test_stats_of_sandboxes_can_be_listed(cri: CriScene) -> None:
    """Stats of sandboxes are listed: of all, by id and by labels."""
    first, second = cri.sandbox(labels={"deck": "upper"}), cri.sandbox()

    def listed(**filters: Any) -> list[str]:
        return sorted(each.attributes.id for each in cri.call("ListPodSandboxStats", filter=filters).stats)

    assert {first.id, second.id} <= set(listed())
    assert listed(id=first.id) == [first.id]
    assert listed(label_selector=cri.labels | {"deck": "upper"}) == [first.id]


@proved_by("cri-pod-stats-absent-accepted")
@musts("cri.stats.pod.absent")
def test_there_are_no_stats_of_an_absent_sandbox(cri: CriScene) -> None:
    """Stats of a sandbox that was removed are an error."""
    sandbox = cri.sandbox()
    cri.call("PodSandboxStats", pod_sandbox_id=sandbox.id)
    sandbox.remove()
    assert not cri.attempt("PodSandboxStats", {"pod_sandbox_id": sandbox.id}).good


@proved_by("cri-metrics-undescribed", "cri-metrics-labels-missing")
@musts("cri.metrics.descriptors", "cri.metrics.described", "cri.metrics.label-values")
def test_every_metric_was_described(cri: CriScene) -> None:
    """Each metric of a sandbox has a name that was described, and a value for each of its labels."""
    sandbox = cri.sandbox()
    sandbox.running()
    described = {each.name: len(each.label_keys) for each in cri.call("ListMetricDescriptors").descriptors}
    pods = [each for each in cri.call("ListPodSandboxMetrics").pod_metrics if each.pod_sandbox_id == sandbox.id]
    if not described and not pods:
        pytest.skip("unsupported: there are no metrics")
    metrics = [each for pod in pods for each in pod.metrics]
    metrics += [each for pod in pods for container in pod.container_metrics for each in container.metrics]
    assert [each.name for each in metrics if each.name not in described] == []
    assert [each.name for each in metrics if len(each.label_values) != described[each.name]] == []
