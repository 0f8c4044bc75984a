"""Limits: LinuxContainerResources as linux.resources."""

from __future__ import annotations

import os
from typing import Any

from reference_runtime.cri.errors import Invalid

_NUMBERS = (
    ("cpu_period", "cpu", "period"),
    ("cpu_quota", "cpu", "quota"),
    ("cpu_shares", "cpu", "shares"),
    ("cpuset_cpus", "cpu", "cpus"),
    ("cpuset_mems", "cpu", "mems"),
    ("memory_limit_in_bytes", "memory", "limit"),
    ("memory_swap_limit_in_bytes", "memory", "swap"),
)


def limits(asked: Any) -> dict[str, Any]:
    """What is asked for; a zero or an empty string asks for nothing."""
    found: dict[str, Any] = {}
    for field, section, name in _NUMBERS:
        value = getattr(asked, field)
        if value:
            found.setdefault(section, {})[name] = value
    if asked.memory_limit_in_bytes < -1:
        raise Invalid(f"memory_limit_in_bytes: {asked.memory_limit_in_bytes} is no limit")
    swap = asked.memory_swap_limit_in_bytes
    if swap > 0 and 0 < swap < asked.memory_limit_in_bytes:
        raise Invalid("memory_swap_limit_in_bytes is memory and swap together, and less than memory_limit_in_bytes")
    if asked.hugepage_limits:
        found["hugepageLimits"] = [
            {"pageSize": entry.page_size, "limit": entry.limit} for entry in asked.hugepage_limits if _has(entry)
        ]
    if asked.unified and _unified_only():
        found["unified"] = dict(asked.unified)
    return found


def _has(entry: Any) -> bool:
    """Sizes of huge pages that this machine does not have need no limit of zero."""
    return bool(entry.limit) or os.path.isdir("/sys/kernel/mm/hugepages")


def _unified_only() -> bool:
    return os.path.exists("/sys/fs/cgroup/cgroup.controllers")


def merged(before: Any, asked: Any) -> Any:
    """The resources after an update: what is not asked for stays."""
    result = type(before)()
    result.CopyFrom(before)
    for field, value in asked.ListFields():
        if field.is_repeated:
            result.ClearField(field.name)
        if field.name == "unified":
            result.unified.update({**before.unified, **asked.unified})
        elif field.is_repeated:
            getattr(result, field.name).MergeFrom(value)
        else:
            setattr(result, field.name, value)
    return result


def oom_score(asked: int) -> int:
    """The adjustment that can be made: without CAP_SYS_RESOURCE a process can not go below its own."""
    if not -1000 <= asked <= 1000:
        raise Invalid(f"oom_score_adj: {asked} is not between -1000 and 1000")
    with open("/proc/self/oom_score_adj", encoding="ascii") as file:
        own = int(file.read())
    return asked if asked >= own or _may_lower() else own


def _may_lower() -> bool:
    with open("/proc/self/status", encoding="utf-8", errors="replace") as file:
        effective = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff:"))
    return bool(effective >> 24 & 1)
