"""A seccomp agent: receives the container process states of ``linux.seccomp.listenerPath``, and answers the calls.

See config-linux.md, The Container Process State, and seccomp_unotify(2).
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import select
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from conformance.harness.errors import Violation

if TYPE_CHECKING:
    from pathlib import Path

RECEIVE = 0xC0502100  # SECCOMP_IOCTL_NOTIF_RECV
SEND = 0xC0182101  # SECCOMP_IOCTL_NOTIF_SEND
GO_ON = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
NOTIFICATION = 80  # bytes of struct seccomp_notif; the first eight are its id
MOST_DESCRIPTORS = 16


@dataclass
class Connection:
    """What came over one connection: the payload, and how many descriptors with the first bytes and later."""

    payload: bytes = b""
    descriptors: list[int] = field(default_factory=list)
    late_descriptors: int = 0
    closed: bool = False

    @property
    def state(self) -> dict[str, Any]:
        """The container process state.  Raises ``Violation`` when the payload is not one JSON object."""
        try:
            document = json.loads(self.payload)
        except ValueError:
            raise Violation(f"the payload is not one JSON document: {self.payload[:500]!r}") from None
        if not isinstance(document, dict):
            raise Violation(f"the container process state is no object: {self.payload[:500]!r}")
        return document


class SeccompAgent:
    """Listens at ``path`` until the end of the block; every call that it is told of gets the same answer.

    ``answer`` is an errno, or 0 to let calls through.
    """

    def __init__(self, path: Path, answer: int = errno.ENODATA) -> None:
        self.path, self.answer = path, answer
        self.connections: list[Connection] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._ended, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._end)
        self._thread.join()
        os.close(self._ended)
        self._listener.close()
        for connection in self.connections:
            for descriptor in connection.descriptors:
                os.close(descriptor)
        self.path.unlink(missing_ok=True)

    @property
    def only(self) -> Connection:
        """The one connection that there was.  Raises ``Violation`` when there were none or several."""
        if len(self.connections) != 1:
            raise Violation(f"the runtime connected {len(self.connections)} times to the seccomp agent, not once")
        return self.connections[0]

    def _serve(self) -> None:
        talking: dict[int, tuple[socket.socket, Connection]] = {}
        filters: set[int] = set()
        while True:
            ready = select.select([self._ended, self._listener.fileno(), *talking, *filters], [], [])[0]
            for descriptor in ready:
                if descriptor == self._ended:
                    return
                if descriptor == self._listener.fileno():
                    talker, connection = self._listener.accept()[0], Connection()
                    self.connections.append(connection)
                    talking[talker.fileno()] = (talker, connection)
                elif descriptor in talking:
                    filters |= set(_hear(*talking[descriptor]))
                    if talking[descriptor][1].closed:
                        talking.pop(descriptor)[0].close()
                elif not self._decide(descriptor):
                    filters.discard(descriptor)

    def _decide(self, listener: int) -> bool:
        """Answer one call; False when no process is left that could make another."""
        notification = bytearray(NOTIFICATION)
        try:
            fcntl.ioctl(listener, RECEIVE, notification)
            reply = struct.pack("=QqiI", *struct.unpack_from("=Q", notification), 0, -self.answer, self._flags())
            fcntl.ioctl(listener, SEND, reply)
        except OSError:
            return False
        return True

    def _flags(self) -> int:
        return 0 if self.answer else GO_ON


def _hear(talker: socket.socket, connection: Connection) -> list[int]:
    """Take in what a connection has to say next; returns the descriptors that came with it."""
    data, descriptors, _, _ = socket.recv_fds(talker, 1 << 16, MOST_DESCRIPTORS)
    if connection.payload:
        connection.late_descriptors += len(descriptors)
    connection.payload += data
    connection.descriptors += descriptors
    connection.closed = not data
    return descriptors
