"""Edits of what the probe does: each appends one verb to its command line, ``/probe report VERB ARG… VERB ARG…``.

The verbs are documented in conformance/probe/README.md. ``do`` reaches all of them; those that tests use often have an
edit of their own, named so that it hides no other edit and no builtin.
"""

from __future__ import annotations

from strategies.edit import Config, edit
from strategies.places import Size, entries, size


@edit
def do(config: Config, verb: str, *args: str | int) -> None:
    """Have the probe do ``verb`` after what it does already."""
    _do(config, verb, *args)


@edit
def to(config: Config, path: str) -> None:
    """From here on, append what the probe says to ``path`` instead of printing it."""
    _do(config, "to", path)


@edit
def tag(config: Config, text: str) -> None:
    """Say ``text``, to mark a place in the output."""
    _do(config, "tag", text)


@edit
def stdin(config: Config) -> None:
    """Read standard input to its end."""
    _do(config, "stdin")


@edit
def line(config: Config) -> None:
    """Read one line of standard input."""
    _do(config, "line")


@edit
def read(config: Config, path: str) -> None:
    """Read a file."""
    _do(config, "read", path)


@edit
def write(config: Config, path: str, text: str) -> None:
    """Write a file, made or emptied before."""
    _do(config, "write", path, text)


@edit
def append(config: Config, path: str, text: str) -> None:
    """Append to a file, made if it is missing."""
    _do(config, "append", path, text)


@edit
def opened(config: Config, path: str, flags: str = "r") -> None:
    """Open a file: "r", "w", "rw", "path" (not for use) or "new" (which must not exist)."""
    _do(config, "open", path, flags)


@edit
def stat(config: Config, path: str) -> None:
    """Look at what kind of file there is, whose it is and who may do what with it."""
    _do(config, "stat", path)


@edit
def readlink(config: Config, path: str) -> None:
    """Read where a symbolic link leads."""
    _do(config, "readlink", path)


@edit
def folder(config: Config, path: str) -> None:
    """List the names in a folder."""
    _do(config, "list", path)


@edit
def touch(config: Config, amount: Size) -> None:
    """Write to that much new memory, page by page."""
    _do(config, "touch", size(amount))


@edit
def fork(config: Config, count: int) -> None:
    """Start that many children, all alive at once, and see how many could be."""
    _do(config, "fork", count)


@edit
def threads(config: Config, count: int) -> None:
    """Start that many threads, all alive at once, and see how many could be."""
    _do(config, "threads", count)


@edit
def burn(config: Config, milliseconds: int) -> None:
    """Keep a processor busy for some wall time, and see how much of it was given."""
    _do(config, "burn", milliseconds)


@edit
def burn_cpu(config: Config, milliseconds: int) -> None:
    """Use so much processor time, and see how long that took."""
    _do(config, "burncpu", milliseconds)


@edit
def syscall(config: Config, number: int, *args: int) -> None:
    """Make a system call with up to six numbers."""
    taken = 3 if len(args) <= 3 else 6
    _do(config, "syscall" if taken == 3 else "syscall6", number, *args, *[0] * (taken - len(args)))


@edit
def wait(config: Config) -> None:
    """Say so, then wait for a signal: one that ``trap`` catches, or one that kills."""
    _do(config, "wait")


@edit
def trap(config: Config, signal: str) -> None:
    """Have ``wait`` catch a signal, such as "TERM", say so, and go on."""
    _do(config, "trap", signal)


@edit
def ignore(config: Config, signal: str) -> None:
    """Ignore a signal, such as "TERM"."""
    _do(config, "ignore", signal)


@edit
def spawn(config: Config) -> None:
    """Start a child that waits for ever, and go on."""
    _do(config, "spawn")


@edit
def exits(config: Config, status: int) -> None:
    """Exit with a status."""
    _do(config, "exit", status)


@edit
def until(config: Config, path: str) -> None:
    """Wait until a file exists, for ten seconds at most."""
    _do(config, "sleepuntil", path)


def _do(config: Config, verb: str, *args: object) -> None:
    entries(config, "process", "args").extend([verb, *map(str, args)])
