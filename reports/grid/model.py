"""The grid as data: rows are requirements by page and section, columns are runtimes, cells are what the tests found.

A test counts for each of its requirements; one without any has a row of its own, below the file that it stands in.
Everything is sorted, so equal records make equal grids in whatever order they came.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from reports.record import BREAKS, VIOLATIONS, Level, Record, Requirement, Runtime, Verdict, labels, latest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: The worst first: the verdict of a cell is the first of these that one of its tests has. That a host can not tell
#: says nothing about the runtime, so what it could tell wins; a cell of which a part was declined is not called passed.
WORST = (
    Verdict.CRASHED,
    Verdict.HUNG,
    Verdict.LEAKED,
    Verdict.VIOLATED,
    Verdict.BROKEN,
    Verdict.KNOWN,
    Verdict.DIFFERS,
    Verdict.UNSUPPORTED,
    Verdict.PASSED,
    Verdict.NOT_HERE,
)
#: Never colour alone: a sign for each verdict, from letters that every font has.
SIGNS: Mapping[Verdict, str] = {
    Verdict.PASSED: "✓",
    Verdict.VIOLATED: "✗",
    Verdict.CRASHED: "†",
    Verdict.HUNG: "∞",
    Verdict.LEAKED: "+",
    Verdict.KNOWN: "~",
    Verdict.DIFFERS: "≠",
    Verdict.UNSUPPORTED: "-",
    Verdict.NOT_HERE: "?",
    Verdict.BROKEN: "!",
}
#: The verdicts that say something about the runtime: only between them do rows differ.
TELLING = frozenset(Verdict) - {Verdict.NOT_HERE, Verdict.BROKEN}
OWN_PAGE = "Tests without a requirement"

Tally = Counter[Verdict]  # of cells


class Score(NamedTuple):
    """How many of the requirements that could be judged were seen to hold."""

    held: int
    judged: int

    @property
    def percent(self) -> int:
        """Rounded down, so that a hundred means all."""
        return 100 * self.held // self.judged if self.judged else 0

    def __str__(self) -> str:
        return f"{self.percent} % ({self.held}/{self.judged})" if self.judged else "-"


class Column(NamedTuple):
    """One runtime: ``key`` is what filters and links call it, ``hosts`` are the facts of where it was tried."""

    key: str
    label: str
    runtime: Runtime
    spec_versions: list[str]
    hosts: list[dict[str, str]]

    @property
    def heading(self) -> str:
        """The label, with the version in any case."""
        version = self.runtime.version
        return self.label if not version or version in self.label else f"{self.label} {version}"


@dataclass(frozen=True, slots=True)
class Cell:
    """What the tests of a requirement found on a runtime, the worst first; never empty."""

    records: list[Record]

    @property
    def verdict(self) -> Verdict:
        """The worst."""
        return self.records[0].verdict

    @property
    def count(self) -> int:
        """How many tests have that verdict."""
        return sum(record.verdict is self.verdict for record in self.records)

    def __str__(self) -> str:
        share = f" {self.count}/{len(self.records)}" if self.count < len(self.records) else ""
        return f"{SIGNS[self.verdict]} {self.verdict.words}{share}"


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement, or a test without one; a cell for each column, None where nothing was tried."""

    key: str
    id: str
    level: Level
    text: str
    url: str
    cells: list[Cell | None]

    @property
    def violated(self) -> bool:
        """Whether a runtime broke it, and nobody had listed that."""
        return any(cell is not None and cell.verdict in VIOLATIONS for cell in self.cells)

    @property
    def differs(self) -> bool:
        """Whether the runtimes differ, as far as something could be told about them."""
        return len({cell.verdict for cell in self.cells if cell is not None and cell.verdict in TELLING}) > 1


class Section(NamedTuple):
    """The rows of one section, in the order of the page."""

    name: str
    rows: list[Row]


class Page(NamedTuple):
    """The sections of one page of a specification, in its order."""

    specification: str
    name: str
    sections: list[Section]

    @property
    def rows(self) -> list[Row]:
        """Those of all sections."""
        return [row for section in self.sections for row in section.rows]


class Grid(NamedTuple):
    """All of it."""

    columns: list[Column]
    pages: list[Page]

    @property
    def rows(self) -> list[Row]:
        """Those of all pages."""
        return [row for page in self.pages for row in page.rows]


def tally(rows: Iterable[Row], column: int, level: Level | None = None) -> Tally:
    """How many cells of a column have each verdict."""
    cells = (row.cells[column] for row in rows if level in {None, row.level})
    return Counter(cell.verdict for cell in cells if cell is not None)


def score(counts: Tally) -> Score:
    """What a tally is worth: what passed counts for a runtime, what breaks against it, and the rest not at all."""
    held = counts[Verdict.PASSED]
    return Score(held, held + sum(counts[verdict] for verdict in BREAKS))


def build(records: Iterable[Record]) -> Grid:
    """The grid of the last record for each test and runtime."""
    records = latest(records)
    columns = _columns(records)
    places = {column.runtime.identity: place for place, column in enumerate(columns)}
    requirements: dict[tuple[str, str], Requirement] = {}
    judged: defaultdict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        for requirement in record.requirements or [_own(record)]:
            name = (requirement.specification, requirement.id)
            requirements[name] = requirement
            judged[name].append(record)
    return Grid(columns, _pages(requirements, {name: _cells(judged[name], places) for name in requirements}))


def _columns(records: list[Record]) -> list[Column]:
    by_runtime: defaultdict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in records:
        by_runtime[record.runtime.identity].append(record)
    columns: list[Column] = []
    for identity, label in labels(records).items():
        own = by_runtime[identity]
        hosts = {tuple(sorted(record.host.items())) for record in own if record.host}
        versions = sorted({record.spec_version for record in own if record.spec_version})
        taken = {column.key for column in columns}
        columns.append(
            Column(_key(label, taken), label, own[-1].runtime, versions, [dict(host) for host in sorted(hosts)])
        )
    return columns


def _key(label: str, taken: set[str]) -> str:
    """A label as one word for filters and links, other than those that are taken."""
    word = re.sub(r"[^\w.+~-]+", "-", label.lower()).strip("-") or "runtime"
    numbered = (f"{word}-{number}" for number in range(2, len(taken) + 3))
    return word if word not in taken else next(name for name in numbered if name not in taken)


def _own(record: Record) -> Requirement:
    """What stands for the requirement of a test that names none."""
    file = record.test.partition("::")[0]
    text = record.title or record.test.rpartition("::")[2]
    return Requirement(
        id=record.test, level=record.level, text=text, section=file, page=OWN_PAGE, url="", specification=""
    )


def _cells(records: list[Record], places: Mapping[tuple[str, ...], int]) -> list[Cell | None]:
    found: list[list[Record]] = [[] for _ in places]
    for record in records:
        found[places[record.runtime.identity]].append(record)
    return [Cell(sorted(cell, key=lambda record: WORST.index(record.verdict))) if cell else None for cell in found]


def _pages(
    requirements: Mapping[tuple[str, str], Requirement], cells: Mapping[tuple[str, str], list[Cell | None]]
) -> list[Page]:
    ids = Counter(each.id for each in requirements.values())
    pages: defaultdict[tuple[str, str], defaultdict[str, list[tuple[int, Row]]]]
    pages = defaultdict(lambda: defaultdict(list))
    for name, each in requirements.items():
        key = each.id if ids[each.id] == 1 else " ".join(name)
        row = Row(key, each.id, each.level, each.text, each.url, cells[name])
        pages[each.specification, each.page][each.section].append((_line(each.url), row))
    return [
        Page(specification, page, list(_sections(pages[specification, page])))
        for specification, page in sorted(pages, key=_page_order)
    ]


def _page_order(place: tuple[str, str]) -> tuple[bool, str, str]:
    """Tests without a requirement last; a page before those that carry its name on: config.md, config-linux.md."""
    specification, page = place
    return (not specification, specification, page.removesuffix(".md"))


def _sections(found: Mapping[str, list[tuple[int, Row]]]) -> Iterator[Section]:
    for name in sorted(found, key=lambda name: (min(line for line, _ in found[name]), name)):
        yield Section(name, [row for _, row in sorted(found[name], key=lambda pair: (pair[0], pair[1].id))])


def _line(url: str) -> int:
    """Where on its page a requirement stands, for the order; 0 when its address does not say."""
    match = re.search(r"#L(\d+)", url)
    return int(match[1]) if match else 0
