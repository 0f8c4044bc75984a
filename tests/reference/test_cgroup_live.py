"""Control groups of this host, of whichever version: really made, really limiting, really gone afterwards."""

from __future__ import annotations

import errno
import itertools
import mmap
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_runtime.cgroups import Cgroup, files, open_cgroup
from reference_runtime.cgroups.group import _mkdir
from reference_runtime.errors import RuntimeFault

MB = 1 << 20
COUNTER = itertools.count()


def usable() -> bool:
    try:
        folders = set(open_cgroup("/x", "x").mounts.values())
    except RuntimeFault:
        return False
    return os.geteuid() == 0 and all(os.access(folder, os.W_OK) and not read_only(folder) for folder in folders)


def read_only(folder: str) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


pytestmark = pytest.mark.skipif(not usable(), reason="needs root and writable control groups")


def there(cgroup: Cgroup) -> set[str]:
    return {folder for folder in cgroup.paths.values() if Path(folder).is_dir()}


@pytest.fixture
def group() -> Iterator[Cgroup]:
    """A group of this test's own, which is empty or gone at the end."""
    cgroup = open_cgroup(f"/seatrial-test-{os.getpid()}/{next(COUNTER)}", "unused")
    cgroup.create()
    yield cgroup
    cgroup.delete()
    assert not there(cgroup)


def inside(cgroup: Cgroup, body: Callable[[], object]) -> int:
    """How a child in the group ends: 0, the errno that the body fails with, or -signal."""
    pid = os.fork()
    if pid == 0:
        try:
            cgroup.join(os.getpid())
            body()
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 98)
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def value(cgroup: Cgroup, controller: str, first: str, second: str) -> str:
    folder, version = cgroup.home(controller, "")
    return files.read(folder, first if version == 1 else second)


# Enforcement, each with what happens without the limit.


def test_a_limit_of_processes(group: Cgroup) -> None:
    def forks() -> None:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)

    assert inside(group, forks) == 0
    group.apply({"pids": {"limit": 1}})
    assert inside(group, forks) == errno.EAGAIN
    group.apply({"pids": {"limit": -1}})
    assert inside(group, forks) == 0


def test_a_limit_of_memory(group: Cgroup) -> None:
    def touches() -> None:
        with mmap.mmap(-1, 64 * MB) as memory:
            for page in range(0, 64 * MB, 4096):
                memory[page] = 1

    assert inside(group, touches) == 0
    group.apply({"memory": {"limit": 16 * MB, "swap": 16 * MB}})
    assert inside(group, touches) == -signal.SIGKILL


def test_devices(group: Cgroup) -> None:
    def reads(path: str) -> Callable[[], None]:
        return lambda: os.close(os.open(path, os.O_RDONLY))

    assert inside(group, reads("/dev/zero")) == inside(group, reads("/dev/null")) == 0
    for _ in range(2):
        group.apply({"devices": [{"allow": False, "type": "c", "major": 1, "minor": 5, "access": "r"}]}, [])
        assert inside(group, reads("/dev/zero")) == inside(group, reads("/dev/null")) == errno.EPERM
    null = {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rw"}
    group.apply({"devices": [{"allow": False, "access": "rwm"}, null]}, [])
    assert inside(group, reads("/dev/zero")) == errno.EPERM
    assert inside(group, reads("/dev/null")) == 0
    group.apply({"devices": [{"allow": True, "access": "rwm"}]}, [])
    assert inside(group, reads("/dev/zero")) == 0


def test_processors(group: Cgroup) -> None:
    group.apply({"cpu": {"cpus": "0", "mems": "0"}})
    assert inside(group, lambda: os._exit(os.sched_getaffinity(0) != {0})) == 0


# Updates, whose order the kernel dictates.


def limits(group: Cgroup) -> tuple[str, str]:
    return (
        value(group, "memory", "memory.limit_in_bytes", "memory.max"),
        value(group, "memory", "memory.memsw.limit_in_bytes", "memory.swap.max"),
    )


@pytest.mark.parametrize(
    "steps", [[(64, 64), (128, 160), (32, 32)], [(64, 128), (128, 128), (16, 512)], [(512, 512), (-1, -1), (64, 96)]]
)
def test_limits_of_memory_and_swap_go_up_and_down(group: Cgroup, steps: list[tuple[int, int]]) -> None:
    for memory, swap in steps:
        group.apply({"memory": {"limit": memory * MB if memory > 0 else -1, "swap": swap * MB if swap > 0 else -1}})
        told = limits(group)
        if memory > 0:
            apart = swap if "memory" in group.paths else swap - memory
            assert told == (str(memory * MB), str(apart * MB))


def test_an_unlimited_memory_lifts_the_limit_of_swap(group: Cgroup) -> None:
    unlimited = limits(group)
    group.apply({"memory": {"limit": 64 * MB, "swap": 64 * MB}})
    group.apply({"memory": {"limit": -1}})
    assert limits(group) == unlimited


def test_bandwidth_goes_up_and_down(group: Cgroup) -> None:
    for quota, period, burst in [(50000, 100000, 50000), (5000, 10000, 1000), (200000, 1000000, 200000)]:
        group.apply({"cpu": {"quota": quota, "period": period, "burst": burst}})
        assert value(group, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0] == str(quota)
        assert value(group, "cpu", "cpu.cfs_period_us", "cpu.max").split()[-1] == str(period)
        assert value(group, "cpu", "cpu.cfs_burst_us", "cpu.max.burst") == str(burst)


def test_weight_and_idleness(group: Cgroup) -> None:
    group.apply({"cpu": {"idle": 1, "shares": 4096}})
    group.apply({"cpu": {"idle": 0, "shares": 1024}})
    assert value(group, "cpu", "cpu.idle", "cpu.idle") == "0"
    assert value(group, "cpu", "cpu.shares", "cpu.weight") in {"1024", "100"}


def test_what_the_kernel_refuses_is_told_with_the_property(group: Cgroup) -> None:
    with pytest.raises(RuntimeFault, match=r"linux\.resources\.cpu\.cpus: can not write '0-4000' to /"):
        group.apply({"cpu": {"cpus": "0-4000"}})
    with pytest.raises(
        RuntimeFault, match=r"linux\.resources\.cpu\.(period|quota): can not write .*: Invalid argument"
    ):
        group.apply({"cpu": {"quota": 1000, "period": 5000000}})


# Life.


def test_only_what_create_made_is_removed() -> None:
    parent = f"/seatrial-test-{os.getpid()}/{next(COUNTER)}"
    first, second = open_cgroup(parent, "a"), open_cgroup(f"{parent}/below", "b")
    first.create()
    second.create()
    second.delete()
    assert there(first) == set(first.paths.values())
    again = open_cgroup(parent, "c")
    again.create()
    again.delete()
    assert there(first) == set(first.paths.values())
    Cgroup.from_json(first.to_json()).delete()
    assert not there(first)


def test_places_of_the_runtimes_own_are_removed_by_the_last() -> None:
    one, two = (open_cgroup(path, f"seatrial-test-{os.getpid()}") for path in (None, f"test-{os.getpid()}"))
    one.create()
    two.create()
    assert "/seatrial/" in next(iter(one.paths.values())) and "/seatrial-relative/" in next(iter(two.paths.values()))
    for group in (one, two):
        group.delete()
        assert not there(group)


def test_groups_that_the_container_made_are_removed_too(group: Cgroup) -> None:
    for folder in dict.fromkeys(group.paths.values()):
        (Path(folder) / "own/below").mkdir(parents=True)


def test_a_group_that_is_in_use_is_not_removed(group: Cgroup, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        group.join(process.pid)
        with monkeypatch.context() as patch:
            patch.setattr("reference_runtime.cgroups.group._DEADLINE_SECONDS", 0.02)
            with pytest.raises(RuntimeFault, match=f"can not be removed: processes {process.pid} are still in it"):
                Cgroup.from_json(group.to_json()).delete()
        process.kill()


def test_a_frozen_group_is_refused(group: Cgroup) -> None:
    below = open_cgroup(f"{group.path}/below", "x")
    group.freeze()
    with pytest.raises(RuntimeFault, match=r"linux\.cgroupsPath: /.* is frozen"):
        below.create()
    assert not there(below)
    group.thaw()


def test_a_failing_create_leaves_nothing(group: Cgroup, monkeypatch: pytest.MonkeyPatch) -> None:
    below = open_cgroup(f"{group.path}/below/twice", "x")

    def full(folder: str) -> bool:
        if folder == f"{list(group.paths.values())[-1]}/below/twice":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)
        return _mkdir(folder)

    monkeypatch.setattr("reference_runtime.cgroups.group._mkdir", full)
    with pytest.raises(RuntimeFault, match=r"can not make the control group /.*/below/twice: No space left on device"):
        below.create()
    assert not there(open_cgroup(f"{group.path}/below", "x"))


def test_a_place_that_another_removes_meanwhile_is_made_again(group: Cgroup, monkeypatch: pytest.MonkeyPatch) -> None:
    below = open_cgroup(f"{group.path}/place/mine", "x")
    removed: list[str] = []

    def raced(folder: str) -> bool:
        if folder.endswith("/mine") and not removed:
            removed.append(folder)
            Path(folder).parent.rmdir()
        return _mkdir(folder)

    monkeypatch.setattr("reference_runtime.cgroups.group._mkdir", raced)
    below.create()
    assert there(below) == set(below.paths.values())
    below.delete()
    assert not there(open_cgroup(f"{group.path}/place", "x"))


# Processes.


def echo(cgroup: Cgroup) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    cgroup.join(process.pid)
    return process


def answers(process: subprocess.Popen[bytes], seconds: float) -> bool:
    assert process.stdout is not None
    return bool(select.select([process.stdout], [], [], seconds)[0])


def test_frozen_processes_do_nothing_until_thawed(group: Cgroup) -> None:
    with echo(group) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"x")
        assert process.stdout.read(1) == b"x"
        group.freeze()
        assert group.frozen()
        process.stdin.write(b"y")
        assert not answers(process, 0.05)
        group.thaw()
        assert not group.frozen()
        assert answers(process, 10)
        process.kill()


@pytest.mark.parametrize("frozen", [False, True])
def test_all_processes_are_killed_even_when_frozen(group: Cgroup, frozen: bool) -> None:
    processes = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
    for process in processes:
        group.join(process.pid)
    assert group.processes() == sorted(process.pid for process in processes)
    if frozen:
        group.freeze()
    group.kill_all(signal.SIGKILL)
    assert [process.wait() for process in processes] == [-signal.SIGKILL] * 3


def test_other_signals_reach_all(group: Cgroup) -> None:
    processes = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
    for process in processes:
        group.join(process.pid)
    group.kill_all(signal.SIGUSR1)
    assert [process.wait() for process in processes] == [-signal.SIGUSR1] * 2
    assert not group.frozen()


def test_a_process_that_is_gone_can_not_join(group: Cgroup) -> None:
    with pytest.raises(RuntimeFault, match=r"can not move process 4194305 into .*: No such process"):
        group.join(4194305)


def test_statistics(group: Cgroup) -> None:
    group.apply({"pids": {"limit": 7}, "memory": {"limit": 64 * MB}})
    with echo(group) as process:
        told: dict[str, Any] = group.stats()
        process.kill()
    assert list(told) == [
        *("cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"),
    ]
    assert told["pids"] == {"current": 1, "limit": 7}
    assert told["memory"]["usage"]["limit"] == 64 * MB
    assert {"total", "kernel", "user"} <= set(told["cpu"]["usage"])
    assert told["memory"]["raw"]


def test_only_delegated_files_of_version_2_get_another_owner(group: Cgroup) -> None:
    group.own(1000)
    owned = {path.name for folder in there(group) for path in Path(folder).iterdir() if path.stat().st_uid == 1000}
    if group.version == 1:
        assert not owned
    else:
        assert {"cgroup.procs", "cgroup.threads", "cgroup.subtree_control"} <= owned
        assert "memory.max" not in owned
