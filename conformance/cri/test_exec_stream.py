"""Exec: the streams of a command in a container, over WebSocket and SPDY."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import Container, Sandbox
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.streaming.calls import SPDY, V4, V5, execute
from conformance.harness.cri.streaming.remote import NotStarted, Remote
from conformance.probe.report import parse

EACH = pytest.mark.parametrize("protocol", [SPDY, V4, V5])
CLOSING = pytest.mark.parametrize("protocol", [SPDY, V5])
#: What one `read` takes at most.
MEBIBYTE = 1 << 20


@pytest.fixture
def running(pod: Sandbox) -> Container:
    """A container to run commands in."""
    return pod.running()


def ended(remote: Remote) -> int:
    """The exit status, or another number when the command is told to have failed in another way."""
    try:
        return remote.wait()
    except NotStarted:
        return 255


@EACH
@proved_by("cri-stream-status-zero", "cri-stream-status-missing")
@musts("cri.exec")
def test_the_exit_status_is_told(running: Container, protocol: str) -> None:
    """The client is told the exit status of the command, whatever it is."""
    with execute(running, "/probe", "exit", "0", protocol=protocol) as remote:
        assert remote.wait() == 0
    with execute(running, "/probe", "exit", "3", protocol=protocol) as remote:
        assert remote.wait() == 3


@EACH
@proved_by("cri-stream-stderr-mixed", "cri-stream-stdout-lost")
@musts("cri.exec.stdout", "cri.exec.stderr")
def test_the_outputs_come_apart(running: Container, protocol: str) -> None:
    """What the command writes to standard output and to standard error comes on the stream of that name."""
    with execute(running, "/probe", "writefd", "2", "err", "echo", "out", protocol=protocol) as remote:
        assert remote.wait() == 0
    assert remote.stdout.endswith(b"}\nout\n")
    assert remote.stderr == b"err"


@proved_by("cri-stream-stderr-mixed")
@musts("cri.exec.stdout", "cri.exec.stderr")
def test_only_what_was_asked_for_comes(running: Container) -> None:
    """A client that asks for one output only gets that one."""
    command = ("/probe", "writefd", "2", "err", "echo", "out")
    with execute(running, *command, stderr=False) as remote:
        assert remote.wait() == 0
    assert b"out\n" in remote.stdout and b"err" not in remote.stdout.split(b"\n")
    assert not remote.stderr
    with execute(running, *command, stdout=False) as remote:
        assert remote.wait() == 0
    assert (remote.stdout, remote.stderr) == (b"", b"err")


@EACH
@proved_by("cri-stream-error-missing")
@musts("cri.exec.failure")
def test_a_command_that_can_not_be_run_is_told(running: Container, protocol: str) -> None:
    """A command that is not there ends the stream with an error, one that is there does not."""
    with execute(running, "/probe", "exit", "0", protocol=protocol) as remote:
        assert ended(remote) == 0
    with execute(running, "/no/such/program", protocol=protocol) as remote:
        assert ended(remote) != 0


@EACH
@proved_by("cri-stream-stdin-ignored")
@musts("cri.exec.stdin")
def test_input_reaches_the_command_at_once(running: Container, protocol: str) -> None:
    """The command gets each line while the client holds its standard input open."""
    with execute(running, "/probe", "line", "line", stdin=True, protocol=protocol) as remote:
        remote.send(b"first\n")
        remote.until(b'"content":"first"')
        remote.send(b"second\n")
        assert remote.wait() == 0
    assert b'"content":"second"' in remote.stdout


@CLOSING
@proved_by("cri-stream-stdin-kept-open", "cri-stream-stdin-closes-all")
@musts("cri.exec.stdin")
def test_the_end_of_input_reaches_the_command(running: Container, protocol: str) -> None:
    """The command sees the end of its standard input once the client has closed it, and its output still comes."""
    with execute(running, "/probe", "stdin", "echo", "after", stdin=True, protocol=protocol) as remote:
        remote.send(b"all of it")
        remote.close_stdin()
        assert remote.wait() == 0
    assert b'"content":"all of it"' in remote.stdout
    assert remote.stdout.endswith(b"after\n")


@CLOSING
@proved_by("cri-stream-stdin-ignored")
@musts("cri.exec.stdin")
def test_large_input_reaches_the_command(running: Container, protocol: str) -> None:
    """A million bytes of standard input reach the command in order."""
    sent = b"".join(b"%07d\n" % number for number in range(120_000))
    with execute(running, "/probe", "stdin", stdin=True, protocol=protocol) as remote:
        remote.send(sent)
        remote.close_stdin()
        assert remote.wait() == 0
    (action,) = parse(remote.stdout)[1]
    assert action.content == sent.decode()


@EACH
@proved_by("cri-stream-tty-ignored")
@musts("cri.exec.tty", "cri.exec.tty.combined")
def test_the_command_has_a_terminal_if_asked_for(running: Container, protocol: str) -> None:
    """With tty the three streams of the command are one terminal, without they are none."""
    with execute(running, "/probe", "report", protocol=protocol) as remote:
        assert remote.wait() == 0
    without, _ = parse(remote.stdout)
    assert without is not None and not without.tty
    command = ("/probe", "report", "writefd", "2", "combined")
    with execute(running, *command, stdin=True, tty=True, protocol=protocol) as remote:
        assert remote.wait() == 0
    within, _ = parse(remote.stdout.replace(b"\r\n", b"\n").replace(b"combined", b""))
    assert within is not None and set(within.tty) == {"0", "1", "2"}
    assert within.controlling_tty
    assert b"combined{" in remote.stdout


@EACH
@proved_by("cri-stream-stdout-lost")
@musts("cri.exec.tty", "cri.exec.stdout")
def test_a_terminal_needs_no_input(running: Container, protocol: str) -> None:
    """A terminal that the client only wants to see shows all that the command writes, also after a while."""
    with execute(running, "/probe", "burn", "200", "echo", "shown", tty=True, protocol=protocol) as remote:
        assert remote.wait() == 0
    assert remote.stdout.endswith(b"shown\r\n")


@EACH
@proved_by("cri-stream-resize-ignored", "cri-stream-resize-swapped")
@musts("cri.exec.tty.resize")
def test_the_terminal_has_the_size_that_the_client_tells(running: Container, protocol: str) -> None:
    """A size that the client tells becomes that of the terminal, and the command gets a signal, each time anew."""
    again = ("wait", "winsize")
    with execute(running, "/probe", "trap", "WINCH", *again, *again, tty=True, stdin=True, protocol=protocol) as remote:
        remote.until(b'{"verb":"wait"')
        remote.resize(101, 37)
        remote.until(b'"rows":37,"columns":101')
        remote.resize(64, 16)
        assert remote.wait() == 0
    assert b'"rows":16,"columns":64' in remote.stdout


@EACH
@proved_by("cri-stream-truncated")
@musts("cri.exec.large")
def test_large_output_comes_whole_to_a_slow_reader(running: Container, protocol: str) -> None:
    """Twenty million bytes come without a gap, although the client first takes some and then nothing for a while."""
    command = ("/probe", *("read", "/dev/zero") * 3, "exit", "5")
    with execute(running, *command, protocol=protocol) as slow:
        while not slow.stdout:
            slow.pull()
        with execute(running, "/probe", "exit", "0") as other:
            assert other.wait() == 0
        assert slow.wait() == 5
    lines = slow.stdout.split(b"\n")
    assert [line.count(b"\\u0000") for line in lines] == [MEBIBYTE] * 3 + [0]


@EACH
@proved_by("cri-stream-status-zero")
@musts("cri.exec.parallel")
def test_commands_run_side_by_side(running: Container, protocol: str) -> None:
    """Eight commands at once get each their own input, output and status."""

    def one(number: int) -> tuple[int, bool]:
        with execute(running, "/probe", "line", "exit", str(number), stdin=True, protocol=protocol) as remote:
            remote.send(b"line %d\n" % number)
            return remote.wait(), b"line %d" % number in remote.stdout

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(8))) == [(number, True) for number in range(8)]


@proved_by("cri-stream-nothing-required")
@musts("cri.exec.streams.required")
def test_exec_without_any_stream_is_refused(cri: CriScene, running: Container) -> None:
    """Exec must ask for standard input, output or error; any one of them is enough."""
    command = {"container_id": running.id, "cmd": ["/probe", "exit", "0"]}
    for stream in ("stdin", "stdout", "stderr"):
        assert cri.call("Exec", **command, **{stream: True}).url
    with refused(cri):
        cri.call("Exec", **command)


@proved_by("cri-stream-tty-with-stderr")
@musts("cri.exec.tty.stderr")
def test_exec_with_a_terminal_and_standard_error_is_refused(cri: CriScene, running: Container) -> None:
    """Exec can not ask for a terminal and for standard error apart from it."""
    command = {"container_id": running.id, "cmd": ["/probe", "exit", "0"], "stdout": True}
    assert cri.call("Exec", **command, stderr=True).url
    assert cri.call("Exec", **command, tty=True).url
    with refused(cri):
        cri.call("Exec", **command, tty=True, stderr=True)
