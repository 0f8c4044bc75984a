"""``seatrial grid``: from records to a page, Markdown or JSON, in a file or on standard output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reports.grid.markdown import as_markdown
from reports.grid.model import build
from reports.grid.page import as_page
from reports.grid.plain import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reports.grid.model import Column
    from reports.record import Record

Kind = Literal["page", "markdown", "json"]
WRITERS = {"page": as_page, "markdown": as_markdown, "json": as_json}
STDOUT = Path("-")


def write(records: Iterable[Record], kind: Kind, file: Path | None, notes: Sequence[str] = ()) -> int:
    """Write the grid of records. Without a file a page has a name of its own, and the others go to standard output.

    ``notes`` stand at its top. Returns the exit status: 0, or 2 when there is nothing to write or no place to write to.
    """
    grid = build(records)
    if not grid.columns:
        return _complain("no results in these files; pytest --results=FILE writes some")
    hosts = differing_hosts(grid.columns)
    if hosts:
        print(f"seatrial grid: {hosts}", file=sys.stderr)
    text = WRITERS[kind](grid, [*notes, hosts] if hosts else notes)
    return _put(text, file or (Path("seatrial-grid.html") if kind == "page" else STDOUT))


def differing_hosts(columns: Iterable[Column]) -> str:
    """A warning when results come from several machines, with what these differ in; "" when they do not."""
    hosts = {tuple(sorted(host.items())): host for column in columns for host in column.hosts}
    names = sorted({name for host in hosts.values() for name in host})
    different = [name for name in names if len({host.get(name) for host in hosts.values()}) > 1]
    if not different:
        return ""
    facts = ", ".join(different)
    return f"results of {len(hosts)} hosts, so verdicts may differ for that reason; the hosts differ in {facts}"


def _put(text: str, file: Path) -> int:
    encoded = text.encode("utf-8", "backslashreplace")
    if file == STDOUT:
        sys.stdout.buffer.write(encoded)
        sys.stdout.buffer.flush()
        return 0
    try:
        file.write_bytes(encoded)
    except OSError as problem:
        return _complain(f"can not write {file}: {problem.strerror}")
    print(f"{file}: {len(encoded) // 1024} KB", file=sys.stderr)
    return 0


def _complain(problem: str) -> int:
    print(f"seatrial grid: {problem}", file=sys.stderr)
    return 2
