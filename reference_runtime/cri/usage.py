"""How much a control group uses, as the kernel tells it, in version 1 and 2 (cgroups(7))."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

from reference_runtime.cgroups.mounts import UNIFIED

#: More is no limit at all: version 1 tells a huge number when there is none.
_NO_LIMIT = 1 << 60


@dataclasses.dataclass
class Usage:
    """Processor time in nanoseconds, memory in bytes, the number of processes."""

    cpu: int = 0
    memory: int = 0
    working_set: int = 0
    rss: int = 0
    page_faults: int = 0
    major_faults: int = 0
    limit: int = 0
    swap: int = 0
    swap_limit: int = 0
    processes: int = 0


def of_group(folders: dict[str, str]) -> Usage:
    """What a group uses now; ``folders`` are its places by controller.  All zero when it is gone."""
    if "memory" in folders or "cpuacct" in folders:
        return _first_version(folders)
    return _second_version(folders.get(UNIFIED, ""))


def _first_version(folders: dict[str, str]) -> Usage:
    memory, told = folders.get("memory", ""), table(folders.get("memory", ""), "memory.stat")
    used, both = number(memory, "memory.usage_in_bytes"), number(memory, "memory.memsw.usage_in_bytes")
    return Usage(
        cpu=number(folders.get("cpuacct", ""), "cpuacct.usage"),
        memory=used,
        working_set=max(used - told.get("total_inactive_file", 0), 0),
        rss=told.get("total_rss", 0),
        page_faults=told.get("total_pgfault", 0),
        major_faults=told.get("total_pgmajfault", 0),
        limit=number(memory, "memory.limit_in_bytes"),
        swap=max(both - used, 0) if both else 0,
        swap_limit=number(memory, "memory.memsw.limit_in_bytes"),
        processes=len(list(processes(folders.get("pids") or folders.get("memory", "")))),
    )


def _second_version(folder: str) -> Usage:
    told = table(folder, "memory.stat")
    used = number(folder, "memory.current")
    return Usage(
        cpu=table(folder, "cpu.stat").get("usage_usec", 0) * 1000,
        memory=used,
        working_set=max(used - told.get("inactive_file", 0), 0),
        rss=told.get("anon", 0),
        page_faults=told.get("pgfault", 0),
        major_faults=told.get("pgmajfault", 0),
        limit=number(folder, "memory.max"),
        swap=number(folder, "memory.swap.current"),
        swap_limit=number(folder, "memory.swap.max"),
        processes=len(list(processes(folder))),
    )


def limited(limit: int) -> bool:
    """Whether a number is a limit."""
    return 0 < limit < _NO_LIMIT


def text(folder: str, name: str) -> str:
    """The content of a file of a group; empty when it is not there."""
    try:
        with open(os.path.join(folder, name), encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


def number(folder: str, name: str) -> int:
    """The number in a file of a group; 0 when it is none."""
    content = text(folder, name).strip()
    return int(content) if content.isdigit() else 0


def table(folder: str, name: str) -> dict[str, int]:
    """The lines of a name and a number in a file of a group."""
    rows = [line.split() for line in text(folder, name).splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def processes(folder: str) -> Iterator[int]:
    """The processes of a group and of those below it."""
    for parent, _, _ in os.walk(folder) if folder else ():
        yield from map(int, text(parent, "cgroup.procs").split())
