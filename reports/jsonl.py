"""Result files: one record in JSON a line, appended as tests end.

A run can be killed at any moment, so a line is written by a single call, and a reader passes over lines that were
cut off. A later run appends to the file, on a line of its own even after a cut one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from reports.record import FORMAT, Record, to_builtins

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class ResultsError(Exception):
    """A file of which nothing can be used; the message is one line that names the file and says why."""


class NotResults(ResultsError):
    """The file can not be read, or it holds something else than records."""


class UnknownFormat(ResultsError):
    """The file was written by another version, whose records mean something else."""


class Results(NamedTuple):
    """What a file holds: its records in the order of their lines, and what was passed over.

    ``cut`` are the numbers of the lines that were cut off, ``foreign`` is why each of other lines is not a record.
    """

    records: list[Record]
    cut: list[int]
    foreign: list[ResultsError]

    @property
    def notes(self) -> list[str]:
        """What a reader of these records has to know about the rest of the file."""
        notes = []
        if self.cut:
            notes.append(f"left out {_counted(len(self.cut), 'record')} cut off when a run was killed")
        if self.foreign:
            lines = _counted(len(self.foreign), "line")
            notes.append(f"left out {lines} that can not be read, the first: {self.foreign[0]}")
        return notes


class _Head(msgspec.Struct):
    format: int


def encode(record: Record) -> bytes:
    """The record as one line with its end."""
    return msgspec.json.encode(to_builtins(record)) + b"\n"


class Writer:
    """Appends records to a file; a context manager. Raises OSError when the file can not be written."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")

    def write(self, record: Record) -> None:
        """Append one record; it is in the file when this returns."""
        line = memoryview(encode(record))
        while line:
            line = line[os.write(self._file, line) :]

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(path: Path) -> Results:
    """All records of a file. Raises ``NotResults`` or ``UnknownFormat`` when it has lines and none is a record."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as problem:
        raise NotResults(f"{path}: {problem.strerror}") from None
    results = Results([], [], [])
    for number, line in enumerate(lines, 1):
        if line.strip():
            _read_line(number, line, results)
    if results.foreign and not results.records:
        raise type(results.foreign[0])(f"{path}: {results.foreign[0]}")
    if results.cut and not results.records:
        raise NotResults(f"{path}: line {results.cut[0]} is not a result record")
    return results


def _read_line(number: int, line: bytes, results: Results) -> None:
    where = f"line {number}"
    try:
        written = msgspec.json.decode(line, type=_Head).format
        if written != FORMAT:
            readable = f"this version reads format {FORMAT}"
            results.foreign.append(UnknownFormat(f"{where} has format {written}, and {readable}"))
        else:
            results.records.append(msgspec.json.decode(line, type=Record))
    except msgspec.ValidationError as problem:
        results.foreign.append(NotResults(f"{where} is not a result record: {problem}"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if line.startswith(b"{"):
            results.cut.append(number)
        else:
            results.foreign.append(NotResults(f"{where} is not a result record"))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
