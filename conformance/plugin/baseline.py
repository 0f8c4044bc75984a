"""The run to hold this one against: what was broken there does not fail here.

The controller reads the file and tells workers, since the results of this very run may be appended to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.harness.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reports.record import Record

    #: For each runtime under test the verdict of each test in the baseline.
    Verdicts = dict[str, dict[str, str]]


class Baseline(NamedTuple):
    """What a results file has for the runtimes under test, what could not be read of it, and where it comes from."""

    verdicts: Verdicts
    notes: list[str]
    host: dict[str, str]


def read(path: Path, runtimes: list[str]) -> Baseline:
    """The verdicts that a results file has for these runtimes.

    A file that holds only one runtime is for the only one under test, whatever their names.  Of several versions of one
    runtime the last in the file counts.  Raises ``WrongUse`` when the file can not be read or has none of the runtimes.
    """
    from reports.jsonl import ResultsError, read  # noqa: PLC0415  # heavy: only where there is a baseline

    try:
        results = read(path)
    except ResultsError as problem:
        raise WrongUse(f"--baseline: {problem}") from None
    if not results.records:
        raise WrongUse(f"--baseline={path}: there are no results in it")
    found = _by_name(results.records)
    if len(found) == len(runtimes) == 1:
        return Baseline({runtimes[0]: next(iter(found.values()))}, results.notes, results.records[-1].host)
    if not found.keys() & set(runtimes):
        there = ", ".join(sorted(found))
        raise WrongUse(f"--baseline={path}: it has results of {there}, and none of {', '.join(runtimes)}")
    known = {name: verdicts for name, verdicts in found.items() if name in runtimes}
    return Baseline(known, results.notes, results.records[-1].host)


def _by_name(records: Iterable[Record]) -> Verdicts:
    from reports.compare.pairing import sides  # noqa: PLC0415  # as above

    records = list(records)
    last = {record.runtime.name: record.runtime.identity for record in records}
    return {
        side.runtime.name: {test: standing.word for test, standing in side.standings.items()}
        for side in sides(records)
        if side.runtime.identity == last[side.runtime.name]
    }


def describe(path: str, baseline: Baseline, runtimes: list[str], host: dict[str, str]) -> str:
    """The line of the header; ``host`` are the facts of this one, for another may not have told the same."""
    tests = {name: len(baseline.verdicts.get(name, ())) for name in runtimes}
    counts = [f"{name} {count or 'no'} tests" for name, count in tests.items()]
    unlike = [f"{name} {fact}" for name, fact in baseline.host.items() if host.get(name) != fact]
    notes = [*baseline.notes, *([f"of another machine: {', '.join(unlike)}"] if unlike else [])]
    return "baseline: " + "; ".join([f"{path} ({', '.join(counts)})", *notes])
