"""Smaller cases: what a failure is tried with next, until nothing can be left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strategies.case import Case


def smaller(case: Case) -> Iterator[Case]:
    """Cases with less in them, those that leave out most first."""
    edits = case.edits
    if len(edits) + bool(case.script) + bool(case.under) < 2:
        return
    size = len(edits) // 2
    while size >= 1:
        for start in range(0, len(edits), size):
            yield replace(case, edits=edits[:start] + edits[start + size :])
        size //= 2
    if case.script:
        yield replace(case, script="")
        lines = case.script.split("\n")
        for number in range(len(lines) if len(lines) > 1 else 0):
            yield replace(case, script="\n".join(lines[:number] + lines[number + 1 :]))
    if case.under:
        yield replace(case, under="")
