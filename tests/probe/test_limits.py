"""The verbs that want much of something meet the limits that they are there to try."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.probe.conftest import Group, Probe

MEGA = 1 << 20

#: A user of this test's own, since limits on processes and signals count all that a user has.
SOMEBODY = 60000 + os.getpid() % 5000


def test_touching_memory_is_stopped_by_a_cgroup(probe: Probe, memory_cgroup: Group) -> None:
    memory_cgroup.limit("memory.limit_in_bytes", "memory.max", str(16 * MEGA))
    if (memory_cgroup.folder / "memory.memsw.limit_in_bytes").exists():
        memory_cgroup.limit("memory.memsw.limit_in_bytes", "", str(16 * MEGA))
    before = memory_cgroup.before
    assert probe("touch", str(4 * MEGA), before=before).action("touch").result == 4 * MEGA
    killed = probe("tag", "x", "touch", str(64 * MEGA), before=before)
    assert killed.status == -signal.SIGKILL
    assert killed.output == b'{"tag":"x"}\n'


def test_touched_memory_is_really_there(probe: Probe) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert probe("touch", str(before * 1024 + 64 * MEGA)).status == 0
    # The kernel counts pages in batches: a few of them may not be in its sum yet.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >= before + 60 * 1024


def test_the_address_space_is_limited(probe: Probe) -> None:
    limited = ("prlimit", "--as=33554432")
    assert probe("touch", str(8 * MEGA), before=limited).action("touch").errno is None
    assert probe("touch", str(64 * MEGA), before=limited).action("touch").errno == "ENOMEM"


def test_a_report_needs_little_memory(probe: Probe) -> None:
    assert probe("report", before=("prlimit", "--as=3000000")).report.args == ["./probe", "report"]


def test_the_stack_is_limited(probe: Probe) -> None:
    limited = ("prlimit", f"--stack={MEGA}")
    assert probe("stack", str(MEGA // 2), before=limited).action("stack").result == MEGA // 2
    assert probe("stack", str(2 * MEGA), before=limited).status == -signal.SIGSEGV


def test_huge_pages_are_there_or_not(probe: Probe) -> None:
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    if "HugePages_Free" not in lines:
        pytest.skip("not here: no huge pages")
    size, free = int(lines["Hugepagesize"].split()[0]) * 1024, int(lines["HugePages_Free"])
    assert probe("huge", str((free + 1) * size)).action("huge").errno == "ENOMEM"
    if free:
        assert probe("huge", str(size)).action("huge").result == size


@pytest.mark.parametrize("verb", ["fork", "threads"])
def test_processes_of_a_user_are_limited(probe: Probe, verb: str) -> None:
    said = probe(verb, "20", verb, "3", before=("prlimit", "--nproc=6"), user=SOMEBODY)
    assert (said.action(verb).result, said.action(verb).errno) == (5, "EAGAIN")
    # All that were started have ended: there is room again.
    assert (said.action(verb, 1).result, said.action(verb, 1).errno) == (3, None)


@pytest.mark.parametrize("verb", ["fork", "threads"])
def test_tasks_of_a_cgroup_are_limited(probe: Probe, pids_cgroup: Group, verb: str) -> None:
    pids_cgroup.limit("pids.max", "pids.max", "5")
    told = probe(verb, "20", before=pids_cgroup.before).action(verb)
    assert (told.result, told.errno) == (4, "EAGAIN")


@pytest.mark.parametrize("verb", ["spawn", "daemon"])
def test_a_single_process_can_be_refused(probe: Probe, verb: str) -> None:
    said = probe(verb, before=("prlimit", "--nproc=1"), user=SOMEBODY)
    assert (said.action(verb).result, said.action(verb).errno) == (-1, "EAGAIN")


def test_hundreds_of_children_and_threads_can_be_had(probe: Probe) -> None:
    assert [action.result for action in probe("fork", "300", "threads", "300").actions] == [300, 300]


def test_descriptors_are_limited(probe: Probe) -> None:
    said = probe("fds", "100", "fds", "5", before=("prlimit", "--nofile=20"))
    assert (said.actions[0].result, said.actions[0].errno) == (17, "EMFILE")
    assert said.actions[1].result == 5


def test_queued_signals_are_limited(probe: Probe) -> None:
    said = probe("queue", "20", "queue", "3", before=("prlimit", "--sigpending=7"), user=SOMEBODY)
    assert (said.actions[0].result, said.actions[0].errno) == (7, "EAGAIN")
    assert (said.actions[1].result, said.actions[1].errno) == (3, None)


def test_burning_takes_the_time_that_it_is_told(probe: Probe) -> None:
    wall, processor = probe("burn", "50", "burncpu", "20").actions
    assert 50 <= wall.wall_ms < 5000
    assert wall.cpu_ms <= wall.wall_ms + 1
    assert 20 <= processor.cpu_ms <= processor.wall_ms + 1


def test_burning_is_held_back_by_a_quota(probe: Probe, cpu_cgroup: Group) -> None:
    if cpu_cgroup.unified:
        cpu_cgroup.limit("", "cpu.max", "10000 100000")
    else:
        cpu_cgroup.limit("cpu.cfs_period_us", "", "100000")
        cpu_cgroup.limit("cpu.cfs_quota_us", "", "10000")
    told = probe("burn", "400", before=cpu_cgroup.before).action("burn")
    assert told.cpu_ms < told.wall_ms / 2


def test_processor_time_is_limited(probe: Probe) -> None:
    assert probe("burncpu", "5000", before=("prlimit", "--cpu=1:9")).status == -signal.SIGXCPU


def test_limits_can_be_lowered_and_not_raised(probe: Probe) -> None:
    said = probe("setrlimit", "NOFILE", "50", "60", "report", "setuid", "7", "setrlimit", "NOFILE", "50", "61")
    assert said.report.rlimits["NOFILE"] == (50, 60)
    assert said.action("setrlimit", 1).errno == "EPERM"
    no_limit = probe("setrlimit", "CORE", "0", "-1", "report").report.rlimits["CORE"]
    assert no_limit == (0, 2**64 - 1) or resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY
