"""Calling the OCI runtime, and what it says when it refuses."""

from __future__ import annotations

import json
import os
import signal
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_MOST_LOG = 65536


def spawn(argv: list[str], streams: tuple[int, int, int]) -> int:
    """Starts a program with three streams; its number."""
    actions = [(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in enumerate(streams)]
    defaults = (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return os.posix_spawn(argv[0], argv, os.environ, file_actions=actions, setsigdef=defaults)


def complaint(path: str) -> str:
    """The last error that a runtime has written to its log (``--log-format json``).

    Most write an object a line; one that spreads an object over lines is understood, too.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()[-_MOST_LOG:].strip()
    except OSError:
        return ""
    found = [entry["msg"] for entry in _objects(text) if entry.get("level") in {"error", "fatal", "panic"}]
    return str(found[-1]) if found else text.rpartition("\n")[2]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    while (start := text.find("{")) >= 0:
        try:
            entry, end = decoder.raw_decode(text, start)
        except ValueError:
            text = text[start + 1 :]
            continue
        if "msg" in entry:
            yield entry
        text = text[end:]


def read_pid(path: str) -> int:
    """The number in a pid file."""
    with open(path, encoding="ascii") as file:
        return int(file.read())


def write_json(path: str, document: dict[str, Any]) -> None:
    """Writes a file that is never seen half-written."""
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(document, file)
    os.rename(f"{path}.new", path)


class Console:
    """A socket that gets the terminal of a program, under a path that is short wherever its folder lies."""

    def __init__(self, folder: str, name: str) -> None:
        self._place = os.path.join(folder, name)
        self._folder = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        self.path = f"/proc/{os.getpid()}/fd/{self._folder}/{name}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(self.path)
        self._socket.listen(1)

    def receive(self) -> int:
        """The terminal's master, once the runtime has ended well."""
        self._socket.settimeout(5)
        connection, _ = self._socket.accept()
        with connection:
            connection.settimeout(5)
            _, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
        return descriptors[0]

    def close(self) -> None:
        """Removes the socket."""
        self._socket.close()
        os.close(self._folder)
        os.unlink(self._place)
