"""PortForward: connections to ports in the network of a sandbox, over WebSocket and SPDY."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import Sandbox
from conformance.harness.cri.streaming.calls import Listener, listening, patience, port_forward, taken
from conformance.harness.cri.streaming.forward import PROTOCOLS, Forwarded

EACH = pytest.mark.parametrize("protocol", PROTOCOLS)
#: So much fits into the buffers on the way.
PIECE = 1 << 16


@pytest.fixture
def network(pod: Sandbox) -> int:
    """The network namespace of the sandbox, which a program in it keeps in sight: not all sandboxes have a process."""
    namespaces = pod.running().program().inside.namespaces or {}
    return namespaces["net"]


@pytest.fixture
def inside(pod: Sandbox, network: int) -> Iterator[Listener]:
    """What listens in the sandbox, on localhost."""
    with listening(network, patience=patience(pod)) as opened:
        yield opened


def said(connection: Forwarded, size: int) -> bytes:
    """So many bytes from a forwarded connection, or fewer when it ends before."""
    came = bytearray()
    while len(came) < size and (more := connection.receive()):
        came += more
    return bytes(came)


@EACH
@proved_by("cri-forward-next-port", "cri-forward-host")
@musts("cri.forward", "cri.forward.port")
def test_bytes_go_to_that_port_of_the_sandbox_and_back(
    pod: Sandbox, inside: Listener, network: int, protocol: str
) -> None:
    """The connection leads to the port asked for in the sandbox, and neither to another one nor to the host's."""
    port = inside.port
    with listening(None, port) as outside, listening(network, port + 1) as beside:
        with port_forward(pod, port, protocol=protocol) as tunnel:
            connection = tunnel.connect(port)
            connection.send(b"question")
            with inside.accept() as accepted:
                assert taken(accepted, 8) == b"question"
                accepted.sendall(b"answer")
                assert said(connection, 6) == b"answer"
        assert outside.lonely
        assert beside.lonely


@EACH
@proved_by("cri-forward-truncated")
@musts("cri.forward.large")
def test_large_transfers_come_whole(pod: Sandbox, inside: Listener, protocol: str) -> None:
    """Four million bytes come in order, in both directions."""
    port, data = inside.port, b"".join(b"%07d\n" % number for number in range(500_000))
    pieces = [data[start : start + PIECE] for start in range(0, len(data), PIECE)]
    with port_forward(pod, port, protocol=protocol) as tunnel:
        connection = tunnel.connect(port)
        for number, piece in enumerate(pieces):
            connection.send(piece)
            if not number:
                accepted = inside.accept()
            assert taken(accepted, len(piece)) == piece
        with accepted:
            for piece in pieces:
                accepted.sendall(piece)
                assert said(connection, len(piece)) == piece


@proved_by("cri-forward-error-missing")
@musts("cri.forward.failure")
def test_a_port_that_nobody_listens_on_is_told(pod: Sandbox, inside: Listener, network: int) -> None:
    """A refused connection is told on its stream for errors, and another one under the same URL goes on."""
    with listening(network) as closed:
        free = closed.port
    port = inside.port
    with port_forward(pod, port, free) as tunnel:
        fine = tunnel.connect(port)
        fine.send(b"before")
        with inside.accept() as accepted:
            assert tunnel.connect(free).error()
            fine.send(b"after")
            assert taken(accepted, 11) == b"beforeafter"


@proved_by("cri-forward-next-port")
@musts("cri.forward", "cri.forward.port")
def test_several_connections_share_one_url(pod: Sandbox, inside: Listener, network: int) -> None:
    """Connections to two ports, twice each, keep their bytes apart."""
    with listening(network) as other, port_forward(pod, inside.port, other.port) as tunnel:
        for listener in (inside, other, other, inside):
            connection = tunnel.connect(listener.port)
            connection.send(b"%08d" % connection.number)
            with listener.accept() as accepted:
                assert taken(accepted, 8) == b"%08d" % connection.number
                accepted.sendall(b"to %05d" % connection.number)
                assert said(connection, 8) == b"to %05d" % connection.number


@proved_by("cri-forward-half-close-lost")
@musts("cri.forward.half-close")
def test_the_end_of_what_a_client_sends_is_passed_on(pod: Sandbox, inside: Listener) -> None:
    """The program behind the port sees that the client has said all, and can still answer."""
    port = inside.port
    with port_forward(pod, port) as tunnel:
        connection = tunnel.connect(port)
        connection.send(b"question")
        connection.finish()
        with inside.accept() as accepted:
            assert taken(accepted, 99) == b"question"
            accepted.sendall(b"answer")
        assert connection.read_all() == b"answer"
