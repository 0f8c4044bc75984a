"""How much a control group uses, as the kernel tells it, in version 1 and 2 (cgroups(7))."""

from __future__ import annotations

import dataclasses
import os

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
    memory, table = folders.get("memory", ""), _table(folders.get("memory", ""), "memory.stat")
    used, both = _number(memory, "memory.usage_in_bytes"), _number(memory, "memory.memsw.usage_in_bytes")
    return Usage(
        cpu=_number(folders.get("cpuacct", ""), "cpuacct.usage"),
        memory=used,
        working_set=max(used - table.get("total_inactive_file", 0), 0),
        rss=table.get("total_rss", 0),
        page_faults=table.get("total_pgfault", 0),
        major_faults=table.get("total_pgmajfault", 0),
        limit=_number(memory, "memory.limit_in_bytes"),
        swap=max(both - used, 0) if both else 0,
        swap_limit=_number(memory, "memory.memsw.limit_in_bytes"),
        processes=_count(folders.get("pids") or folders.get("memory", "")),
    )


def _second_version(folder: str) -> Usage:
    table = _table(folder, "memory.stat")
    used = _number(folder, "memory.current")
    return Usage(
        cpu=_table(folder, "cpu.stat").get("usage_usec", 0) * 1000,
        memory=used,
        working_set=max(used - table.get("inactive_file", 0), 0),
        rss=table.get("anon", 0),
        page_faults=table.get("pgfault", 0),
        major_faults=table.get("pgmajfault", 0),
        limit=_number(folder, "memory.max"),
        swap=_number(folder, "memory.swap.current"),
        swap_limit=_number(folder, "memory.swap.max"),
        processes=_count(folder),
    )


def limited(limit: int) -> bool:
    """Whether a number is a limit."""
    return 0 < limit < _NO_LIMIT


def _text(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name), encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


def _number(folder: str, name: str) -> int:
    text = _text(folder, name).strip()
    return int(text) if text.isdigit() else 0


def _table(folder: str, name: str) -> dict[str, int]:
    rows = [line.split() for line in _text(folder, name).splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def _count(folder: str) -> int:
    """The processes of a group and of those below it."""
    return sum(len(_text(parent, "cgroup.procs").split()) for parent, _, _ in os.walk(folder)) if folder else 0
