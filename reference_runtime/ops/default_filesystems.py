"""The filesystems that each container should have (config-linux.md, "Default Filesystems").

An entry of ``mounts`` for the same place has the last word.  Where the kernel does not allow one of them, as a sysfs
in a user namespace without a network namespace of its own, the container does without: the sentence says SHOULD.
"""

from __future__ import annotations

import os

from reference_runtime.errors import RuntimeFault
from reference_runtime.mount_options import Options
from reference_runtime.ops.mounts import NewFilesystem, is_dev
from reference_runtime.plan import Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from reference_runtime.run import Run

#: Mounted before the entries of the configuration, which can have mounts below them.
FIRST: tuple[dict[str, Any], ...] = (
    {"destination": "/proc", "type": "proc", "source": "proc", "options": []},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
)
#: Mounted after them: they lie in the configuration's /dev.
IN_DEV: tuple[dict[str, Any], ...] = (
    {
        "destination": "/dev/pts",
        "type": "devpts",
        "source": "devpts",
        "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
    },
    {
        "destination": "/dev/shm",  # noqa: S108  # a folder of the container
        "type": "tmpfs",
        "source": "shm",
        "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
    },
)


def plan_first(run: Run) -> Iterator[Op]:
    """Steps before the mounts of the configuration."""
    yield from _missing(run, FIRST)


def plan_in_dev(run: Run) -> Iterator[Op]:
    """Steps after them; a /dev that is bound from elsewhere brings what is in it."""
    entries = run.config.get("mounts", ())
    if any(is_dev(entry["destination"]) and not Options(entry.get("options", [])).bind for entry in entries):
        yield from _missing(run, IN_DEV)


def _missing(run: Run, wanted: tuple[dict[str, Any], ...]) -> Iterator[Op]:
    if run.namespace("mount") != "":
        return  # it is not the container's own mount table
    taken = {os.path.normpath("/" + entry["destination"].lstrip("/")) for entry in run.config.get("mounts", ())}
    yield from (DefaultFilesystem(run, entry) for entry in wanted if entry["destination"] not in taken)


class DefaultFilesystem(NewFilesystem):
    """Mounts a filesystem that nobody asked for, where that can be done."""

    __slots__ = ()

    def __init__(self, run: Run, entry: dict[str, Any]) -> None:
        super().__init__(run, entry, Options(entry["options"]))
        self.kind = "default-filesystem"

    def execute(self) -> None:
        """Mounts it, or leaves it out."""
        try:
            super().execute()
        except (OSError, RuntimeFault):
            return
