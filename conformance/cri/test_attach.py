"""Attach: the streams of a running container, over WebSocket and SPDY."""

from __future__ import annotations

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import RUNNING, Container, Sandbox
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.streaming.calls import SPDY, V4, V5, attach
from strategies.edits import do

EACH = pytest.mark.parametrize("protocol", [SPDY, V4, V5])
CLOSING = pytest.mark.parametrize("protocol", [SPDY, V5])
#: What keeps a program until it is told to stop.
FOR_EVER = (("trap", "TERM"), ("wait",))


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
    container = waiting(pod, ("line",), ("writefd", "2", "err"), ("line",), *FOR_EVER)
    with attach(container, stdin=True, protocol=protocol) as remote:
        remote.send(b"first\n")
        remote.until(b'"content":"first"')
        remote.until(b"err", "stderr")
        remote.send(b"second\n")
        remote.until(b'"content":"second"')
        assert b"err" not in remote.stdout.split(b"\n")
        assert container.until_printed(b'"content":"second"').count(b'"content":"first"') == 1
        container.stop()
        assert remote.wait() == 0


@proved_by("cri-attach-silent")
@musts("cri.attach.last")
def test_the_last_output_of_a_container_comes(pod: Sandbox) -> None:
    """Who is attached when the program ends gets all that it has written, like the log."""
    container = waiting(pod, ("line",), ("line",), ("echo", "last"))
    with attach(container, stdin=True) as remote:
        remote.send(b"first\n")
        remote.until(b'"content":"first"')
        remote.send(b"second\n")
        assert remote.wait() == 0
    assert container.until_printed(b"last\n")
    assert remote.stdout.endswith(b"last\n")


@proved_by("cri-attach-silent")
@musts("cri.attach.several")
def test_each_client_gets_all_output(pod: Sandbox) -> None:
    """Two clients that are attached both get what the container writes."""
    container = waiting(pod, ("line",), ("line",), ("line",), *FOR_EVER)
    with attach(container, stdin=True) as first, attach(container, stdin=True) as second:
        for number, remote in enumerate((first, second)):  # whoever sees an answer is attached
            remote.send(b"hello from %d\n" % number)
            remote.until(b"hello from %d" % number)
        first.send(b"for both\n")
        for remote in (first, second):
            remote.until(b'"content":"for both"')
        container.stop()
        assert (first.wait(), second.wait()) == (0, 0)


@proved_by("cri-stream-stdin-ignored", "cri-attach-silent")
@musts("cri.attach.leave", "cri.attach.stdin.kept")
def test_a_client_that_leaves_changes_nothing(pod: Sandbox) -> None:
    """The container goes on, with its standard input open, when clients leave one after the other."""
    container = waiting(pod, ("line",), ("line",), ("line",), *FOR_EVER)
    with attach(container, stdin=True) as remote:
        remote.send(b"first\n")
        remote.until(b'"content":"first"')
        remote.close_stdin()
    for text in (b"second", b"third"):
        with attach(container, stdin=True) as remote:
            remote.send(text + b"\n")
            remote.until(b'"content":"%s"' % text)
    assert container.state == RUNNING


@CLOSING
@proved_by("cri-stream-stdin-kept-open")
@musts("cri.attach.stdin.once", "cri.attach.stdin")
def test_the_end_of_input_reaches_the_container_once(pod: Sandbox, protocol: str) -> None:
    """With stdin_once the program sees the end of its standard input once the client has closed it."""
    container = waiting(pod, ("stdin",), *FOR_EVER, stdin_once=True)
    with attach(container, stdin=True, protocol=protocol) as remote:
        remote.send(b"all of it")
        remote.close_stdin()
        container.until_printed(b'"content":"all of it"')


@EACH
@proved_by("cri-stream-resize-ignored", "cri-stream-resize-swapped")
@musts("cri.attach.tty")
def test_a_terminal_is_joined(pod: Sandbox, protocol: str) -> None:
    """Who is attached to the terminal of a container types on it, sees what is shown, and tells its size."""
    container = waiting(pod, ("trap", "WINCH"), ("line",), ("wait",), ("winsize",), *FOR_EVER, tty=True)
    with attach(container, stdin=True, tty=True, protocol=protocol) as remote:
        remote.send(b"typed\n")
        remote.until(b'"content":"typed"')
        remote.until(b'{"verb":"wait"')
        remote.resize(101, 37)
        remote.until(b'"rows":37,"columns":101')


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
