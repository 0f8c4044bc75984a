"""What became slower: durations of single tests are noise, so sections of the specification are compared.

For each test that passed in both runs its shortest duration counts, for noise only ever adds to it. A section is slower
when the median of its tests' ratios and the ratio of their sums both are above the ratio that was stated, and the sum
grew by more than a floor. Sections of few tests are put together, page by page: a busy moment of the machine can slow
down all tests of a small one. Who wants to be sure appends a second run to each file.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from reports.record import Verdict

if TYPE_CHECKING:
    from reports.compare.pairing import Side
    from reports.record import Record

FEWEST = 20  # tests of a section that stands for itself
SHORTEST = 0.001  # seconds: shorter durations are taken for this long


class Slower(NamedTuple):
    """A part of the specification whose tests take longer; the sums are seconds, ``ratio`` is the median."""

    where: str
    tests: int
    before: float
    after: float
    ratio: float


def slower(before: Side, after: Side, ratio: float, floor: float) -> list[Slower]:
    """The parts that are slower by more than ``ratio``, and by more than ``floor`` seconds; all tests first."""
    parts = _parts(before, after)
    found = [_part(where, pairs) for where, pairs in parts.items() if pairs]
    return [part for part in found if min(part.ratio, part.after / part.before) > ratio and _grown(part) > floor]


def _grown(part: Slower) -> float:
    return part.after - part.before


def _parts(before: Side, after: Side) -> dict[str, list[tuple[float, float]]]:
    sections: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for test in sorted(before.standings.keys() & after.standings.keys()):
        old, new = before.standings[test], after.standings[test]
        if old.verdict is new.verdict is Verdict.PASSED:
            sections[_place(new.record)].append((_shortest(old.shortest), _shortest(new.shortest)))
    parts: dict[str, list[tuple[float, float]]] = {"all tests": [pair for own in sections.values() for pair in own]}
    for (page, section), pairs in sorted(sections.items()):
        name = f"{page}, {section}" if len(pairs) >= FEWEST else f"{page}, other sections"
        parts.setdefault(name, []).extend(pairs)
    return parts


def _place(record: Record) -> tuple[str, str]:
    first = next(iter(record.requirements), None)
    return (first.page, first.section) if first is not None else ("no page", "no section")


def _shortest(seconds: float) -> float:
    return max(seconds, SHORTEST)


def _part(where: str, pairs: list[tuple[float, float]]) -> Slower:
    before, after = (round(sum(column), 3) for column in zip(*pairs, strict=True))
    return Slower(where, len(pairs), before, after, round(median(new / old for old, new in pairs), 2))
