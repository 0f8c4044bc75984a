"""The verbs that change what the process is have the effect that they tell."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.probe.report import Ids

if TYPE_CHECKING:
    from tests.probe.conftest import Probe


def test_users_and_groups_change(probe: Probe) -> None:
    report = probe("setgroups", "9,8", "setgid", "7", "setuid", "6", "report").report
    assert (report.uid, report.gid, report.groups) == (Ids(6, 6, 6, 6), Ids(7, 7, 7, 7), [8, 9])
    assert report.capabilities.effective == []
    assert probe("setgroups", "", "report").report.groups == []


def test_the_nice_value_changes(probe: Probe) -> None:
    assert probe("nice", "11", "report").report.scheduler.nice == 11


def test_the_scheduling_policy_changes(probe: Probe) -> None:
    assert probe("schedule", "5", "0", "report").report.scheduler.policy == "SCHED_IDLE"


def test_the_personality_changes(probe: Probe) -> None:
    said = probe("personality", str(0x0040000), "personality", "0")
    assert [action.result for action in said.actions] == [0, 0x0040000]


def test_prctl_has_its_effect(probe: Probe) -> None:
    assert probe("prctl", "38", "1", "0", "report").report.no_new_privs


def test_the_root_changes(probe: Probe) -> None:
    (probe.folder / "new" / "inside").mkdir(parents=True)
    assert probe("chroot", "new", "list", "/").action("list").names == ["inside"]


@pytest.mark.parametrize("kind", ["cgroup", "ipc", "mnt", "net", "user", "uts"])
def test_a_namespace_is_left(probe: Probe, kind: str) -> None:
    inside = probe("unshare", kind, "report").report.namespaces
    assert inside[kind] != Path(f"/proc/self/ns/{kind}").stat().st_ino
    others = {name for name in inside if inside[name] != Path(f"/proc/self/ns/{name}").stat().st_ino}
    assert others == {kind}


def test_a_namespace_is_joined(probe: Probe) -> None:
    with probe.start("sethostname", "theirs", "wait", before=("unshare", "--uts")) as other:
        assert other.stdout is not None
        other.stdout.readline()
        joined = probe("setns", f"/proc/{other.pid}/ns/uts", "report").report
    assert joined.hostname == "theirs"


def test_mounts_are_made_and_taken_away(probe: Probe) -> None:
    (probe.folder / "here").mkdir()
    mount = ("mount", "none", "here", "tmpfs", "nosuid,ro", "size=8k")
    said = probe(*mount, "open", "here/x", "new", "umount", "here", "open", "here/x", "new", before=("unshare", "-m"))
    assert [action.errno for action in said.actions] == [None, "EROFS", None, None]


def test_a_system_call_gets_its_arguments(probe: Probe) -> None:
    dup = {"x86_64": "32", "aarch64": "23"}[platform.machine()]
    said = probe("syscall", dup, "1", "0", "0", "syscall", dup, "99", "0", "0", "syscall6", dup, "1", *"00000")
    assert [(action.result, action.errno) for action in said.actions] == [(3, None), (-1, "EBADF"), (4, None)]


def test_a_system_call_that_returns_an_address(probe: Probe) -> None:
    mmap = {"x86_64": "9", "aarch64": "222"}[platform.machine()]
    told = probe("syscall6", mmap, "0", "4096", "3", "34", "-1", "0").action("syscall6")
    assert told.errno is None
    assert told.result % 4096 == 0


def test_facts_after_a_change(probe: Probe) -> None:
    processor = max(os.sched_getaffinity(0))
    said = probe("affinity", "clock", before=("taskset", "-c", str(processor)))
    assert said.action("affinity").affinity == [processor]
    assert said.action("clock").clocks.monotonic > 0


def test_the_session_keyring_is_told(probe: Probe) -> None:
    told = probe("keyctl").action("keyctl")
    if told.errno is not None:
        pytest.skip(f"not here: {told.errno}")
    assert told.result > 0
    assert told.content is not None
    assert told.content.startswith("keyring;")
