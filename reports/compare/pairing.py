"""Which runtime of one results file is compared with which of another."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from reports.compare.changes import Standing, standing
from reports.record import Record, Runtime, labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class PairingError(Exception):
    """Nobody can say which runtimes belong together; the message is one line that says what to do."""


class Side(NamedTuple):
    """All that one file says about one runtime; ``label`` is its name in that file."""

    label: str
    runtime: Runtime
    standings: dict[str, Standing]

    @property
    def title(self) -> str:
        """The runtime's name and version."""
        return " ".join(filter(None, [self.runtime.name, self.runtime.version]))

    @property
    def records(self) -> list[Record]:
        """The last record of every test."""
        return [each.record for each in self.standings.values()]


def sides(records: Iterable[Record]) -> list[Side]:
    """A side for each runtime of a file, sorted by its identity."""
    records = list(records)
    by_runtime: dict[tuple[str, ...], dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        by_runtime[record.runtime.identity][record.test].append(record)
    named = labels(records)
    return [_side(named[identity], by_runtime[identity]) for identity in sorted(by_runtime)]


def _side(label: str, tests: dict[str, list[Record]]) -> Side:
    standings = {test: standing(tests[test]) for test in sorted(tests)}
    return Side(label, next(iter(standings.values())).record.runtime, standings)


def pair(before: list[Side], after: list[Side], wanted: Iterable[tuple[str, str]] = ()) -> list[tuple[Side, Side]]:
    """The pairs to compare: those that are ``wanted`` by name, or else what is alone in its file, or of equal name.

    Raises ``PairingError`` when a name is not there, or when nothing can be paired without being told.
    """
    if wanted := list(wanted):
        return [(_named(old, before, "first"), _named(new, after, "second")) for old, new in wanted]
    if len(before) == len(after) == 1:
        return [(before[0], after[0])]
    found = list(_of_equal_names(before, after))
    if not found:
        raise PairingError(
            f"no runtime of the first file ({_listed(before)}) is in the second ({_listed(after)}): "
            "say which belong together with --map=FIRST=SECOND"
        )
    return found


def _of_equal_names(before: list[Side], after: list[Side]) -> Iterator[tuple[Side, Side]]:
    for name in dict.fromkeys(side.runtime.name for side in after):
        old, new = ([side for side in among if side.runtime.name == name] for among in (before, after))
        same = [(one, two) for one in old for two in new if one.runtime.identity == two.runtime.identity]
        yield from same
        taken = [side for both in same for side in both]
        left = [[side for side in among if side not in taken] for among in (old, new)]
        if all(left) and max(map(len, left)) > 1:
            raise PairingError(
                f"there are several {name} ({_listed(left[0])}; {_listed(left[1])}): "
                "say which belong together with --map=FIRST=SECOND"
            )
        yield from zip(*left, strict=False)


def _named(name: str, among: list[Side], which: str) -> Side:
    found = [side for side in among if side.label == name] or [side for side in among if side.runtime.name == name]
    if len(found) != 1:
        what = "several runtimes" if found else "no runtime"
        raise PairingError(f"--map: the {which} file has {what} named {name}, it has {_listed(among)}")
    return found[0]


def _listed(among: list[Side]) -> str:
    return ", ".join(side.label for side in among) or "none"
