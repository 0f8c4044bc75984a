"""What is wrong with files of known deviations: entries that speak of nothing, or that hold no longer."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.expectations.update import gone
from conformance.requirements import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.expectations import Expectation
    from reports.record import Record

SHORTEST = 15  # characters of a reason that says something


def problems(known: Sequence[Expectation], records: Sequence[Record] = ()) -> list[str]:
    """A line for each thing that is wrong with the entries of a file, by itself or after the runs of these records."""
    held = gone(known, records)
    found = []
    for place, entry in enumerate(known):
        subject = entry.test or entry.requirement or entry.finding
        lines = [*_of_entry(entry), *_of_others(entry, known[:place])]
        if place in held:
            lines.append(f"it holds no longer, as of version {held[place] or 'unknown'}")
        found += [f"entry {place + 1}, {subject}: {line}" for line in lines]
    return found


def _of_entry(entry: Expectation) -> Iterator[str]:
    if entry.test and not any(fnmatchcase(test, f"*{entry.test.partition('[')[0]}") for test in tests()):
        yield "there is no such test"
    if entry.requirement and not any(fnmatchcase(name, entry.requirement) for name in catalogue()):
        yield "there is no such requirement"
    if len(entry.reason) <= SHORTEST:
        yield "its reason says nothing"
    if entry.link and not entry.link.startswith(("https://", "http://")):
        yield f"its link is no address: {entry.link}"


def _of_others(entry: Expectation, earlier: Sequence[Expectation]) -> Iterator[str]:
    def limits(one: Expectation) -> tuple[str, ...]:
        return (one.test, one.requirement, one.finding, one.versions, one.packages, one.verdict)

    if any(limits(one) == limits(entry) for one in earlier):
        yield "it is there twice"


@cache
def tests() -> frozenset[str]:
    """The suite's tests, as file and function."""
    folder = Path(__file__).parents[1]
    return frozenset(
        f"conformance/{file.relative_to(folder)}::{node.name}"
        for file in folder.rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )
