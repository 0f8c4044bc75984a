"""What ``linux.resources`` means: what must stand in the control groups (config-linux.md, Control groups)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies.models.fact import Expected

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Paths in the resources, their requirement and the name of the limit.
LIMITS = {
    ("memory", "limit"): "memory.limit",
    ("memory", "reservation"): "memory.reservation",
    ("memory", "swap"): "memory.swap",
    ("pids", "limit"): "pids.limit",
    ("cpu", "quota"): "cpu.quota",
    ("cpu", "period"): "cpu.period",
}


def of_resources(config: dict[str, Any]) -> Iterator[Expected]:
    """The limits that were set, and the processors."""
    resources = config.get("linux", {}).get("resources", {})
    for (controller, key), name in LIMITS.items():
        if (value := resources.get(controller, {}).get(key)) is not None:
            yield Expected(name, name, value, lambda seen, name=name: seen.limits.get(name), "limit", name)
    if cpus := resources.get("cpu", {}).get("cpus"):
        yield Expected("cpu.cpus", "cpus", numbers(cpus), lambda seen: sorted(seen.report.affinity), name="affinity")


def numbers(ranges: str) -> list[int]:
    """The numbers that a list such as "0-3,7" stands for, see cpuset(7)."""
    found: set[int] = set()
    for part in ranges.replace("\n", "").split(","):
        first, _, last = part.strip().partition("-")
        found |= {*range(int(first), int(last or first) + 1)}
    return sorted(found)
