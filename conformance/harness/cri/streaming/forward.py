"""Port-forward as tests handle it: connections to ports of a sandbox, whatever protocol carries them."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Self

from conformance.harness.cri.streaming.spdy import Spdy, upgrade
from conformance.harness.cri.streaming.spdy_frames import RST_STREAM
from conformance.harness.cri.streaming.websocket import TunnelWire, WebSocket
from conformance.harness.errors import HarnessError, Violation

TUNNEL = "SPDY/3.1+portforward.k8s.io"
PROTOCOLS = ("spdy:portforward.k8s.io", "websocket:v4.channel.k8s.io", f"websocket:{TUNNEL}")


class Forwarded:
    """A connection to a port of the sandbox.  ``said`` is what came from it and was not taken yet."""

    def __init__(self, tunnel: Tunnel, port: int, number: int) -> None:
        self.port, self.number = port, number
        self.ended = False
        self.failed = b""
        self.said = bytearray()
        self._tunnel = tunnel

    def send(self, data: bytes) -> None:
        """Send to the port."""
        self._tunnel.send(self.number, data)

    def finish(self) -> None:
        """Say that nothing more is sent; what the port still says can be received."""
        self._tunnel.finish(self.number)

    def receive(self, seconds: float | None = None) -> bytes:
        """What came since the last time; b"" at the end.  ``Hung`` when nothing came for so long."""
        self._tunnel.pull_until(lambda: bool(self.said) or self.ended, seconds)
        data, self.said[:] = bytes(self.said), b""
        return data

    def read_all(self, seconds: float | None = None) -> bytes:
        """All that comes until the port has closed the connection."""
        self._tunnel.pull_until(lambda: self.ended, seconds)
        return self.receive()

    def error(self, seconds: float | None = None) -> str:
        """Wait for what the server says on the stream for errors.  ``Violation`` when it ends without a word."""
        self._tunnel.pull_until(lambda: bool(self.failed) or self._tunnel.ended, seconds)
        if not self.failed:
            raise Violation(f"no error was told about port {self.port}")
        return self.failed.decode(errors="replace")


class Tunnel(ABC):
    """All connections under one URL."""

    ended: bool
    protocol: str
    timeout: float

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def connect(self, port: int) -> Forwarded:
        """A connection to a port."""

    @abstractmethod
    def send(self, number: int, data: bytes) -> None:
        """Send on a connection."""

    @abstractmethod
    def finish(self, number: int) -> None:
        """Close our half of a connection."""

    @abstractmethod
    def close(self) -> None:
        """Hang up."""

    @abstractmethod
    def pull(self, seconds: float) -> None:
        """Take the next piece of what the server sends."""

    def pull_until(self, done: Callable[[], bool], seconds: float | None) -> None:
        """Take pieces until something is so, or the server hung up."""
        deadline = time.monotonic() + (self.timeout if seconds is None else seconds)
        while not done() and not self.ended:
            self.pull(deadline - time.monotonic())


class SpdyTunnel(Tunnel):
    """Each connection is a pair of streams, for errors and for data, with one requestID."""

    def __init__(self, spdy: Spdy, protocol: str) -> None:
        self.ended = False
        self.protocol = protocol
        self.timeout = spdy.timeout
        self.spdy = spdy
        self._connections: dict[int, Forwarded] = {}
        self._errors: dict[int, Forwarded] = {}
        self._requests = 0

    def connect(self, port: int) -> Forwarded:
        """Open the streams; that the port does not answer is told later, on the stream for errors."""
        headers = {"port": str(port), "requestID": str(self._requests)}
        self._requests += 1
        error = self.spdy.open({"streamType": "error", **headers}, final=True)
        data = self.spdy.open({"streamType": "data", **headers})
        connection = Forwarded(self, port, data)
        self._errors[error] = self._connections[data] = connection
        return connection

    def send(self, number: int, data: bytes) -> None:
        """Send on the stream for data."""
        self.spdy.send(number, data)

    def finish(self, number: int) -> None:
        """Close our half of the stream for data."""
        self.spdy.finish(number)

    def close(self) -> None:
        """Hang up."""
        self.spdy.close()

    def pull(self, seconds: float) -> None:
        """Take the next frame."""
        frame = self.spdy.receive(seconds)
        if frame is None:
            self.ended = True
            for connection in self._connections.values():
                connection.ended = True
        elif frame.stream in self._connections:
            connection = self._connections[frame.stream]
            connection.said += frame.data if not frame.kind else b""
            connection.ended |= frame.final or frame.kind == RST_STREAM
        elif frame.stream in self._errors and not frame.kind:
            self._errors[frame.stream].failed += frame.data


class WebSocketTunnel(Tunnel):
    """Each port of the request has two channels, for data and for errors, that begin with its number."""

    def __init__(self, socket: WebSocket, ports: Sequence[int]) -> None:
        self.ended = False
        self.protocol = socket.protocol
        self.timeout = socket.timeout
        self.socket = socket
        self._connections = [Forwarded(self, port, 2 * index) for index, port in enumerate(ports)]
        self._greetings = [bytearray() for _ in range(2 * len(ports))]

    def connect(self, port: int) -> Forwarded:
        """The connection to a port, once the server has greeted."""
        for connection in self._connections:
            if connection.port == port:
                self.pull_until(lambda: all(len(each) == 2 for each in self._greetings), None)
                return connection
        raise HarnessError(f"port {port} is not one of the request")

    def send(self, number: int, data: bytes) -> None:
        """Send on a channel."""
        for start in range(0, len(data), 1 << 15):
            self.socket.send(bytes([number]) + data[start : start + (1 << 15)])

    def finish(self, number: int) -> None:  # noqa: ARG002  # as others have it
        """There is no way to say it."""
        raise HarnessError(f"{self.protocol} has no way to close half of a connection")

    def close(self) -> None:
        """Close the WebSocket."""
        self.socket.close()

    def pull(self, seconds: float) -> None:
        """Take the next message."""
        message = self.socket.receive(seconds)
        if message is None:
            self.ended = True
            for connection in self._connections:
                connection.ended = True
            return
        if not message or message[0] >= len(self._greetings):
            raise Violation(f"a message came for none of the channels: {message[:100]!r}")
        number, data = message[0], message[1:]
        connection = self._connections[number // 2]
        greeting = self._greetings[number]
        missing = 2 - len(greeting)
        greeting += data[:missing]
        if missing and len(greeting) == 2 and int.from_bytes(greeting, "little") != connection.port:
            raise Violation(f"channel {number} begins with {bytes(greeting)!r}, not with port {connection.port}")
        if number % 2:
            connection.failed += data[missing:]
        else:
            connection.said += data[missing:]


def port_forward(
    url: str, protocol: str = PROTOCOLS[0], *, ports: Sequence[int] = (), timeout: float = 20.0, window: int = 0
) -> Tunnel:
    """Follow the URL that PortForward answered; ``ports`` are those of the request, which only WebSocket needs."""
    transport, _, name = protocol.partition(":")
    if transport == "spdy":
        wire, rest, chosen = upgrade(url, [name], timeout)
        try:
            return SpdyTunnel(Spdy(wire, rest, timeout=timeout, window=window), chosen)
        except BaseException:
            wire.close()
            raise
    socket = WebSocket(url, [name], timeout)
    if name == TUNNEL:
        return SpdyTunnel(Spdy(TunnelWire(socket), timeout=timeout, window=window), socket.protocol)
    return WebSocketTunnel(socket, ports)
