"""The catalogue beside the tests that are bound to it: what ``seatrial requirements`` prints.

::

    kill.stopped  MUST    Kill   1.0.0  test_kill_of_a_stopped_container_is_refused
    kill.signal   MUST    Kill   1.0.0  -

    2 requirements: MUST 1 of 2 tested
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from conformance.requirements.catalogue import LEVELS, Level, Requirement, catalogue


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement and the names of the tests that are bound to it."""

    requirement: Requirement
    tests: tuple[str, ...]


def rows(
    tests: Mapping[str, Sequence[str]],
    *,
    pattern: str = "*",
    level: Level = "MAY",
    uncovered: bool = False,
) -> list[Row]:
    """The requirements whose ids match the pattern of a shell, of this level or a stronger one.

    ``tests`` maps ids to names of tests; ``uncovered`` leaves only what has none.
    """
    asked = LEVELS[: LEVELS.index(level) + 1]
    found = (
        Row(requirement, tuple(tests.get(requirement.id, ())))
        for requirement in catalogue().values()
        if requirement.level in asked and fnmatchcase(requirement.id, pattern)
    )
    return [row for row in found if not (uncovered and row.tests)]


def as_text(listed: Sequence[Row]) -> Iterator[str]:
    """The lines of an aligned table, an empty one, and the sum."""
    yield from _aligned([_cells(row) for row in listed])
    yield ""
    yield _sum(listed)


def as_json(listed: Iterable[Row]) -> str:
    """A JSON array of objects: the fields of the requirement, its ``url`` and its ``tests``."""
    return json.dumps([_document(row) for row in listed], indent=2, ensure_ascii=False)


def _document(row: Row) -> dict[str, object]:
    return {**asdict(row.requirement), "url": row.requirement.url, "tests": row.tests}


def _cells(row: Row) -> tuple[str, ...]:
    requirement = row.requirement
    versions = f"{requirement.since}-{requirement.until}" if requirement.until else requirement.since
    return requirement.id, requirement.level, requirement.section, versions, ", ".join(row.tests) or "-"


def _aligned(table: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _sum(listed: Sequence[Row]) -> str:
    if not listed:
        return "no requirements"
    parts = [_share(level, of_level) for level in LEVELS if (of_level := _of(level, listed))]
    return f"{len(listed)} requirements: {', '.join(parts)} tested"


def _of(level: Level, listed: Iterable[Row]) -> list[Row]:
    return [row for row in listed if row.requirement.level == level]


def _share(level: Level, of_level: Sequence[Row]) -> str:
    return f"{level} {sum(bool(row.tests) for row in of_level)} of {len(of_level)}"
