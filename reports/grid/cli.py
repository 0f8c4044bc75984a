"""The subcommand ``seatrial grid``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("grid", help="requirements by runtimes, as a page that opens from a file")
    parser.add_argument("files", nargs="+", type=Path, metavar="RESULTS.jsonl", help="what --results wrote")
    kinds = parser.add_mutually_exclusive_group()
    for kind, text in (("markdown", "as Markdown, for a pull request"), ("json", "as JSON, for programs")):
        kinds.add_argument(f"--{kind}", action="store_const", dest="kind", const=kind, default="page", help=text)
    text = "- is standard output (default: seatrial-grid.html; standard output with --markdown and --json)"
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=text)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the grid of all files together; returns the exit status: 0, or 2 when nothing can be read or written."""
    from reports.cli import load  # noqa: PLC0415  # other commands need not load it
    from reports.grid.command import write  # noqa: PLC0415

    notes: list[str] = []
    records = load("grid", options.files, notes)
    return 2 if records is None else write(records, options.kind, options.output, notes)
