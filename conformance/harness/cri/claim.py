"""Folders that belong to a process: as long as it lives it holds a lock, so others can tell what was left behind.

A lock is seen from every namespace of processes, and the kernel lets go of it however the process ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

#: The file in the folder that is locked; it says what else belongs to the process.
FILE = ".claim"
#: The longest note, in bytes.
LONGEST = 1 << 16


class Claim:
    """A folder with its lock, until it is released."""

    def __init__(self, folder: Path, descriptor: int) -> None:
        self.folder, self._descriptor = folder, descriptor

    @classmethod
    def new(cls, prefix: str, **note: Any) -> Claim:
        """A new folder of this process's own; ``note`` is for whoever has to clean up."""
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        new = folder / f"{FILE}.new"
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        made = cls(folder, descriptor)
        made.write(**note)
        new.rename(folder / FILE)  # nobody may find it before it is locked
        return made

    def write(self, **note: Any) -> None:
        """Write down what belongs to this process, in the place of what was written before."""
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(note).encode(), 0)

    def read(self) -> dict[str, Any]:
        """What was written down; {} when the process was killed before."""
        try:
            return dict(json.loads(os.pread(self._descriptor, LONGEST, 0)))
        except ValueError:
            return {}

    def release(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # released before
            os.close(self._descriptor)


def abandoned(prefix: str) -> Iterator[Claim]:
    """The folders whose processes have gone, which are this process's then."""
    for folder in sorted(Path(tempfile.gettempdir()).glob(f"{prefix}*")):
        try:
            descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # not one of these, or gone in the meantime
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            yield Claim(folder, descriptor)
