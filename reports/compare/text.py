"""A comparison for people, as plain lines: the terminal's format, and that of ``--format=text``.

All is text: a line is its characters and the markup that ``reports.summary`` uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.compare.changes import Change, Kind
from reports.record import Verdict
from reports.summary import BLANK, INDENT, Line, cut, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.compare.comparison import Comparison, Pair
    from reports.compare.durations import Slower
    from reports.compare.pairing import Side
    from reports.record import Record

#: Kinds whose changes are shown with all that a reader needs to see them; of the others a line says enough.
IN_FULL = frozenset({Kind.VIOLATED, Kind.FLAKY})
COLOURS = {Kind.FIXED: {"green": True}, Kind.SUPPORTED: {"green": True}, Kind.KNOWN: {"yellow": True}}


def lines(comparison: Comparison, first: int = 10, width: int = 120) -> list[Line]:
    """All of it; of each kind the ``first`` changes, texts cut to ``width``."""
    blocks = [block for each in comparison.pairs for block in _pair(each, first, width)]
    blocks.append([(f"note: {note}", {}) for note in comparison.notes])
    blocks.append([verdict(comparison)])
    return [line for block in blocks if block for line in (*block, BLANK)][:-1]


def verdict(comparison: Comparison) -> Line:
    """The last line."""
    count = comparison.regressions
    if not count:
        return ("nothing is worse", {"green": True, "bold": True})
    return (f"{count} regression{'s' * (count > 1)}", {"red": True, "bold": True})


def _pair(pair: Pair, first: int, width: int) -> Iterator[list[Line]]:
    facts = [("before", pair.before), ("after", pair.after)]
    yield [
        (pair.title, {"bold": True}),
        *((cut(f"  {name:7} {about(side)}", width), {}) for name, side in facts),
        *((cut(f"  note    {note}", width), {}) for note in pair.notes),
        (f"  {pair.counts}", {}),
    ]
    for kind, changes in pair.groups:
        yield _group(kind, changes, first, width)
    if pair.slower:
        yield [(f"slower: {len(pair.slower)}", {"bold": True}), *((f"  {slow(each)}", RED) for each in pair.slower)]


RED = {"red": True}


def about(side: Side) -> str:
    """Where a runtime comes from, and how many tests tried it."""
    package, arguments = side.runtime.package_version, " ".join(side.runtime.arguments)
    parts = [side.runtime.path, package and f"package {package}", arguments and f"with {arguments}"]
    return ", ".join(filter(None, [*parts, f"{len(side.standings)} tests"]))


def slow(part: Slower) -> str:
    """One part that is slower."""
    tests = f"{part.tests} test{'s' * (part.tests != 1)}"
    return f"{part.where}: {part.ratio:g} times ({part.before:.2f} s → {part.after:.2f} s, {tests})"


def _group(kind: Kind, changes: list[Change], first: int, width: int) -> list[Line]:
    shown = f", the first {first}" if len(changes) > first else ""
    found = [(f"{kind.heading}: {len(changes)}{shown}", {"bold": True})]
    for number, change in enumerate(changes[:first], 1):
        if kind in IN_FULL:
            markup = RED if change.worse else {"yellow": True}
            found += finding((head(change), markup), number, change.record, width)
        else:
            found += _short(change, width)
    return found


def head(change: Change) -> str:
    """Level, verdicts, parameters and sentence of a change."""
    record = change.record
    case = f" [{record.parameters}]" if record.parameters else ""
    return f"{record.level} {change.verdicts}{case}: {record.title or record.test}"


def _short(change: Change, width: int) -> Iterator[Line]:
    yield (cut(f"  {head(change)}", width), RED if change.worse else COLOURS.get(change.kind, {}))
    if change.kind not in {Kind.APPEARED, Kind.DISAPPEARED, Kind.FIXED}:
        for name, text in why(change):
            yield (cut(f"{INDENT}{name:10}{text}", width), {})


def why(change: Change) -> Iterator[tuple[str, str]]:
    """The reasons before and after, where they say more than what was expected and observed."""
    for name, record in (("before", change.before), ("after", change.after)):
        if record is not None and (reason := told(record)):
            yield name, reason


def told(record: Record) -> str:
    """What was found, where it says more than what was expected and observed."""
    return "" if record.expected and record.verdict is Verdict.VIOLATED else record.finding
