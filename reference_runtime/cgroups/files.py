"""Files of cgroupfs: read, written, waited for."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.01


def read(folder: str, name: str) -> str:
    """The content of a file without the white space around it."""
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read().strip()


def write(folder: str, name: str, value: str) -> None:
    """Write a value to a file that must exist, in one call for each line, as cgroupfs takes them."""
    descriptor = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CLOEXEC)
    try:
        for line in value.split("\n"):
            os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def table(folder: str, name: str) -> dict[str, int]:
    """A file of lines ``key number``."""
    pairs = (line.split() for line in read(folder, name).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


def exists(folder: str, name: str) -> bool:
    """Whether the group has such a file."""
    return os.path.exists(os.path.join(folder, name))


def until(fact: Callable[[], bool], seconds: float) -> bool:
    """Ask every few milliseconds, until the fact holds or the time is over; tells whether it holds."""
    end = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while not fact():
        if time.monotonic() > end:
            return fact()
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return True
