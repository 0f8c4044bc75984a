"""Two pipes between the runtime and the container process that it creates.

Messages are lines: a word, a blank, and the rest.  The end of the pipe means that the other side is gone, so that
neither waits for a dead one.
"""

from __future__ import annotations

import os

from reference_runtime.errors import RuntimeFault, SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class End:
    """One end: reads lines from one descriptor, writes them to another."""

    __slots__ = ("_buffer", "reader", "writer")

    def __init__(self, reader: int, writer: int) -> None:
        self.reader = reader
        self.writer = writer
        self._buffer = b""

    def tell(self, word: str, rest: str = "") -> None:
        """Sends a message."""
        line = f"{word} {rest}".replace("\n", " ") + "\n"
        os.write(self.writer, line.encode("utf-8", "surrogateescape"))

    def hear(self) -> tuple[str, str]:
        """Waits for a message; ("", "") when the other side is gone."""
        while b"\n" not in self._buffer:
            more = os.read(self.reader, 65536)
            if not more:
                return "", ""
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        word, _, rest = line.decode("utf-8", "surrogateescape").partition(" ")
        return word, rest

    def expect(self, wanted: str, warn: Callable[[str], None] | None = None) -> str:
        """Waits for one message and returns its rest.  An error that the other side reports is raised here."""
        while True:
            word, rest = self.hear()
            if word == wanted:
                return rest
            if word == "warning" and warn:
                warn(rest)
                continue
            raise _failure(word, rest)

    def close(self) -> None:
        """Closes both descriptors."""
        os.close(self.reader)
        os.close(self.writer)


class HookFault(RuntimeFault):
    """A hook failed: the container is to be destroyed, and its poststop hooks are to run."""


def _failure(word: str, rest: str) -> Exception:
    kinds = {"invalid": SpecError, "hook": HookFault, "error": RuntimeFault}
    if word in kinds:
        return kinds[word](rest)
    return RuntimeFault("the container process ended before it was ready")


def report(end: End, problem: BaseException) -> None:
    """Sends what went wrong, so that ``expect`` on the other side raises it."""
    word = "error"
    if isinstance(problem, HookFault):
        word = "hook"
    elif isinstance(problem, SpecError):
        word = "invalid"
    end.tell(word, explain(problem))


def explain(problem: BaseException) -> str:
    """One line for the user."""
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.strerror}: {problem.filename}" if problem.filename else problem.strerror
    if isinstance(problem, (SpecError, RuntimeFault)):
        return str(problem)
    return f"{type(problem).__name__}: {problem}"


def pair() -> tuple[End, End]:
    """The runtime's end and the container's end."""
    here, their_writer = os.pipe()
    there, our_writer = os.pipe()
    return End(here, our_writer), End(there, their_writer)
