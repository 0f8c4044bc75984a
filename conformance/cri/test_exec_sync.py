"""ExecSync."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.found import first
from conformance.harness.cri.objects import Sandbox
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.waiting import until
from conformance.harness.observed import Program
from strategies.edits import do

MEGABYTE = 10**6


@proved_by("cri-exec-elsewhere")
@musts("cri.exec-sync")
def test_a_command_runs_in_the_container(pod: Sandbox) -> None:
    """A command runs in the namespaces of the container and sees its files."""
    container = pod.running(do("write", "/tmp/mark", "here"))
    done = container.probe("report", "read", "/tmp/mark")
    assert done.action("read").content == "here"
    assert done.inside.namespaces == pod_namespaces(container.printed())
    assert done.inside.pid > 1


def pod_namespaces(printed: bytes) -> dict[str, int] | None:
    """The namespaces that the container's own program saw itself in."""
    from conformance.probe.report import reports  # noqa: PLC0415

    return first(reports(printed), "report in the log").namespaces


@proved_by("cri-exec-exit-code-lost")
@musts("cri.exec-sync.exit-code")
@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_code_is_returned(pod: Sandbox, code: int) -> None:
    """ExecSync returns the exit code of the command, and is no error."""
    assert pod.running().execute("/probe", "exit", str(code)).exit_code == code


@proved_by("cri-exec-streams-mixed")
@musts("cri.exec-sync.streams")
def test_the_streams_are_kept_apart(pod: Sandbox) -> None:
    """Standard output and error of a command are returned each by itself."""
    done = pod.running().execute("/probe", "echo", "out", "to", "/dev/stderr", "echo", "err")
    assert done.stdout == b"out\n"
    assert done.stderr.endswith(b"err\n")


@proved_by("cri-exec-stdin-open")
@musts("cri.exec-sync")
def test_standard_input_of_a_command_is_empty(pod: Sandbox) -> None:
    """A command finds the end of its standard input at once."""
    assert pod.running().probe("stdin").action("stdin").content == ""


@proved_by("cri-exec-environment-lost")
@musts("cri.exec-sync", "cri.container.envs")
def test_a_command_has_what_the_container_has(pod: Sandbox) -> None:
    """A command has the environment, working directory and user of the container."""
    fields = {"envs": [{"key": "CARGO", "value": "tea"}], "working_dir": "/tmp"}
    context = {"security_context": {"run_as_user": {"value": 1000}}}
    inside = pod.running(linux=context, **fields).probe("report").inside
    assert "CARGO=tea" in inside.env
    assert (inside.cwd, inside.uid.real) == ("/tmp", 1000)


@proved_by("cri-exec-timeout-ignored")
@musts("cri.exec-sync.timeout")
def test_a_command_is_stopped_after_its_timeout(cri: CriScene, pod: Sandbox) -> None:
    """A command that outlives its timeout is killed, and the call says so; a shorter one is not touched."""
    container = pod.running()
    assert container.execute("/probe", "burn", "100", timeout=20).exit_code == 0
    began = time.monotonic()
    request = {"container_id": container.id, "cmd": ["/probe", "tag", "long", "wait"], "timeout": 1}
    answer = cri.attempt("ExecSync", request, timeout=30)
    seconds = time.monotonic() - began
    assert not answer.good or answer.message.exit_code != 0
    assert 0.9 <= seconds < 15
    _until_alone(container.probe)


def _until_alone(probe: Callable[..., Program]) -> None:
    """Wait until no process of a command is left but the one that looks."""

    def processes() -> list[str]:
        return [name for name in probe("list", "/proc").action("list").names if name.isdigit()]

    until(processes, lambda names: len(names) <= 2, "the command goes on", 10)


@proved_by("cri-exec-output-truncated")
@musts("cri.exec-sync.large")
def test_large_output_is_returned(pod: Sandbox) -> None:
    """A megabyte of output is returned, every byte of it."""
    container = pod.running(do("fill", "/tmp/megabyte", 1048576))
    content = container.probe("read", "/tmp/megabyte").action("read").content
    assert content == "\0" * 1048576


@proved_by("cri-exec-waits-for-children")
@musts("cri.exec-sync")
def test_a_command_that_leaves_a_child_ends(cri: CriScene, pod: Sandbox) -> None:
    """A command whose child goes on in the background ends when it has ended itself, or when the child does."""
    container = pod.running()
    request = {"container_id": container.id, "cmd": ["/probe", "echo", "parent", "daemon", "burn", "3000"]}
    answer = cri.accepted(cri.attempt("ExecSync", request, timeout=20))
    assert answer.exit_code == 0
    assert answer.stdout.startswith(b"parent\n")


@proved_by("cri-exec-absent-accepted")
@musts("cri.exec-sync.absent")
@pytest.mark.parametrize("state", ["exited", "absent"])
def test_a_command_needs_a_running_container(cri: CriScene, pod: Sandbox, state: str) -> None:
    """ExecSync in a container that has ended or is not there is an error."""
    container = pod.running()
    container.stop()
    if state == "absent":
        container.remove()
    with refused(cri):
        container.execute("/probe", "tag", "x")


@proved_by("cri-exec-command-missing-accepted")
@musts("cri.exec-sync.command.required")
@pytest.mark.parametrize("command", [[], ["/no/such/program"]], ids=["none", "absent"])
def test_a_command_must_be_there(cri: CriScene, pod: Sandbox, command: list[str]) -> None:
    """ExecSync without a command is an error; with one that is not there it is one, or tells an exit code."""
    container = pod.running()
    assert container.execute("/probe", "tag", "x").exit_code == 0
    answer = cri.attempt("ExecSync", {"container_id": container.id, "cmd": command})
    assert not answer.good or (command and answer.message.exit_code in {126, 127, 128})


@proved_by("cri-exec-serialized")
@musts("cri.exec-sync")
def test_commands_run_beside_each_other(cri: CriScene, pod: Sandbox) -> None:
    """Several commands in one container run at once, each with its own output."""
    container = pod.running()
    requests = [
        cri.request("ExecSync", container_id=container.id, cmd=["/probe", "sleepuntil", "/tmp/go", "echo", str(number)])
        for number in range(4)
    ]
    pending = [cri.node.client.begin("ExecSync", request) for request in requests]
    assert container.execute("/probe", "write", "/tmp/go", "x").exit_code == 0
    outputs = [cri.accepted(cri.node.client.finish("ExecSync", each, 30)).stdout for each in pending]
    assert [output.splitlines()[-1] for output in outputs] == [b"0", b"1", b"2", b"3"]
