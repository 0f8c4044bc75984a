"""What of a trial is compared before and after every test."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.checks.host import Snapshot
from conformance.harness.mounted import mount_points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.harness.trial import Trial


#: The links of a folder without folders in it, which need not be listed: itself, and its name in the one above it.
LEAF = 2


def take_snapshot(trial: Trial, state_root: Path) -> Snapshot:
    """Look at the processes, mounts, cgroups and state folders of the trial."""
    return Snapshot(
        processes=trial.processes(),
        mounts=tuple(trial.mounts()),
        cgroups=frozenset(_cgroups(trial.cgroup_root)),
        state=frozenset(_names(state_root)),
        withdrawn=trial.inherited - mount_points(),
    )


def _cgroups(root: Path) -> Iterator[str]:
    """Every cgroup below the trial's own, as HIERARCHY/PATH."""
    length, waiting = len(str(root)) + 1, [str(root)]
    while waiting:
        for entry in _folders(waiting.pop()):
            yield entry.path[length:]
            with suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_nlink != LEAF:
                    waiting.append(entry.path)


def _folders(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:  # a cgroup that is just going away
        return []


def _names(folder: Path) -> list[str]:
    """What a runtime keeps of containers; names with a dot are its own, as crun's .empty-directory for masks."""
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except FileNotFoundError:
        return []
