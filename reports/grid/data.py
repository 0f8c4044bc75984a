"""The grid as the two blocks of data that the page's script reads.

Everything that many cells share stands once and is named by its number: tests, records, and evidence, for a host that
can not tell gives the same reason to hundreds of tests.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from reports.allure import reproduce, shortened, title
from reports.grid.model import SIGNS, Column, Grid, Page, Row
from reports.record import BREAKS, LEVELS, VIOLATIONS, Record, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST_TEXT = 16 * 1024  # characters of one piece of evidence
VERDICTS = list(Verdict)

Plain = dict[str, Any]


def compact(grid: Grid, notes: Sequence[str] = ()) -> tuple[Plain, list[Plain]]:
    """What rows, filters and scores need, and what cells open."""
    store = _Store()
    data = {
        "notes": list(notes),
        "levels": LEVELS,
        "verdicts": [_verdict(verdict) for verdict in VERDICTS],
        "columns": [_column(column) for column in grid.columns],
        "pages": [_page(page, store) for page in grid.pages],
        "tests": [list(test) for test in store.tests],
        "records": store.records,
    }
    return data, store.evidence


class _Store:
    """What the rows name by its number, in the order in which they first name it."""

    def __init__(self) -> None:
        self.tests: dict[tuple[str, str], int] = {}
        self.records: list[tuple[int, int, int]] = []  # numbers of test, verdict and evidence
        self.evidence: list[Plain] = []
        self._records: dict[tuple[str, tuple[str, ...]], int] = {}
        self._evidence: dict[str, int] = {}

    def record(self, record: Record) -> int:
        """The number of a record."""
        name = (record.test, record.runtime.identity)
        if name not in self._records:
            self._records[name] = len(self.records)
            test = self.tests.setdefault((record.test, title(record)), len(self.tests))
            self.records.append((test, VERDICTS.index(record.verdict), self._proof(record)))
        return self._records[name]

    def _proof(self, record: Record) -> int:
        proof = dict(_evidence(record))
        number = self._evidence.setdefault(json.dumps(proof), len(self.evidence))
        if number == len(self.evidence):
            self.evidence.append(proof)
        return number


def _verdict(verdict: Verdict) -> Plain:
    return {
        "name": verdict.value,
        "words": verdict.words,
        "sign": SIGNS[verdict],
        "breaks": verdict in BREAKS,
        "bad": verdict in VIOLATIONS,
    }


def _column(column: Column) -> Plain:
    runtime = column.runtime
    facts = {
        "path": runtime.path,
        "arguments": shlex.join(runtime.arguments),
        "package": runtime.package_version,
        "sha256": runtime.sha256,
        "specification": ", ".join(column.spec_versions),
    }
    return {
        "key": column.key,
        "name": runtime.name,
        "heading": column.heading,
        "version": runtime.version,
        "facts": {name: value for name, value in facts.items() if value},
        "hosts": column.hosts,
    }


def _page(page: Page, store: _Store) -> Plain:
    return {
        "name": page.name,
        "specification": page.specification,
        "sections": [
            {"name": section.name, "rows": [_row(row, store) for row in section.rows]} for section in page.sections
        ],
    }


def _row(row: Row, store: _Store) -> list[Any]:
    cells = [0 if cell is None else [store.record(record) for record in cell.records] for cell in row.cells]
    return [row.key, row.id, LEVELS.index(row.level), row.text, row.url, int(row.differs), cells]


def _evidence(record: Record) -> Iterator[tuple[str, Any]]:
    """What there is of it, by name."""
    texts = {
        "reason": record.reason,
        "expected": record.expected,
        "observed": record.observed,
        "difference": record.difference,
        "log": record.log,
        "baseline": record.baseline.replace("_", " "),
    }
    yield from ((name, shortened(text, LONGEST_TEXT)) for name, text in texts.items() if text)
    if record.expectation is not None:
        yield "known", [record.expectation.reason, record.expectation.link]
    if record.edits:
        yield "edits", [shortened(edit, LONGEST_TEXT) for edit in record.edits]
    if record.argv:
        yield "commands", list(map(shlex.join, record.argv))
    if record.reproduction:
        yield "reproduce", reproduce(record)
    if record.needs:
        yield "needs", record.needs
    if record.config is not None:
        yield "config", shortened(json.dumps(record.config, indent=2), LONGEST_TEXT)
