"""What a mount table says: about one mount, and about the access times that it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.harness.errors import Violation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.probe.report import Mount


def mount_at(mounts: Sequence[Mount] | None, point: str) -> Mount:
    """The mount that is seen at ``point``: the last one there.  Raises ``Violation`` when there is none."""
    found = [mount for mount in mounts or () if mount.point == point]
    if not found:
        raise Violation(f"nothing is mounted on {point}, only on {', '.join(mount.point for mount in mounts or ())}")
    return found[-1]


def flags_of(options: Sequence[str]) -> set[str]:
    """The options of a mount other than the defaults that the kernel shows, "rw" and "relatime"."""
    return {*options} - {"rw", "relatime"}


def atime_of(options: Sequence[str]) -> str:
    """Which of the three ways of keeping access times a mount has: the kernel shows strictatime as nothing."""
    return next((word for word in options if word in {"noatime", "relatime"}), "strictatime")


def propagation_of(fields: Sequence[str]) -> set[str]:
    """How a mount propagates: "shared", "master" for a slave, "unbindable", or nothing for a private one."""
    return {field.partition(":")[0] for field in fields}


#: Two files below data: "old" was changed after it was last read, "new" was read after its last change, says its time.
OLD_AND_NEW = """mkdir data
touch data/old && touch -a -d '-1 minute' data/old
touch data/new && touch -a -d '+1 hour' data/new
touch -a -d '-1 minute' data"""


class AccessTimes:
    """The access times of a folder and the files "old" and "new" in it, as they are now and as they become.

    Reading them tells the ways of keeping access times apart: relatime moves that of "old" alone, see mount(8).
    """

    def __init__(self, folder: Path) -> None:
        self._places = {"folder": folder, "old": folder / "old", "new": folder / "new"}
        self._before = self._look()

    def moved(self) -> set[str]:
        """Which access times have moved since: of "old", of "new", of the "folder"."""
        now = self._look()
        return {name for name in now if now[name] != self._before[name]}

    def _look(self) -> dict[str, int]:
        return {name: place.stat().st_atime_ns for name, place in self._places.items()}
