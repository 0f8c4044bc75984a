"""After every test: what a runtime may not leave behind (runtime.md, Delete, and common sense)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Snapshot:
    """What of the trial's surroundings is compared: processes, mounts, cgroups, state folders.

    ``withdrawn`` are the mount points that the trial had from the host and that the host itself has no more: when a
    mount point is removed there, the kernel takes the mount away everywhere.
    """

    processes: dict[int, str]
    mounts: tuple[str, ...]
    cgroups: frozenset[str]
    state: frozenset[str]
    withdrawn: frozenset[str] = frozenset()


def leaks(before: Snapshot, after: Snapshot) -> list[str]:
    """What is there that was not there before, or is gone that was there, one line each."""
    lasting = (mount for mount in before.mounts if mount.split()[0] not in after.withdrawn)
    mounts_before, mounts_after = Counter(lasting), Counter(after.mounts)
    return [
        *(f"process {pid}: {line}" for pid, line in sorted(after.processes.items()) if pid not in before.processes),
        *(f"mount {mount}" for mount in sorted((mounts_after - Counter(before.mounts)).elements())),
        *(f"mount gone: {mount}" for mount in sorted((mounts_before - mounts_after).elements())),
        *(f"cgroup {cgroup}" for cgroup in sorted(after.cgroups - before.cgroups)),
        *(f"cgroup gone: {cgroup}" for cgroup in sorted(before.cgroups - after.cgroups)),
        *(f"state folder {name}" for name in sorted(after.state - before.state)),
    ]
