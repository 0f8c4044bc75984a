"""The verbs about signals and the lives of processes."""

from __future__ import annotations

import os
import platform
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.probe.report import parse

if TYPE_CHECKING:
    import subprocess

    from tests.probe.conftest import Probe

AS_FIRST_PROCESS = ("unshare", "--pid", "--fork", "--kill-child")
PATIENCE = 20.0

#: Has seccomp trap the call whose number is the first word, and runs the words behind it: see seccomp(2).
TRAPPING_FILTER = """
import ctypes, os, struct, sys
load, compare, trap, allow = (0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (6, 0, 0, 0x30000), (6, 0, 0, 0x7FFF0000)
rules = b"".join(struct.pack("HBBI", *rule) for rule in (load, compare, trap, allow))
instructions = ctypes.create_string_buffer(rules)
program = struct.pack("HxxxxxxP", 4, ctypes.addressof(instructions))
assert ctypes.CDLL(None).prctl(22, 2, program, 0, 0) == 0
os.execvp(sys.argv[2], sys.argv[2:])
"""


def lines(process: subprocess.Popen[bytes], count: int) -> bytes:
    assert process.stdout is not None
    return b"".join(process.stdout.readline() for _ in range(count))


def rest(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.read()


def test_waiting_ends_by_an_untrapped_signal(probe: Probe) -> None:
    with probe.start("wait", "tag", "after") as process:
        assert lines(process, 1).startswith(b'{"verb":"wait"')
        process.send_signal(signal.SIGUSR1)
        assert rest(process) == b""
    assert process.returncode == -signal.SIGUSR1


@pytest.mark.parametrize("number", [*range(1, 9), *range(10, 19), *range(20, 32), 34, 64])
def test_every_signal_can_be_trapped(probe: Probe, number: int) -> None:
    with probe.start("trap", str(number), "wait", "tag", "after") as process:
        lines(process, 2)
        process.send_signal(number)
        output = rest(process)
    name = signal.Signals(number).name.removeprefix("SIG") if number < 32 else str(number)
    assert output == b'{"signal":"%s"}\n{"tag":"after"}\n' % name.encode()
    assert process.returncode == 0


def test_a_call_that_seccomp_traps_is_told(probe: Probe) -> None:
    mkdirat = {"x86_64": "258", "aarch64": "34"}[platform.machine()]
    before = (sys.executable, "-c", TRAPPING_FILTER, mkdirat)
    caught = probe("trap", "SYS", "mkdir", "made", "tag", "after", before=before)
    assert [action.verb for action in caught.actions] == ["trap", "signal", "mkdir", "tag"]
    assert not (probe.folder / "made").exists()
    assert probe("mkdir", "made", before=before).status == -signal.SIGSYS


def test_a_trapped_signal_that_came_early_is_not_lost(probe: Probe) -> None:
    said = probe("trap", "TERM", "trap", "HUP", "raise", "TERM", "raise", "HUP", "tag", "between", "wait", "wait")
    assert [action.content for action in said.actions if action.verb == "signal"] == ["HUP", "TERM"]


def test_the_first_process_of_a_namespace_can_be_trapped(probe: Probe) -> None:
    with probe.start("trap", "TERM", "report", "wait", before=AS_FIRST_PROCESS) as process:
        report, _ = parse(lines(process, 3))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        assert rest(process) == b'{"signal":"TERM"}\n'
    assert report is not None
    assert report.pid == 1


def test_an_ignored_signal_does_nothing(probe: Probe) -> None:
    with probe.start("ignore", "TERM", "trap", "HUP", "wait") as process:
        lines(process, 3)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGHUP)
        assert rest(process) == b'{"signal":"HUP"}\n'


@pytest.mark.parametrize("name", ["TERM", "SIGTERM", "15"])
def test_raising_a_signal_ends_the_probe(probe: Probe, name: str) -> None:
    said = probe("tag", "x", "raise", name, "tag", "y")
    assert (said.status, said.output) == (-signal.SIGTERM, b'{"tag":"x"}\n')


def test_another_process_is_killed(probe: Probe) -> None:
    with probe.start("wait") as process:
        lines(process, 1)
        assert probe("kill", str(process.pid), "0").action("kill").errno is None
        assert probe("kill", str(process.pid), "TERM").action("kill").errno is None
        process.wait(PATIENCE)
    assert process.returncode == -signal.SIGTERM
    assert probe("kill", str(process.pid), "0").action("kill").errno == "ESRCH"


@pytest.mark.parametrize("status", [0, 3, 255])
def test_the_exit_status_is_the_one_given(probe: Probe, status: int) -> None:
    said = probe("tag", "x", "exit", str(status), "tag", "y")
    assert (said.status, said.output) == (status, b'{"tag":"x"}\n')


def test_another_program_runs_with_the_remaining_arguments(probe: Probe) -> None:
    (probe.folder / "other").symlink_to("probe")
    said = probe("tag", "x", "exec", "./other", "report", "exit", "4", env={b"A": b"1"})
    assert said.report.args == ["./other", "report", "exit", "4"]
    assert said.report.env == ["A=1"]
    assert said.status == 4


def test_after_a_refused_exec_the_list_goes_on(probe: Probe) -> None:
    said = probe("exec", "missing", "tag", "x")
    assert [action.errno for action in said.actions] == ["ENOENT", None]


def test_a_spawned_child_waits_with_no_signal_blocked(probe: Probe) -> None:
    with probe.start("trap", "TERM", "spawn", "wait") as process:
        _, (_, spawn, _) = parse(lines(process, 3))
        status = Path(f"/proc/{spawn.result}/status").read_text()
        assert f"\nPPid:\t{process.pid}\n" in status
        assert "\nSigBlk:\t0000000000000000\n" in status
        os.kill(spawn.result, signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert rest(process) == b'{"signal":"TERM"}\n'


def test_a_daemon_goes_on_in_its_own_session(probe: Probe) -> None:
    with probe.start("daemon", "trap", "TERM", "report", "wait") as process:
        report, actions = parse(lines(process, 4))
        process.wait(PATIENCE)
        assert report is not None
        assert (process.returncode, actions[0].result) == (0, report.pid)
        assert report.pid == report.sid == report.pgid != process.pid
        os.kill(report.pid, signal.SIGTERM)
        assert rest(process) == b'{"signal":"TERM"}\n'


def test_a_session_begins(probe: Probe) -> None:
    said = probe("setsid", "report")
    assert said.report.sid == said.report.pid == said.action("setsid").result
