"""A connection whose two directions never wait for each other, without a thread.

Nothing is read unless it is asked for, so a test is a slow reader by not asking; but while something is being written
and the other side does not take it, what comes is kept, or two programs that echo would wait for each other.
"""

from __future__ import annotations

import select
import socket
import time
from typing import Protocol

from conformance.harness.errors import Hung, Violation

_CHUNK = 1 << 16


class Bytes(Protocol):
    """Bytes in both directions."""

    def send(self, data: bytes) -> None:
        """Send all of it."""
        ...

    def receive(self, seconds: float) -> bytes:
        """Some of what came; b"" at the end."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Wire:
    """A TCP connection to a streaming server; ``timeout`` is for the server to take what is sent."""

    def __init__(self, address: tuple[str, int], timeout: float) -> None:
        self.timeout = timeout
        self._kept: list[bytes] = []
        self._ended = False
        try:
            self._socket = socket.create_connection(address, timeout)
        except OSError as problem:
            raise Violation(f"nobody listens at {address[0]}:{address[1]}: {problem}") from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)

    def send(self, data: bytes) -> None:
        """Send all of it.  ``Hung`` when the server does not take it, ``Violation`` when it hangs up."""
        view = memoryview(data)
        deadline = time.monotonic() + self.timeout
        while view:
            left = deadline - time.monotonic()
            readable, writable, _ = select.select(
                [] if self._ended else [self._socket], [self._socket], [], max(0.0, left)
            )
            if writable:
                try:
                    view = view[self._socket.send(view) :]
                except OSError as problem:
                    raise Violation(f"the server hung up while it was sent to: {problem}") from None
                deadline = time.monotonic() + self.timeout
            elif readable:
                self._keep()
            elif left <= 0:
                raise Hung(f"the server took nothing for {self.timeout:g} seconds")

    def receive(self, seconds: float) -> bytes:
        """Some of what came; b"" once the server has hung up.  ``Hung`` when nothing came for so long."""
        if not self._kept and not self._ended:
            if not select.select([self._socket], [], [], max(0.0, seconds))[0]:
                raise Hung(f"nothing came for {seconds:.3g} seconds")
            self._keep()
        return self._kept.pop(0) if self._kept else b""

    def finish(self) -> None:
        """Close the direction to the server."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _keep(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except OSError:  # reset by the server: the end is the end
            data = b""
        if data:
            self._kept.append(data)
        else:
            self._ended = True
