"""The grid as Markdown for a pull request: totals, then the violations, the differences, and the scores by section.

A comment on GitHub holds 65,536 characters, so tables end early with a line that says how much was left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reports.grid.model import SIGNS, Cell, Column, Grid, Row, score, tally
from reports.record import LEVELS, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOM = 20_000  # characters for each of the two tables of rows
PIPE = r"\|"  # even inside code a cell of a table would end at a bare one
QUIET = frozenset({Verdict.PASSED, Verdict.NOT_HERE})  # a sign says enough


def as_markdown(grid: Grid, notes: Sequence[str] = ()) -> str:
    """All of it."""
    lines = ["# Conformance", "", *(f"> {_escaped(note)}\n" for note in notes), *_totals(grid), ""]
    violated = [row for row in grid.rows if row.violated]
    if violated:
        lines += [f"## Violations: {len(violated)}", "", *_table(violated, grid.columns), ""]
    else:
        lines += ["No violations but known ones.", ""]
    others = [row for row in grid.rows if row.differs and not row.violated]
    if others:
        lines += _folded(f"Other differences: {len(others)}", _table(others, grid.columns))
    lines += _folded("Scores by section", _sections(grid))
    return "\n".join(lines).rstrip() + "\n"


def _totals(grid: Grid) -> Iterator[str]:
    places = range(len(grid.columns))
    tallies = [tally(grid.rows, place) for place in places]
    yield from _head(["", *(_escaped(column.heading) for column in grid.columns)])
    yield _line(["**score**", *(f"**{score(counts)}**" for counts in tallies)])
    for level in LEVELS:
        yield _line([level, *(str(score(tally(grid.rows, place, level))) for place in places)])
    for verdict in Verdict:
        if any(counts[verdict] for counts in tallies):
            yield _line([f"{SIGNS[verdict]} {verdict.words}", *(str(counts[verdict]) for counts in tallies)])


def _table(rows: Sequence[Row], columns: Sequence[Column]) -> list[str]:
    lines = list(_head(["requirement", "level", *(_escaped(column.heading) for column in columns)]))
    room = ROOM
    for number, row in enumerate(rows):
        line = _line([_cited(row), row.level, *map(_cell, row.cells)])
        room -= len(line) + 1
        if room < 0:
            return [*lines, "", f"… and {len(rows) - number} more."]
        lines.append(line)
    return lines


def _cited(row: Row) -> str:
    name = f"`{_flat(row.id).replace('`', '').replace('|', PIPE)}`"
    linked = f"[{name}]({row.url})" if re.fullmatch(r"https?://[^\s()|]+", row.url) else name
    return f"{linked} {_escaped(row.text)}"


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return SIGNS[cell.verdict] if cell.verdict in QUIET else _escaped(str(cell))


def _sections(grid: Grid) -> list[str]:
    lines = list(_head(["section", *(_escaped(column.heading) for column in grid.columns)]))
    for page in grid.pages:
        lines.append(_line([f"**{_escaped(page.name)}**", *_scores(page.rows, grid.columns)]))
        lines += [_line([_escaped(section.name), *_scores(section.rows, grid.columns)]) for section in page.sections]
    return lines


def _scores(rows: Sequence[Row], columns: Sequence[Column]) -> list[str]:
    return [str(score(tally(rows, place))) for place in range(len(columns))]


def _folded(name: str, lines: Iterable[str]) -> list[str]:
    return [f"<details><summary>{name}</summary>", "", *lines, "", "</details>", ""]


def _head(names: Sequence[str]) -> Iterator[str]:
    yield _line(names)
    yield _line(["---"] * len(names))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """On one line, without what Markdown or HTML would take for its own, or a name that would be notified."""
    return re.sub(r"([\\`*_\[\]<>|~#])", r"\\\1", _flat(text).replace("&", "&amp;")).replace("@", "@\u200b")


def _flat(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
