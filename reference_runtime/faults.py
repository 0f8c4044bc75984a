"""The deliberate faults of this run: the switches that ``--bug`` has set.  Without ``--bug`` all are off."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.bugs.registry import Bug

active: dict[str, Bug] = {}


def has(name: str) -> bool:
    """Whether the run has the fault of that name."""
    return name in active


def skips(rule: str) -> bool:
    """Whether a fault leaves a rule of validation out."""
    return any(rule in bug.skips for bug in active.values())
