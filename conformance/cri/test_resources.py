"""Resources of containers and their update, as the kernel has them and as the program feels them."""

from __future__ import annotations

import os

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.configs import Document
from conformance.harness.cri.kernel import limit, needs_limit, needs_usual_place
from conformance.harness.cri.objects import EXITED, Container, Sandbox
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.scene import CriScene, Refused
from conformance.harness.cri.waiting import looked
from strategies.edits import do, touch

MEBIBYTE = 1 << 20


def resources(**fields: object) -> Document:
    """A container's ``linux`` with resources."""
    return {"resources": fields}


@proved_by("cri-memory-limit-dropped", "cri-oom-reason-lost")
@musts("cri.container.resources.memory", "cri.container.reason.oom", needs="cgroup.memory")
def test_the_memory_limit_is_enforced(pod: Sandbox) -> None:
    """A program that touches more than its limit is killed with the reason OOMKilled, without the limit it ends."""
    assert pod.run(touch("64M")).exit_status == 0
    container = pod.container(touch("256M"), linux=resources(memory_limit_in_bytes=32 * MEBIBYTE))
    container.start()
    assert container.until(EXITED).exit_code == 137
    assert _settled_reason(container) == "OOMKilled"


@proved_by("cri-memory-limit-dropped")
@musts("cri.container.resources.memory", needs="cgroup.memory")
def test_the_memory_limit_is_set(pod: Sandbox) -> None:
    """The kernel has the memory limit of the config."""
    container = pod.running(linux=resources(memory_limit_in_bytes=64 * MEBIBYTE))
    assert limit(container, "memory.limit") == 64 * MEBIBYTE


@proved_by("cri-swap-limit-dropped")
@musts("cri.container.resources.swap", needs=("cgroup.memory", "cgroup.file.memory.memsw.limit_in_bytes"))
def test_the_limit_of_memory_and_swap_is_set(pod: Sandbox) -> None:
    """The kernel has the limit of memory and swap of the config."""
    fields = resources(memory_limit_in_bytes=64 * MEBIBYTE, memory_swap_limit_in_bytes=96 * MEBIBYTE)
    assert limit(pod.running(linux=fields), "memory.swap") == 96 * MEBIBYTE


@proved_by("cri-cpu-quota-dropped")
@musts("cri.container.resources.cpu-quota", needs="cgroup.cpu")
def test_quota_and_period_are_set(pod: Sandbox) -> None:
    """The kernel has the quota and period of the config."""
    container = pod.running(linux=resources(cpu_quota=25000, cpu_period=50000))
    assert (limit(container, "cpu.quota"), limit(container, "cpu.period")) == (25000, 50000)


@proved_by("cri-cpu-shares-dropped")
@musts("cri.container.resources.cpu-shares", needs="cgroup.cpu")
def test_shares_are_set(pod: Sandbox) -> None:
    """The kernel has other shares for other numbers in the config: 512 are half of 1024."""
    few = limit(pod.running(linux=resources(cpu_shares=512)), "cpu.shares")
    many = limit(pod.running(linux=resources(cpu_shares=1024)), "cpu.shares")
    assert few < many
    assert few in {512, 20, 59} or few * 2 == many


@proved_by("cri-cpuset-dropped")
@musts("cri.container.resources.cpuset", needs=("cgroup.cpuset", "processors.2"))
def test_processors_are_restricted(pod: Sandbox) -> None:
    """The program can run on the processors of the config only."""
    first, *rest = sorted(os.sched_getaffinity(0))
    assert pod.run(linux=resources(cpuset_cpus=str(rest[0]))).affinity == [rest[0]]
    assert pod.run(linux=resources(cpuset_cpus=f"{first},{rest[0]}")).affinity == [first, rest[0]]


@proved_by("cri-hugepages-dropped")
@musts("cri.container.resources.hugepages", needs="cgroup.hugetlb")
def test_limits_of_huge_pages_are_set(pod: Sandbox) -> None:
    """The kernel has the limit of huge pages of the config."""
    pages = [{"page_size": "2MB", "limit": 4 * MEBIBYTE}]
    unlimited = pod.running()
    needs_limit(unlimited, "hugepages.2MB")
    assert limit(unlimited, "hugepages.2MB") != 4 * MEBIBYTE
    try:
        limited = pod.running(linux=resources(hugepage_limits=pages))
    except Refused:
        needs_usual_place("hugetlb")
        raise
    assert limit(limited, "hugepages.2MB") == 4 * MEBIBYTE


@proved_by("cri-oom-score-dropped")
@musts("cri.container.resources.oom-score")
@pytest.mark.parametrize("score", [500, 1000])
def test_the_oom_score_is_set(pod: Sandbox, score: int) -> None:
    """The program has the OOM score of the config."""
    assert pod.run(linux=resources(oom_score_adj=score)).oom_score_adj == score


@proved_by("cri-update-ignored")
@musts("cri.container.update", needs="cgroup.memory")
def test_an_update_is_in_force_at_once(cri: CriScene, pod: Sandbox) -> None:
    """Updated limits are those of the kernel when the call returns."""
    container = pod.running(linux=resources(memory_limit_in_bytes=64 * MEBIBYTE, cpu_quota=50000, cpu_period=100000))
    update = {"memory_limit_in_bytes": 96 * MEBIBYTE, "cpu_quota": 30000, "cpu_period": 100000}
    cri.call("UpdateContainerResources", container_id=container.id, linux=update)
    assert (limit(container, "memory.limit"), limit(container, "cpu.quota")) == (96 * MEBIBYTE, 30000)


@proved_by("cri-update-ignored")
@musts("cri.container.update", needs="cgroup.memory")
def test_an_update_is_enforced(cri: CriScene, pod: Sandbox) -> None:
    """What a program was allowed before, it can not do after its limit was lowered."""
    wide, narrow = 256 * MEBIBYTE, 48 * MEBIBYTE
    container = pod.running(linux=resources(memory_limit_in_bytes=wide))
    assert container.execute("/probe", "touch", str(96 * MEBIBYTE)).exit_code == 0
    cri.call("UpdateContainerResources", container_id=container.id, linux={"memory_limit_in_bytes": narrow})
    assert container.execute("/probe", "touch", str(96 * MEBIBYTE)).exit_code != 0


@proved_by("cri-update-resets-others")
@musts("cri.container.update", needs="cgroup.cpu")
def test_an_update_leaves_the_rest(cri: CriScene, pod: Sandbox) -> None:
    """What an update does not name stays as it was."""
    container = pod.running(linux=resources(memory_limit_in_bytes=64 * MEBIBYTE, cpu_quota=50000, cpu_period=100000))
    cri.call("UpdateContainerResources", container_id=container.id, linux={"cpu_quota": 30000, "cpu_period": 100000})
    assert (limit(container, "memory.limit"), limit(container, "cpu.quota")) == (64 * MEBIBYTE, 30000)


@proved_by("cri-update-of-created-lost")
@musts("cri.container.update", needs="cgroup.memory")
def test_a_created_container_can_be_updated(cri: CriScene, pod: Sandbox) -> None:
    """An update before the start is in force once the container runs."""
    container = pod.container(do("trap", "TERM"), do("wait"), linux=resources(memory_limit_in_bytes=64 * MEBIBYTE))
    update = {"memory_limit_in_bytes": 96 * MEBIBYTE}
    cri.call("UpdateContainerResources", container_id=container.id, linux=update)
    container.start()
    container.until_printed(b'"wait"')
    assert limit(container, "memory.limit") == 96 * MEBIBYTE


@proved_by("cri-status-resources-lost")
@musts("cri.container.status.resources", needs="cgroup.memory")
def test_the_status_has_the_resources(cri: CriScene, pod: Sandbox) -> None:
    """The status of a container has its limits, and after an update the new ones."""
    container = pod.running(linux=resources(memory_limit_in_bytes=64 * MEBIBYTE, cpu_shares=512))
    told = container.status().resources.linux
    assert (told.memory_limit_in_bytes, told.cpu_shares) == (64 * MEBIBYTE, 512)
    update = {"memory_limit_in_bytes": 96 * MEBIBYTE}
    cri.call("UpdateContainerResources", container_id=container.id, linux=update)
    assert container.status().resources.linux.memory_limit_in_bytes == 96 * MEBIBYTE


@proved_by("cri-update-absent-accepted")
@musts("cri.container.update.absent")
def test_an_absent_container_can_not_be_updated(cri: CriScene, pod: Sandbox) -> None:
    """An update of a container that is not there is an error."""
    container = pod.container()
    container.remove()
    with refused(cri):
        cri.call("UpdateContainerResources", container_id=container.id, linux={"cpu_shares": 512})


@proved_by("cri-update-failure-hidden")
@musts("cri.container.update.atomic", needs="cgroup.cpuset")
def test_an_update_that_can_not_be_made_is_an_error(cri: CriScene, pod: Sandbox) -> None:
    """An update to a processor that the machine has not is an error, and the other limits stay."""
    container = pod.running(linux=resources(cpu_quota=50000, cpu_period=100000))
    with refused(cri):
        cri.call("UpdateContainerResources", container_id=container.id, linux={"cpuset_cpus": "4095"})
    assert limit(container, "cpu.quota") == 50000


def _settled_reason(container: Container) -> str:
    """The reason of an exited container, once servers have heard of what the kernel did, too."""
    return looked(lambda: str(container.status().reason), lambda reason: reason != "Error", 3)
