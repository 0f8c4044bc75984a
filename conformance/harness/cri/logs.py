"""The log files of containers, in the format that the kubelet reads: TIME STREAM TAG CONTENT, a line each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from conformance.harness.errors import Violation

LINE = re.compile(
    rb"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) "
    rb"(?P<stream>stdout|stderr) (?P<tag>[PF](?::[^ ]*)?) (?P<content>.*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class LogLine:
    """One line of a log: when it came, on which stream, whether it goes on (``P``) or is full (``F``), and its text."""

    time: str
    stream: str
    tag: str
    content: bytes


def read_log(path: Path) -> list[LogLine]:
    """The lines of a log; none when there is no file.  Raises ``Violation`` for a line in another format."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return []
    return [_line(line) for line in raw.split(b"\n")[:-1]]


def text_of(lines: list[LogLine], stream: str = "stdout") -> bytes:
    """What a program wrote to a stream, put together again."""
    own = [line for line in lines if line.stream == stream]
    return b"".join(line.content + (b"\n" if line.tag.startswith("F") else b"") for line in own)


def _line(raw: bytes) -> LogLine:
    found = LINE.fullmatch(raw)
    if found is None:
        raise Violation(f"a line of the log is not TIME STREAM TAG CONTENT: {raw[:200]!r}")
    return LogLine(found["time"].decode(), found["stream"].decode(), found["tag"].decode(), found["content"])
