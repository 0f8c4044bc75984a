"""What fuzzing has tried on each runtime, as a part of the page: no script is needed to read it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from reports.coverage import as_html, together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.coverage import Coverage
    from reports.grid.model import Grid

LINK = '<p><a href="#fuzzing">What fuzzing has tried</a></p>'
SECTION = """\
<section class="tried still" id="fuzzing" aria-labelledby="fuzzing-heading">
<h2 id="fuzzing-heading">What fuzzing has tried</h2>
{parts}
</section>"""


def coverages(grid: Grid) -> Iterator[tuple[str, Coverage]]:
    """The heading of each runtime that was fuzzed, and all that was tried on it."""
    for place, column in enumerate(grid.columns):
        cells = (row.cells[place] for row in grid.rows)
        records = {record.test: record for cell in cells if cell is not None for record in cell.records}
        told = [record.coverage for record in records.values() if record.coverage is not None]
        if told:
            yield column.heading, together(told)


def as_section(grid: Grid) -> str:
    """The part of the page; "" when nothing was fuzzed."""
    parts = [f"<h3>{html.escape(heading)}</h3>\n{as_html(coverage)}" for heading, coverage in coverages(grid)]
    return SECTION.format(parts="\n".join(parts)) if parts else ""
