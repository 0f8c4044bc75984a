"""What became of one test between two runs, and whether that is worse: pure functions on verdicts.

``--baseline`` asks the same questions while a run is going on, so a comparison and a run agree about regressions.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from reports.record import BREAKS, FLAKY, HOLDS, LEVELS, VIOLATIONS, Record, Verdict, is_regression

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(StrEnum):
    """What became of a test, in the order in which reports show it."""

    VIOLATED = "new violation"
    FLAKY = "newly flaky"
    UNSUPPORTED = "newly unsupported"
    BROKEN = "newly broken"
    KNOWN = "newly known violation"
    DIFFERS = "changed difference"
    FIXED = "fixed"
    SUPPORTED = "newly supported"
    UNTOLD = "no longer told"
    TOLD = "told at last"
    APPEARED = "appeared"
    DISAPPEARED = "disappeared"

    @property
    def heading(self) -> str:
        """The name of several."""
        return HEADINGS.get(self, self.value)


HEADINGS = {
    Kind.VIOLATED: "new violations",
    Kind.BROKEN: "newly broken, through no fault of the runtime",
    Kind.KNOWN: "new violations that the expectations list",
    Kind.DIFFERS: "changed differences, where the specification is silent",
    Kind.UNTOLD: "no longer told, for the host can not tell",
    Kind.APPEARED: "tests that appeared",
    Kind.DISAPPEARED: "tests that disappeared",
}


class Standing(NamedTuple):
    """How a test stands in one run: its last record, whether it both held and broke, its shortest duration."""

    record: Record
    flaky: bool = False
    shortest: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The last verdict."""
        return self.record.verdict

    @property
    def word(self) -> str:
        """The verdict, or that there is more than one."""
        return FLAKY if self.flaky else self.verdict.value

    @property
    def holds(self) -> bool:
        """Whether the requirement was seen to hold, each time."""
        return self.verdict in HOLDS and not self.flaky

    @property
    def breaks(self) -> bool:
        """Whether the requirement was seen to be broken, listed or not."""
        return self.verdict in BREAKS or self.flaky


class Change(NamedTuple):
    """What became of one test; ``worse`` when it is a regression."""

    kind: Kind
    worse: bool
    before: Record | None
    after: Record | None

    @property
    def record(self) -> Record:
        """The record that tells about the test: the later one where there is one."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def order(self) -> tuple[int, bool, int, str]:
        """Where it stands among others: kinds in their order, regressions and strong levels first."""
        record = self.record
        return (list(Kind).index(self.kind), not self.worse, LEVELS.index(record.level), record.test)

    @property
    def verdicts(self) -> str:
        """Both verdicts in words."""
        return " → ".join("absent" if each is None else each.verdict.words for each in (self.before, self.after))


def standing(records: Iterable[Record]) -> Standing:
    """How a test stands, from all its records of one run in their order; only those of the last program count."""
    found = list(records)
    last = found[-1]
    own = [record for record in found if record.runtime.sha256 == last.runtime.sha256]
    verdicts = {record.verdict for record in own}
    flaky = last.comes_and_goes or (bool(verdicts & HOLDS) and bool(verdicts & BREAKS))
    return Standing(last, flaky, min(record.duration for record in own if record.verdict is last.verdict))


def change(before: Standing | None, after: Standing | None) -> Change | None:
    """What became of a test; None when nothing did."""
    found = _kind(before, after)
    if found is None:
        return None
    return Change(*found, before and before.record, after and after.record)


def _kind(before: Standing | None, after: Standing | None) -> tuple[Kind, bool] | None:
    if after is None:
        return Kind.DISAPPEARED, False
    if after.flaky or (before is not None and before.flaky):
        return _of_flaky(before, after)
    if after.verdict in VIOLATIONS:
        return _of_violated(before, after)
    return (Kind.APPEARED, False) if before is None else _of_others(before, after)


def _of_flaky(before: Standing | None, after: Standing) -> tuple[Kind, bool] | None:
    """A violation that comes and goes is new when there was none at all; what it did last says nothing."""
    if not after.flaky or (before is not None and before.flaky):
        return None
    listed = after.record.expectation is not None
    return Kind.FLAKY, not listed and (before is None or not before.breaks)


def _of_violated(before: Standing | None, after: Standing) -> tuple[Kind, bool] | None:
    earlier = before and before.verdict
    worse = is_regression(earlier, after.verdict, after.record.level)
    return (Kind.VIOLATED, worse) if worse or earlier not in BREAKS else None


def _of_others(before: Standing, after: Standing) -> tuple[Kind, bool] | None:
    if after.verdict is Verdict.KNOWN:
        return None if before.breaks else (Kind.KNOWN, False)
    if after.holds and before.holds:
        return (Kind.DIFFERS, False) if _difference(before.record) != _difference(after.record) else None
    if before.verdict is after.verdict:
        return None
    return _BECAME.get(after.verdict) or _FROM[before.verdict], before.holds and after.verdict in _LOSSES


def _difference(record: Record) -> str:
    """What a runtime does where the specification is silent; numbers in it, as pids, change from run to run."""
    return "differs: " + re.sub(r"\d+", "0", record.reason) if record.verdict is Verdict.DIFFERS else ""


_LOSSES = frozenset({Verdict.UNSUPPORTED, Verdict.BROKEN})
_BECAME = {
    Verdict.UNSUPPORTED: Kind.UNSUPPORTED,
    Verdict.BROKEN: Kind.BROKEN,
    Verdict.NOT_HERE: Kind.UNTOLD,
}
_FROM = dict.fromkeys(BREAKS, Kind.FIXED) | {
    Verdict.UNSUPPORTED: Kind.SUPPORTED,
    Verdict.NOT_HERE: Kind.TOLD,
    Verdict.BROKEN: Kind.TOLD,
}
