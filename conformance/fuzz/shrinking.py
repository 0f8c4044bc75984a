"""Smaller cases that fail in the same way: what can be left out is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.case import Case


class Budget(Exception):
    """No more attempts."""


def minimised(case: Case, fails: Callable[[Case], bool], *, attempts: int) -> Case:
    """The smallest case found that still fails, with at most so many attempts.

    Edits are left out by halves, then by quarters, down to one by one; then what laid the bundle out.  What a case is
    invalid by stays.
    """
    best, left = case, attempts

    def accept(candidate: Case) -> bool:
        nonlocal best, left
        if left == 0:
            raise Budget
        left -= 1
        if fails(candidate):
            best = candidate
            return True
        return False

    try:
        _without_edits(lambda: best, accept)
        _without_script(lambda: best, accept)
        if best.under and best.edits:
            accept(replace(best, under=""))
    except Budget:
        pass
    return best


def _without_edits(best: Callable[[], Case], accept: Callable[[Case], bool]) -> None:
    least = max(1, best().needed)
    size = max(len(best().edits) // 2, 1)
    while size >= 1:
        start = 0
        while start < (free := len(best().edits) - best().needed) and len(best().edits) >= size + least:
            edits = best().edits
            if not accept(replace(best(), edits=edits[:start] + edits[min(start + size, free) :])):
                start += size
        size //= 2


def _without_script(best: Callable[[], Case], accept: Callable[[Case], bool]) -> None:
    if best().needed or not best().script or not best().edits or accept(replace(best(), script="")):
        return
    lines = best().script.split("\n")
    for line in lines if len(lines) > 1 else ():
        rest = [other for other in best().script.split("\n") if other != line]
        accept(replace(best(), script="\n".join(rest)))
