"""What of a trial is compared before and after every test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.checks.host import Snapshot
from conformance.harness.mounted import mount_points

if TYPE_CHECKING:
    from conformance.harness.trial import Trial


def take_snapshot(trial: Trial, state_root: Path) -> Snapshot:
    """Look at the processes, mounts, cgroups and state folders of the trial."""
    return Snapshot(
        processes=trial.processes(),
        mounts=tuple(trial.mounts()),
        cgroups=frozenset(_cgroups(trial.cgroup_root)),
        state=frozenset(_names(state_root)),
        withdrawn=trial.inherited - mount_points(),
    )


def _cgroups(root: Path) -> list[str]:
    """Every cgroup below the trial's own, as HIERARCHY/PATH."""
    length = len(str(root)) + 1
    return [folder[length:] for folder, _, _ in os.walk(root)]


def _names(folder: Path) -> list[str]:
    """What a runtime keeps of containers; names with a dot are its own, as crun's .empty-directory for masks."""
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except FileNotFoundError:
        return []
