"""The receiving end of ``--console-socket``: a runtime sends the master of the container's terminal over it."""

from __future__ import annotations

import array
import fcntl
import os
import select
import socket
import struct
import termios
import time
from pathlib import Path
from typing import Self

from conformance.harness.errors import Violation


class Console:
    """A listening socket at ``path``, and the terminal that arrived over it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = ""
        self._master: int | None = None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        if self._master is not None:
            os.close(self._master)
        self.path.unlink(missing_ok=True)

    def receive(self, timeout: float = 10.0) -> int:
        """Take the terminal: the one descriptor that the runtime must send.  Raises ``Violation`` when none comes."""
        self._listener.settimeout(timeout)
        try:
            connection, _ = self._listener.accept()
        except TimeoutError:
            raise Violation("the runtime never connected to the console socket") from None
        with connection:
            connection.settimeout(timeout)
            data, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4 * 8))
        self.name = data.decode(errors="replace").rstrip("\0")
        descriptors = array.array("i")
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
        if len(descriptors) != 1:
            raise Violation(f"{len(descriptors)} descriptors came over the console socket, not one")
        self._master = descriptors[0]
        return self._master

    def read_until(self, word: str, timeout: float = 10.0) -> str:
        """What the terminal shows, up to and with ``word``.  Raises ``Violation`` when it does not come."""
        shown = b""
        deadline = time.monotonic() + timeout
        while word.encode() not in shown:
            more = self._read(max(0.0, deadline - time.monotonic()))
            if more is None:
                raise Violation(f"the terminal never showed {word!r}, only {shown.decode(errors='replace')!r}")
            shown += more
        return shown.decode(errors="replace")

    def read_all(self, timeout: float = 10.0) -> str:
        """What the terminal shows until its other end is closed."""
        shown = b""
        deadline = time.monotonic() + timeout
        while (more := self._read(max(0.0, deadline - time.monotonic()))) is not None:
            shown += more
        return shown.decode(errors="surrogateescape")

    def write(self, text: str) -> None:
        """Type ``text``."""
        os.write(self.master, text.encode())

    def size(self) -> tuple[int, int]:
        """Height and width in characters."""
        packed = fcntl.ioctl(self.master, termios.TIOCGWINSZ, b"\0" * 8)
        height, width, _, _ = struct.unpack("HHHH", packed)
        return height, width

    @property
    def master(self) -> int:
        """The descriptor of the terminal's master, received when it was not yet."""
        return self.receive() if self._master is None else self._master

    def _read(self, timeout: float) -> bytes | None:
        if not select.select([self.master], [], [], timeout)[0]:
            return None
        try:
            return os.read(self.master, 65536) or None
        except OSError:  # EIO: the last descriptor of the other end was closed
            return None
