"""The log of a container: one line for each line of output, ``TIME STREAM TAGS CONTENT``.

A line that is too long, or that ends without a newline, is written in parts: all but the last have the tag P.
"""

from __future__ import annotations

import os
import time

#: Longer lines are written in parts of this size.
MOST_BYTES = 16384
#: How many writes a fault loses.
_MANY = 20


class LogFile:
    """A log that can be opened again after its file was moved.  An empty path means that there is no log."""

    def __init__(self, path: str, bugs: set[str]) -> None:
        self._path = path
        self._bugs = bugs
        self._waiting: dict[str, bytes] = {}
        self._file = -1
        self._losing = 0
        if "cri-log-reopen-refused-makes-file" not in bugs:
            self.reopen()

    def reopen(self) -> None:
        """Opens the file at the path; what was written until now stays where it is."""
        if not self._path or ("cri-log-reopen-ignored" in self._bugs and self._file >= 0):
            return
        before = self._file
        self._losing = _MANY if before >= 0 and "cri-log-reopen-loses-lines" in self._bugs else 0
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        if before >= 0:
            os.close(before)

    def write(self, stream: str, output: bytes) -> None:
        """Writes the lines that are whole now."""
        if self._file < 0 and "cri-log-reopen-refused-makes-file" in self._bugs:
            self.reopen()
        if self._file < 0:
            return
        lines = (self._waiting.pop(stream, b"") + output).split(b"\n")
        rest = lines.pop()
        text = b"".join(self._entries(stream, line, whole=True) for line in lines)
        while len(rest) > MOST_BYTES:
            text += self._entry(stream, rest[:MOST_BYTES], b"P")
            rest = rest[MOST_BYTES:]
        if rest:
            self._waiting[stream] = rest
        self._append(text)

    def finish(self, stream: str) -> None:
        """Writes what the stream has left, which no newline ended."""
        rest = self._waiting.pop(stream, b"")
        if rest and self._file >= 0 and "cri-log-unfinished-lost" not in self._bugs:
            self._append(self._entries(stream, rest, whole=False))

    def _entries(self, stream: str, line: bytes, *, whole: bool) -> bytes:
        text = b""
        while len(line) > MOST_BYTES:
            text += self._entry(stream, line[:MOST_BYTES], b"P")
            line = line[MOST_BYTES:]
        return text + self._entry(stream, line, b"F" if whole else b"P")

    def _entry(self, stream: str, content: bytes, tag: bytes) -> bytes:
        if self._bugs:
            stream, content, tag = self._bent(stream, content, tag)
        if not content and "cri-log-empty-lines-lost" in self._bugs:
            return b""
        now = b"0" if "cri-log-time-wrong" in self._bugs else _now()
        return b" ".join((now, stream.encode(), tag, content)) + b"\n"

    def _bent(self, stream: str, content: bytes, tag: bytes) -> tuple[str, bytes, bytes]:
        if "cri-log-stream-swapped" in self._bugs:
            stream = {"stdout": "stderr", "stderr": "stdout"}[stream]
        if "cri-log-stderr-as-stdout" in self._bugs:
            stream = "stdout"
        if "cri-log-partial-as-full" in self._bugs:
            tag = b"F"
        if "cri-log-all-partial" in self._bugs:
            tag = b"P"
        if "cri-log-long-truncated" in self._bugs:
            content = content[:1024]
        if "cri-log-bytes-changed" in self._bugs:
            content = content.decode(errors="replace").encode("ascii", "replace")
        if "cri-log-format-wrong" in self._bugs:
            stream, tag = stream.upper(), b"-"
        return stream, content, tag

    def _append(self, text: bytes) -> None:
        if "cri-log-missing" in self._bugs:
            return
        if "cri-log-disordered" in self._bugs:
            text = b"".join(reversed(text.splitlines(keepends=True)))
        if self._losing and text:
            self._losing -= 1
            return
        while text:
            try:
                text = text[os.write(self._file, text) :]
            except OSError:
                # A full disk must not end the container.
                return


def _now() -> bytes:
    """The time in UTC, to the nanosecond."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds:09}Z".encode()
