"""The report of a process that was started with known properties."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.probe.report import INFINITY, Ids

if TYPE_CHECKING:
    from tests.probe.conftest import Probe

ODD = [b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf0\x80\x80\x80", b"a\x80b"]


def test_arguments_come_as_they_were_given(probe: Probe) -> None:
    given = ("report", "--", "", "two words", 'quo"te\\', "tab\tnewline\n\x1f\x7f", "café €😀")
    assert probe(*given).report.args == ["./probe", *given]


def test_bytes_that_are_no_utf8_are_told_as_python_escapes_them(probe: Probe) -> None:
    assert probe("report", "--", *ODD).report.args[3:] == [os.fsdecode(argument) for argument in ODD]


def test_the_environment_comes_in_order_and_unchecked(probe: Probe) -> None:
    given = {b"Z": b"1", b"A": b"\xfe\xff=\n", b"EMPTY": b""}
    assert probe("report", env=given).report.env == ["Z=1", os.fsdecode(b"A=\xfe\xff=\n"), "EMPTY="]


def test_no_environment_and_a_large_one_are_told(probe: Probe) -> None:
    assert probe("report", env={}).report.env == []
    large = {f"V{number}".encode(): b"x" * 100_000 for number in range(15)}
    assert probe("report", env=large).report.env == [f"V{number}={'x' * 100_000}" for number in range(15)]


def test_the_working_directory_is_told(probe: Probe) -> None:
    report = probe("report").report
    assert report.cwd == os.path.realpath(probe.folder)
    assert report.cwd_inode == probe.folder.stat().st_ino


def test_a_working_directory_that_is_gone_is_not_known(probe: Probe) -> None:
    (probe.folder / "gone").mkdir()
    said = probe("chdir", "gone", "rmdir", "../gone", "report")
    assert said.report.cwd is None
    assert said.report.cwd_inode is not None


def test_users_and_groups_are_told(probe: Probe) -> None:
    ids = ("setpriv", "--ruid=1001", "--euid=1002", "--rgid=2001", "--egid=2002", "--groups=30,5,70000")
    report = probe("report", before=ids).report
    assert report.uid == Ids(1001, 1002, 1002, 1002)
    assert report.gid == Ids(2001, 2002, 2002, 2002)
    assert report.groups == [5, 30, 70000]


def test_without_additional_groups_the_list_is_empty(probe: Probe) -> None:
    assert probe("report", before=("setpriv", "--clear-groups")).report.groups == []


@pytest.mark.parametrize("umask", [0, 0o027, 0o777])
def test_the_umask_is_told_and_kept(probe: Probe, umask: int) -> None:
    said = probe("report", "report", "mknod", "made", "f", "0", "0", umask=umask)
    assert said.report.umask == umask
    assert (probe.folder / "made").stat().st_mode & 0o777 == 0o666 & ~umask


def test_each_set_of_capabilities_is_told(probe: Probe) -> None:
    chosen = ("--inh-caps=-all,+chown,+kill", "--ambient-caps=-all,+kill", "--bounding-set=-all,+kill,+chown,+setpcap")
    sets = probe("report", before=("setpriv", *chosen)).report.capabilities
    assert sets.inheritable == ["CAP_CHOWN", "CAP_KILL"]
    assert sets.ambient == ["CAP_KILL"]
    assert sets.bounding == ["CAP_CHOWN", "CAP_KILL", "CAP_SETPCAP"]
    # As root the program gets what is bounding or inheritable: see capabilities(7).
    assert sets.permitted == sets.effective == sets.bounding


def test_another_user_has_no_capabilities(probe: Probe) -> None:
    sets = probe("report", user=65534).report.capabilities
    assert (sets.effective, sets.permitted, sets.ambient) == ([], [], [])
    assert "CAP_CHOWN" in sets.bounding


def test_the_last_capability_is_the_kernels(probe: Probe) -> None:
    assert probe("report").report.last_cap == int(Path("/proc/sys/kernel/cap_last_cap").read_text())


def test_no_new_privileges_is_told(probe: Probe) -> None:
    assert not probe("report").report.no_new_privs
    assert probe("report", before=("setpriv", "--no-new-privs")).report.no_new_privs


def test_securebits_are_told(probe: Probe) -> None:
    assert probe("report", before=("setpriv", "--securebits=+noroot")).report.securebits == 1


def test_limits_are_told_soft_and_hard(probe: Probe) -> None:
    given = ("prlimit", "--nofile=300:400", "--core=5:unlimited", "--as=17179869184", "--nproc=70:90")
    limits = probe("report", before=given).report.rlimits
    assert len(limits) == 16
    assert limits["NOFILE"] == (300, 400)
    assert limits["CORE"] == (5, INFINITY)
    assert limits["AS"] == (17179869184, 17179869184)
    assert limits["NPROC"] == (70, 90)


def test_the_score_for_the_oom_killer_is_told(probe: Probe) -> None:
    assert probe("report", before=("choom", "-n", "777", "--")).report.oom_score_adj == 777


def test_scheduling_is_told(probe: Probe) -> None:
    usual, nice = probe("report").report, probe("report", before=("nice", "-n", "7")).report
    assert (usual.scheduler.policy, usual.scheduler.nice, nice.scheduler.nice) == ("SCHED_OTHER", 0, 7)
    batch = probe("report", before=("chrt", "--reset-on-fork", "--batch", "0")).report.scheduler
    assert (batch.policy, batch.flags) == ("SCHED_BATCH", ["SCHED_FLAG_RESET_ON_FORK"])


def test_real_time_scheduling_is_told(probe: Probe) -> None:
    refused = subprocess.run(["chrt", "--fifo", "3", "true"], check=False, capture_output=True).returncode
    if refused:
        pytest.skip("not here: no real-time scheduling")
    fifo = probe("report", before=("chrt", "--fifo", "3")).report.scheduler
    assert (fifo.policy, fifo.priority) == ("SCHED_FIFO", 3)


def test_io_priority_is_told(probe: Probe) -> None:
    priority = probe("report", before=("ionice", "-c", "2", "-n", "6")).report.ioprio
    assert (priority.class_, priority.level) == ("IOPRIO_CLASS_BE", 6)
    assert probe("report", before=("ionice", "-c", "3")).report.ioprio.class_ == "IOPRIO_CLASS_IDLE"


def test_the_processors_are_told(probe: Probe) -> None:
    assert probe("report").report.affinity == sorted(os.sched_getaffinity(0))
    last = max(os.sched_getaffinity(0))
    assert probe("report", before=("taskset", "-c", str(last))).report.affinity == [last]


def test_the_memory_policy_is_the_default_one(probe: Probe) -> None:
    policy = probe("report").report.memory_policy
    assert policy is None or (policy.mode, policy.flags, policy.nodes) == ("MPOL_DEFAULT", [], [])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of the system call is that of x86-64")
def test_a_memory_policy_is_told(probe: Probe) -> None:
    said = probe("syscall", "238", str(4 | 0), "0", "0", "report")
    if said.action("syscall").errno == "ENOSYS":
        pytest.skip("not here: the kernel has no memory policies")
    assert said.report.memory_policy.mode == "MPOL_LOCAL"


def test_the_personality_is_told(probe: Probe) -> None:
    report = probe("report", before=("setarch", "--addr-no-randomize", "--uname-2.6")).report
    assert report.personality == 0x0040000 | 0x0020000
    assert report.kernel.startswith("2.6.")


def test_ignored_and_blocked_signals_are_told(probe: Probe) -> None:
    said = probe("ignore", "USR1", "trap", "TERM", "trap", "40", "report")
    assert said.report.signals.ignored == ["USR1"]
    assert said.report.signals.blocked == ["TERM", "40"]


def test_names_of_the_host_are_told(probe: Probe) -> None:
    report = probe("report").report
    assert (report.hostname, report.machine) == (socket.gethostname(), platform.machine())
    own = probe("sethostname", "ship", "setdomainname", "sea", "report", before=("unshare", "--uts")).report
    assert (own.hostname, own.domainname) == ("ship", "sea")


def test_the_clocks_go_as_pythons(probe: Probe) -> None:
    before = (time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME), time.time())
    clocks = probe("report").report.clocks
    after = (time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME), time.time())
    told = (clocks.monotonic, clocks.boottime, clocks.realtime)
    assert all(first <= clock <= last for first, clock, last in zip(before, told, after, strict=True))


def test_interfaces_are_told(probe: Probe) -> None:
    interfaces = probe("report").report.interfaces
    assert [(one.index, one.name) for one in interfaces] == sorted(socket.if_nameindex())


def test_a_new_network_has_a_loopback_that_is_down(probe: Probe) -> None:
    (loopback,) = probe("report", before=("unshare", "--net")).report.interfaces
    assert (loopback.name, loopback.index, loopback.up, loopback.addresses) == ("lo", 1, False, [])
    assert (loopback.mtu, loopback.hardware_address) == (65536, "00:00:00:00:00:00")
