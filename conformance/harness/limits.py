"""Limits of a container as the kernel holds them, on cgroup v1 and v2 alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.harness.errors import HarnessError

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.harness.container import Container

UNLIMITED = -1
#: v1 writes "no limit" as the largest multiple of the page size that fits.
V1_UNLIMITED = 1 << 62


@dataclass(frozen=True)
class Limit:
    """Where a limit stands: controller and file of v1, file of v2; ``field`` is the word of the v2 file's line."""

    controller: str
    v1: str
    v2: str
    field: int = 0


LIMITS = {
    "memory.limit": Limit("memory", "memory.limit_in_bytes", "memory.max"),
    "memory.reservation": Limit("memory", "memory.soft_limit_in_bytes", "memory.low"),
    "memory.swap": Limit("memory", "memory.memsw.limit_in_bytes", "memory.swap.max"),
    "pids.limit": Limit("pids", "pids.max", "pids.max"),
    "hugepages.2MB": Limit("hugetlb", "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max"),
    "cpu.quota": Limit("cpu", "cpu.cfs_quota_us", "cpu.max", 0),
    "cpu.period": Limit("cpu", "cpu.cfs_period_us", "cpu.max", 1),
    "cpu.burst": Limit("cpu", "cpu.cfs_burst_us", "cpu.max.burst"),
    "cpu.idle": Limit("cpu", "cpu.idle", "cpu.idle"),
}


def limit_of(container: Container, name: str) -> int:
    """The value of one limit, -1 for none.

    Some runtimes put the process into a child of the cgroup that has the limits, so the nearest cgroup that differs
    from the top one decides.
    """
    limit = LIMITS[name]
    unified = container.scene.trial.is_unified
    folder = own = container.cgroup("" if unified else limit.controller)
    file = limit.v2 if unified else limit.v1
    field = limit.field if unified else 0
    top = _value(container.scene.trial.cgroup_folder("" if unified else limit.controller, "/") / file, field)
    while (folder / file).exists():
        value = _value(folder / file, field)
        if value is not None and value != top:
            container.read(folder / file)
            return value
        folder = folder.parent
    if (own / file).exists():
        container.read(own / file)
    return UNLIMITED if top is None else top


def file_of(container: Container, controller: str, name: str) -> str:
    """The content of a control file of the container's v1 cgroup, or of its v2 cgroup for the controller ""."""
    folder = container.cgroup(controller)
    if not (folder / name).exists():
        raise HarnessError(f"the kernel has no {name}: the test lacks its needs=")
    return container.read(folder / name).strip()


def _value(path: Path, field: int) -> int | None:
    try:
        word = path.read_text().split()[field]
    except (OSError, IndexError):
        return None
    value = UNLIMITED if word == "max" else int(word)
    return UNLIMITED if value >= V1_UNLIMITED else value
