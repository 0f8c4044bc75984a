"""The comparison of two runs: for each pair of runtimes the changes, what is slower, and what makes them unlike."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from reports.compare.changes import Change, Kind, change
from reports.compare.durations import Slower, slower
from reports.compare.pairing import Side, pair, sides

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reports.record import Record

FLOOR = 1.0  # seconds by which a section has to grow


class Pair(NamedTuple):
    """One runtime of the first file against one of the second; ``unchanged`` counts the tests that did not change."""

    before: Side
    after: Side
    changes: list[Change]
    slower: list[Slower]
    notes: list[str]
    unchanged: int

    @property
    def title(self) -> str:
        """Both runtimes."""
        return f"{self.before.title} → {self.after.title}"

    @property
    def regressions(self) -> int:
        """How many things are worse; what is slower counts as one, however many sections show it."""
        return sum(each.worse for each in self.changes) + bool(self.slower)

    @property
    def groups(self) -> list[tuple[Kind, list[Change]]]:
        """The changes by kind, in the order of kinds."""
        return [(kind, list(found)) for kind, found in groupby(self.changes, key=lambda each: each.kind)]

    @property
    def counts(self) -> str:
        """How much changed, in one line."""
        parts = [f"{len(found)} {kind.value}{'s' * _is_plural(kind, found)}" for kind, found in self.groups]
        parts += ["slower"] * bool(self.slower)
        return ", ".join([*parts, f"{self.unchanged} the same"])


class Comparison(NamedTuple):
    """All pairs, and notes on runtimes that have no counterpart."""

    pairs: list[Pair]
    notes: list[str]

    @property
    def regressions(self) -> int:
        """How many things are worse; 0 for a comparison that has nothing to complain about."""
        return sum(each.regressions for each in self.pairs)


def compare(
    before: Iterable[Record],
    after: Iterable[Record],
    wanted: Iterable[tuple[str, str]] = (),
    ratio: float = 0.0,
    floor: float = FLOOR,
) -> Comparison:
    """Compare two runs; what is ``ratio`` times slower counts too, if there is a ratio. Raises ``PairingError``."""
    old, new = sides(before), sides(after)
    pairs = pair(old, new, wanted)
    compared = [_pair(*both, ratio, floor) for both in pairs]
    notes = [] if wanted else [*_alone(old, pairs, "first"), *_alone(new, pairs, "second")]
    return Comparison(compared, notes)


def _pair(before: Side, after: Side, ratio: float, floor: float) -> Pair:
    tests = sorted(before.standings.keys() | after.standings.keys())
    found = [change(before.standings.get(test), after.standings.get(test)) for test in tests]
    changes = sorted(filter(None, found), key=lambda each: each.order)
    parts = slower(before, after, ratio, floor) if ratio else []
    return Pair(before, after, changes, parts, list(_unlike(before, after)), len(tests) - len(changes))


def _alone(among: list[Side], pairs: list[tuple[Side, Side]], which: str) -> Iterator[str]:
    paired = [side for both in pairs for side in both]
    yield from (f"{side.label} is in the {which} file only" for side in among if side not in paired)


def _unlike(before: Side, after: Side) -> Iterator[str]:
    """What else than the runtime differs between two runs, and may be why the verdicts do."""
    old, new = (_facts(side) for side in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name} differs: {old.get(name, 'unknown')} → {new.get(name, 'unknown')}"
    hashes = [side.runtime.sha256 for side in (before, after)]
    if hashes[0] and hashes[0] == hashes[1] and before.runtime.arguments == after.runtime.arguments:
        yield "both runs tried the same program"


def _facts(side: Side) -> dict[str, str]:
    """What a run was held to and where it ran, each fact as most of its records have it."""
    counts: dict[str, Counter[str]] = {}
    for record in side.records:
        for name, value in (("specification", record.spec_version), *record.host.items()):
            if value:
                counts.setdefault(name if name == "specification" else f"host: {name}", Counter())[value] += 1
    return {name: found.most_common(1)[0][0] for name, found in counts.items()}


def _is_plural(kind: Kind, found: list[Change]) -> bool:
    """Whether the word for a kind is a noun that wants the plural's s."""
    return len(found) != 1 and kind in {Kind.VIOLATED, Kind.KNOWN, Kind.DIFFERS}
