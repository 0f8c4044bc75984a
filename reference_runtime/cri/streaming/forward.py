"""Port-forward once the streams are there: bytes between a client and a port in a sandbox."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Collection
from typing import Protocol

from reference_runtime.cri.streaming.backend import StreamFailed
from reference_runtime.cri.streaming.inbox import Inbox

_CHUNK = 1 << 15
_TRUNCATED = 1 << 16


class Pair(Protocol):
    """The two streams of one connection, however they are carried."""

    port: int
    inbox: Inbox

    def send(self, data: bytes) -> None:
        """Send what came from the port.  ``OSError`` when the client is gone."""
        ...

    def fail(self, message: str) -> None:
        """Say on the stream for errors what went wrong."""
        ...

    def half_close(self) -> bool:
        """Say that the port has said all; false when there is no way to say it and still to listen."""
        ...

    def finish(self) -> None:
        """Both streams are over."""
        ...


class Forwarder:
    """The connections that one client has to ports of one sandbox."""

    def __init__(self, connect: Callable[[int], socket.socket], bugs: Collection[str]) -> None:
        self._connect = connect
        self._bugs = bugs
        self._connections: set[socket.socket] = set()
        self._left = False
        self._lock = threading.Lock()

    def start(self, pair: Pair) -> threading.Thread:
        """Forward a pair in a thread of its own, until both sides have said all."""
        thread = threading.Thread(target=self._forward, args=(pair,), daemon=True)
        thread.start()
        return thread

    def leave(self) -> None:
        """The client is gone: what it said is still delivered, what the ports say is not."""
        with self._lock:
            self._left = True
            for connection in self._connections:
                _hear_no_more(connection)

    def _forward(self, pair: Pair) -> None:
        with contextlib.suppress(OSError):
            try:
                connection = self._reach(pair.port)
            except (StreamFailed, OSError) as problem:
                if "cri-forward-error-missing" not in self._bugs:
                    pair.fail(f"port {pair.port} can not be reached: {problem}")
            else:
                with connection:
                    self._carry(pair, connection)
        with contextlib.suppress(OSError):
            pair.finish()

    def _reach(self, port: int) -> socket.socket:
        if "cri-forward-host" in self._bugs:
            return socket.create_connection(("127.0.0.1", port))
        return self._connect(port + 1 if "cri-forward-next-port" in self._bugs else port)

    def _carry(self, pair: Pair, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)
            if self._left:
                _hear_no_more(connection)
        upward = threading.Thread(target=self._up, args=(pair, connection), daemon=True)
        upward.start()
        try:
            left = _TRUNCATED if "cri-forward-truncated" in self._bugs else sys.maxsize
            while left > 0 and (data := connection.recv(_CHUNK)):
                pair.send(data)
                left -= len(data)
            if not pair.half_close():
                pair.inbox.close()
        except OSError:
            pair.inbox.close()
        upward.join()
        with self._lock:
            self._connections.remove(connection)

    def _up(self, pair: Pair, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (data := pair.inbox.get()) is not None:
                connection.sendall(data)
            if "cri-forward-half-close-lost" not in self._bugs:
                connection.shutdown(socket.SHUT_WR)
        while pair.inbox.get() is not None:  # a port that takes no more must not hold up the other streams
            pass


def _hear_no_more(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
