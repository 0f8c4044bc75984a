"""The surroundings of a trial: commands, their ends, orphans, namespaces."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.harness.errors import HarnessError
from conformance.harness.host import look_at
from conformance.harness.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    with Trial() as made:
        yield made


def shell(trial: Trial, script: str, timeout: float = 10.0) -> tuple[int, str]:
    out = trial.folder / "out"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    running = trial.start(["/bin/sh", "-c", script], files={0: ("/dev/null", 0), 1: (str(out), flags)})
    return trial.finish(running, timeout).exit_status, out.read_text()


def test_exit_statuses_and_signals_are_told(trial: Trial) -> None:
    assert shell(trial, "exit 3")[0] == 3
    assert shell(trial, "kill -KILL $$")[0] == -9


def test_a_path_reads_the_same_inside_and_outside(trial: Trial) -> None:
    (trial.folder / "note").write_text("ahoy")
    assert shell(trial, f"cat {trial.folder}/note") == (0, "ahoy")


def test_a_hung_command_is_killed_with_its_group(trial: Trial) -> None:
    running = trial.start(["/bin/sh", "-c", "sleep 1000 & sleep 1000"], files={})
    assert trial.finish(running, 0.2).hung
    assert trial.processes() == {}


def test_an_orphan_is_reaped_with_its_status(trial: Trial) -> None:
    _, pid = shell(trial, "sh -c 'sleep 0.2; exit 7' & echo $!")
    status = trial.reap(int(pid), 5.0)
    assert status is not None and os.waitstatus_to_exitcode(status) == 7


def test_the_environment_bears_the_marker(trial: Trial) -> None:
    assert shell(trial, "echo $SEATRIAL_TRIAL")[1].strip() == trial.name


def test_a_missing_program_is_our_error(trial: Trial) -> None:
    with pytest.raises(HarnessError, match="could not start"):
        trial.finish(trial.start(["/no/such/program"], files={}), 10)


@pytest.mark.parametrize("kind", ["pid", "mnt", "ipc", "uts", "net", "cgroup"])
def test_namespaces_are_its_own(trial: Trial, kind: str) -> None:
    assert trial.namespace(kind) != Path(f"/proc/self/ns/{kind}").stat().st_ino


def test_signals_that_the_guardian_ignores_reach_commands(trial: Trial) -> None:
    assert shell(trial, "kill -TERM $$; echo survived")[0] == -15


def test_a_restart_leaves_nothing_of_before(trial: Trial) -> None:
    trial.start(["/bin/sleep", "1000"], files={})
    name = trial.name
    trial.restart()
    assert trial.name != name
    assert trial.processes() == {}


def test_the_host_can_be_asked(trial: Trial) -> None:
    host = look_at(trial)
    assert host.lacks("kernel.3.10") is None
    assert host.lacks("kernel.99.0") == "the kernel is older than 99.0"
    assert host.lacks("namespace.pid") is None
    assert host.lacks("cgroup.nonesuch") == "no cgroup controller nonesuch"
    with pytest.raises(KeyError):
        host.lacks("luck")
