"""The connection to a client: what is written by many threads and read by one."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import BinaryIO

LINGER = 5.0  # seconds that a client has to take the last words and hang up


class Line:
    """A socket, with the buffered file that reads from it."""

    def __init__(self, connection: socket.socket, file: BinaryIO) -> None:
        self.file = file
        self._connection = connection
        self._lock = threading.Lock()
        self._cut = threading.Timer(LINGER, self._shut, [socket.SHUT_RDWR])
        self._cut.daemon = True
        self._hung_up = False

    def write(self, data: bytes) -> None:
        """Send all of it, in one piece among other threads.  ``OSError`` when the client is gone."""
        with self._lock:
            self._connection.sendall(data)

    def patience(self, seconds: float | None) -> None:
        """From now on a read fails with ``TimeoutError`` after so long.  For the thread that reads."""
        self._connection.settimeout(seconds)

    def hang_up(self) -> None:
        """Say no more, but let the client hang up first: closing at once would destroy what it has not read yet."""
        with self._lock:
            if not self._hung_up:
                self._hung_up = True
                self._cut.start()
                self._shut(socket.SHUT_WR)

    def close(self) -> None:
        """Read on until the client has hung up, too.  For the thread that reads."""
        self.hang_up()
        with contextlib.suppress(OSError, ValueError):
            self.patience(LINGER)
            while self.file.read(1 << 16):
                pass
        self._cut.cancel()

    def _shut(self, way: int) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(way)
