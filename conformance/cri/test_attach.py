"""Attach: the streams of a running container, over WebSocket and SPDY."""

from __future__ import annotations

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import EXITED, Container, Sandbox
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.streaming.calls import SPDY, V4, V5, attach
from strategies.edits import do

EACH = pytest.mark.parametrize("protocol", [SPDY, V4, V5])
CLOSING = pytest.mark.parametrize("protocol", [SPDY, V5])


def waiting(pod: Sandbox, *verbs: tuple[str, ...], **config: object) -> Container:
    """A running container that has reported and goes on when somebody who is attached makes it."""
    container = pod.container(*(do(*verb) for verb in verbs), **{"stdin": True, **config})
    container.start()
    container.until_printed(b'"report"')
    return container


@EACH
@proved_by("cri-attach-silent", "cri-stream-stdin-ignored")
@musts("cri.attach", "cri.attach.stdin")
def test_input_and_output_of_a_container_are_joined(pod: Sandbox, protocol: str) -> None:
    """Who is attached talks to the program of the container, until that ends; the log has the output, too."""
    container = waiting(pod, ("line",), ("writefd", "2", "err"), ("line",), ("echo", "last"))
    with attach(container, stdin=True, protocol=protocol) as remote:
        remote.send(b"first\n")
        remote.until(b'"content":"first"')
        remote.send(b"second\n")
        assert remote.wait() == 0
    assert b'"content":"second"' in remote.stdout
    assert remote.stdout.endswith(b"last\n")
    assert remote.stderr == b"err"
    container.until(EXITED)
    assert container.until_printed(b"last\n").count(b'"content":"second"') == 1


@proved_by("cri-attach-silent")
@musts("cri.attach.several")
def test_each_client_gets_all_output(pod: Sandbox) -> None:
    """Two clients that are attached both get what the container writes."""
    container = waiting(pod, ("line",), ("line",), ("line",), ("echo", "last"))
    with attach(container, stdin=True) as first, attach(container, stdin=True) as second:
        for number, remote in enumerate((first, second)):  # whoever sees an answer is attached
            remote.send(b"hello from %d\n" % number)
            remote.until(b"hello from %d" % number)
        first.send(b"for both\n")
        for remote in (first, second):
            assert remote.wait() == 0
            assert b'"content":"for both"' in remote.stdout
            assert remote.stdout.endswith(b"last\n")


@proved_by("cri-stream-stdin-ignored", "cri-attach-silent")
@musts("cri.attach.leave", "cri.attach.stdin.kept")
def test_a_client_that_leaves_changes_nothing(pod: Sandbox) -> None:
    """The container goes on, with its standard input open, when clients leave one after the other."""
    container = waiting(pod, ("line",), ("line",), ("line",), ("echo", "last"))
    with attach(container, stdin=True) as remote:
        remote.send(b"first\n")
        remote.until(b'"content":"first"')
        remote.close_stdin()
    with attach(container, stdin=True) as remote:
        remote.send(b"second\n")
        remote.until(b'"content":"second"')
    with attach(container, stdin=True) as remote:
        remote.send(b"third\n")
        assert remote.wait() == 0
    assert remote.stdout.endswith(b"last\n")


@CLOSING
@proved_by("cri-stream-stdin-kept-open")
@musts("cri.attach.stdin.once", "cri.attach.stdin")
def test_the_end_of_input_reaches_the_container_once(pod: Sandbox, protocol: str) -> None:
    """With stdin_once the program sees the end of its standard input once the client has closed it."""
    container = waiting(pod, ("stdin",), ("echo", "last"), stdin_once=True)
    with attach(container, stdin=True, protocol=protocol) as remote:
        remote.send(b"all of it")
        remote.close_stdin()
        assert remote.wait() == 0
    assert b'"content":"all of it"' in remote.stdout
    assert remote.stdout.endswith(b"last\n")


@EACH
@proved_by("cri-stream-resize-ignored", "cri-stream-resize-swapped")
@musts("cri.attach.tty")
def test_a_terminal_is_joined(pod: Sandbox, protocol: str) -> None:
    """Who is attached to the terminal of a container types on it, sees what is shown, and tells its size."""
    container = waiting(pod, ("trap", "WINCH"), ("line",), ("wait",), ("winsize",), tty=True)
    with attach(container, stdin=True, tty=True, protocol=protocol) as remote:
        remote.send(b"typed\n")
        remote.until(b'{"verb":"wait"')
        remote.resize(101, 37)
        assert remote.wait() == 0
    assert b'"content":"typed"' in remote.stdout
    assert b'"rows":37,"columns":101' in remote.stdout


@proved_by("cri-stream-nothing-required")
@musts("cri.attach.streams.required")
def test_attach_without_any_stream_is_refused(cri: CriScene, pod: Sandbox) -> None:
    """Attach must ask for standard input, output or error; any one of them is enough."""
    container = waiting(pod, ("line",))
    for stream in ("stdin", "stdout", "stderr"):
        assert cri.call("Attach", container_id=container.id, **{stream: True}).url
    with refused(cri):
        cri.call("Attach", container_id=container.id)


@proved_by("cri-stream-tty-with-stderr")
@musts("cri.attach.tty.stderr")
def test_attach_with_a_terminal_and_standard_error_is_refused(cri: CriScene, pod: Sandbox) -> None:
    """Attach can not ask for a terminal and for standard error apart from it."""
    container = waiting(pod, ("line",), tty=True)
    assert cri.call("Attach", container_id=container.id, stdout=True, tty=True).url
    with refused(cri):
        cri.call("Attach", container_id=container.id, stdout=True, stderr=True, tty=True)
