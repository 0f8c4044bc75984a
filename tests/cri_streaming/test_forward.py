"""Port-forward: our client on our server, over each protocol."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from conformance.harness.cri.streaming import StreamRefused, port_forward
from conformance.harness.cri.streaming.forward import PROTOCOLS, TUNNEL, Tunnel
from conformance.harness.errors import Violation
from reference_runtime.cri.streaming import StreamingServer

Open = Callable[..., Tunnel]
SPDY = pytest.mark.parametrize("protocol", ["spdy:portforward.k8s.io", f"websocket:{TUNNEL}"])


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_bytes_go_both_ways(tunnel: Open, protocol: str, echo: int) -> None:
    connection = tunnel(protocol, echo).connect(echo)
    connection.send(b"sea")
    said = b""
    while b"SEA" not in said:
        said += connection.receive()
    assert said == b"from %d\nSEA" % echo


@SPDY
def test_the_end_of_what_a_client_says_reaches_the_port(tunnel: Open, protocol: str, echo: int) -> None:
    connection = tunnel(protocol, echo).connect(echo)
    connection.send(b"sea")
    connection.finish()
    assert connection.read_all() == b"from %d\nSEA" % echo


@SPDY
def test_the_end_of_what_a_port_says_leaves_the_other_way_open(tunnel: Open, protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        connection = tunnel(protocol, port).connect(port)
        with listener.accept()[0] as inside:
            inside.sendall(b"only this")
            inside.shutdown(socket.SHUT_WR)
            assert connection.read_all() == b"only this"
            connection.send(b"late")
            connection.finish()
            inside.settimeout(10)
            assert inside.recv(99) == b"late"
            assert inside.recv(99) == b""


@SPDY
def test_many_connections_share_one_tunnel(tunnel: Open, protocol: str, echo: int) -> None:
    opened = tunnel(protocol, echo)
    connections = [opened.connect(echo) for _ in range(20)]
    for number, connection in enumerate(connections):
        connection.send(b"n%d" % number)
        connection.finish()
    for number, connection in reversed(list(enumerate(connections))):
        assert connection.read_all().endswith(b"\nN%d" % number)


def test_large_transfers_come_whole(tunnel: Open, protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        connection = tunnel(protocol, port).connect(port)
        with listener.accept()[0] as inside:
            inside.settimeout(10)
            data = bytes(range(256)) * 4096
            connection.send(data)
            came = b""
            while len(came) < len(data):
                came += inside.recv(1 << 20)
            assert came == data
            inside.sendall(data)
        assert connection.read_all() == data


def test_several_ports_at_once(tunnel: Open, protocol: str, echo: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        opened = tunnel(protocol, echo, port)
        second, first = opened.connect(port), opened.connect(echo)
        with listener.accept()[0] as inside:
            inside.sendall(b"second")
            assert second.receive() == b"second"
        assert first.receive() == b"from %d\n" % echo


def test_a_refused_connection_is_told(tunnel: Open, protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    assert str(free) in tunnel(protocol, free).connect(free).error()


@SPDY
def test_a_refused_connection_leaves_the_others(tunnel: Open, protocol: str, echo: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    opened = tunnel(protocol, echo)
    fine = opened.connect(echo)
    assert opened.connect(free).error()
    fine.send(b"sea")
    fine.finish()
    assert fine.read_all().endswith(b"SEA")


def test_a_client_that_leaves_closes_its_connections(tunnel: Open, protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        opened = tunnel(protocol, port)
        opened.connect(port)
        with listener.accept()[0] as inside:
            inside.settimeout(10)
            opened.close()
            assert inside.recv(1) == b""


def test_a_client_without_a_requestid_is_understood(tunnel: Open, echo: int) -> None:
    spdy = tunnel("spdy:portforward.k8s.io", echo).spdy  # type: ignore[attr-defined]
    spdy.open({"streamType": "error", "port": str(echo)}, final=True)
    data = spdy.open({"streamType": "data", "port": str(echo)})
    frame = spdy.receive(10)
    assert (frame.stream, frame.data) == (data, b"from %d\n" % echo)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"port": "0", "streamType": "error"},
        {"port": "80"},
        {"port": "x", "streamType": "error"},
        {"streamType": "data"},
    ],
)
def test_streams_without_sense_are_refused(tunnel: Open, headers: dict[str, str], echo: int) -> None:
    opened: Any = tunnel("spdy:portforward.k8s.io", echo)
    with pytest.raises(Violation, match="reset"):
        opened.spdy.open(headers)
    assert opened.connect(echo).receive() == b"from %d\n" % echo


def test_requests_without_sense_are_refused(server: StreamingServer, ports: Callable[..., Any]) -> None:
    for port in (0, -1, 65536):
        with pytest.raises(ValueError, match="is no port"):
            server.url_for_port_forward(ports(port))
    request = ports(80)
    request.pod_sandbox_id = ""
    with pytest.raises(ValueError, match="pod_sandbox_id"):
        server.url_for_port_forward(request)


def test_no_protocol_in_common_is_refused(server: StreamingServer, ports: Callable[..., Any]) -> None:
    for protocol in ("spdy:v4.channel.k8s.io", "websocket:v5.channel.k8s.io"):
        with pytest.raises(StreamRefused, match="no protocol in common"):
            port_forward(server.url_for_port_forward(ports(80)), protocol, ports=[80])
