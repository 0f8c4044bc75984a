"""The grid as JSON for programs: sorted, without times, so that two of them can be compared line by line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reports.grid.model import Cell, Column, Grid, Row, score, tally
from reports.record import LEVELS, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMAT = 1  # grows only when an old field changes its meaning


def as_json(grid: Grid, notes: Sequence[str] = ()) -> str:
    """The runtimes with their totals, and the requirements by page and section with the tests behind each verdict."""
    document = {
        "format": FORMAT,
        "notes": list(notes),
        "runtimes": [_runtime(grid, place) for place in range(len(grid.columns))],
        "pages": [
            {
                "specification": page.specification,
                "page": page.name,
                "sections": [
                    {
                        "section": section.name,
                        "scores": _scores(section.rows, grid.columns),
                        "requirements": [_row(row, grid.columns) for row in section.rows],
                    }
                    for section in page.sections
                ],
            }
            for page in grid.pages
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _runtime(grid: Grid, place: int) -> dict[str, Any]:
    column = grid.columns[place]
    runtime = column.runtime
    counts = tally(grid.rows, place)
    facts = {
        "key": column.key,
        "name": runtime.name,
        "version": runtime.version,
        "package_version": runtime.package_version,
        "path": runtime.path,
        "arguments": list(runtime.arguments),
    }
    return {name: fact for name, fact in facts.items() if fact} | {
        "score": score(counts)._asdict(),
        "levels": {level: score(tally(grid.rows, place, level))._asdict() for level in LEVELS},
        "verdicts": {verdict.value: counts[verdict] for verdict in sorted(counts)},
        "hosts": column.hosts,
    }


def _scores(rows: Iterable[Row], columns: Sequence[Column]) -> dict[str, Any]:
    rows = list(rows)
    return {column.key: score(tally(rows, place))._asdict() for place, column in enumerate(columns)}


def _row(row: Row, columns: Sequence[Column]) -> dict[str, Any]:
    cells = zip(columns, row.cells, strict=True)
    return {
        "id": row.id,
        "level": row.level,
        "text": row.text,
        "url": row.url,
        "runtimes": {column.key: _cell(cell) for column, cell in cells if cell is not None},
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {"verdict": cell.verdict.value, "tests": [_record(record) for record in cell.records]}


def _record(record: Record) -> dict[str, Any]:
    facts = {
        "test": record.test,
        "verdict": record.verdict.value,
        "reason": record.finding,
        "expected": record.expected,
        "observed": record.observed,
        "known": record.expectation.reason if record.expectation is not None else "",
        "reproduction": record.reproduction,
    }
    return {name: fact for name, fact in facts.items() if fact}
