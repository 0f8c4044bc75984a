"""``linux.resources.memory`` compiled to operations (config-linux.md, "Memory")."""

from __future__ import annotations

from reference_runtime.cgroups import values
from reference_runtime.cgroups.operations import SwapBesides, Together, UsageCheck, Write
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from reference_runtime.cgroups.group import Cgroup
    from reference_runtime.cgroups.operations import ResourceOp

_LIMITS = ("limit", "reservation", "swap", "kernel", "kernelTCP")
_MOST_SWAPPY = 100


def memory(cgroup: Cgroup, resources: dict[str, Any]) -> Iterator[ResourceOp]:
    """All operations of the section, for the version that has the controller."""
    section = values.section(resources, "memory")
    given = _checked(section)
    if not given:
        return
    folder, version = cgroup.home("memory", f"memory.{next(iter(given))}")
    if section.get("checkBeforeUpdate") and given.get("limit", -1) >= 0:
        usage = "memory.usage_in_bytes" if version == 1 else "memory.current"
        yield UsageCheck(folder, usage, given["limit"])
    yield from (_version_1 if version == 1 else _version_2)(folder, given)


def _checked(section: dict[str, Any]) -> dict[str, int]:
    """The properties that are there, as numbers; those that say how to apply the others left out."""
    given = {key: values.number(section, key, f"memory.{key}", -1, values.I64) for key in _LIMITS}
    given["swappiness"] = values.number(section, "swappiness", "memory.swappiness", 0, _MOST_SWAPPY)
    for key in ("disableOOMKiller", "useHierarchy"):
        given[key] = values.flag(section, key, f"memory.{key}")
    values.flag(section, "checkBeforeUpdate", "memory.checkBeforeUpdate")
    present = {key: int(value) for key, value in given.items() if value is not None}
    if 0 <= present.get("swap", -1) < present.get("limit", -1):
        raise values.invalid("memory.swap", "counts memory and swap and must not be less than memory.limit")
    return present


def _version_1(folder: str, given: dict[str, int]) -> Iterator[ResourceOp]:
    writes = [
        Write(f"memory.{key}", folder, (name, str(given[key])))
        for key, name in (("limit", "memory.limit_in_bytes"), ("swap", "memory.memsw.limit_in_bytes"))
        if key in given
    ]
    if given.get("limit") == -1 and "swap" not in given:
        # A limit of the sum that stays would still limit memory.
        writes.append(Write("memory.limit", folder, ("memory.memsw.limit_in_bytes", "-1"), optional=True))
    if writes:
        yield Together(writes)
    for key, name in (
        ("reservation", "memory.soft_limit_in_bytes"),
        ("kernel", "memory.kmem.limit_in_bytes"),
        ("kernelTCP", "memory.kmem.tcp.limit_in_bytes"),
        ("swappiness", "memory.swappiness"),
        ("disableOOMKiller", "memory.oom_control"),
        ("useHierarchy", "memory.use_hierarchy"),
    ):
        if key in given:
            yield Write(f"memory.{key}", folder, (name, str(given[key])), optional=given[key] == -1)


def _version_2(folder: str, given: dict[str, int]) -> Iterator[ResourceOp]:
    _refuse_what_version_2_lacks(given)
    limit, swap = given.get("limit"), given.get("swap")
    if limit is not None:
        yield Write("memory.limit", folder, ("memory.max", values.unlimited(limit)))
    if swap is not None:
        yield _swap(folder, limit, swap)
    elif limit == -1:
        yield Write("memory.limit", folder, ("memory.swap.max", "max"), optional=True)
    if "reservation" in given:
        yield Write("memory.reservation", folder, ("memory.low", values.unlimited(given["reservation"])))


def _swap(folder: str, limit: int | None, swap: int) -> Write:
    """Version 2 limits swap alone, the configuration the sum."""
    if swap == -1:
        return Write("memory.swap", folder, ("memory.swap.max", "max"), optional=True)
    if limit is None:
        return SwapBesides("memory.swap", folder, swap)
    return Write("memory.swap", folder, ("memory.swap.max", str(swap if limit == -1 else swap - limit)))


def _refuse_what_version_2_lacks(given: dict[str, int]) -> None:
    """Version 2 always accounts hierarchically, always kills, and has no limits or swappiness of the other kinds."""
    harmless = {"kernel": -1, "kernelTCP": -1, "disableOOMKiller": 0, "useHierarchy": 1}
    for key in ("swappiness", *harmless):
        if key in given and given[key] != harmless.get(key):
            raise RuntimeFault(f"linux.resources.memory.{key} can not be applied: cgroup version 2 has nothing like it")
