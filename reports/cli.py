"""The subcommands of ``seatrial`` that read result files."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from reports.summary import Line

COLOURS = {"bold": 1, "red": 31, "green": 32, "yellow": 33}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    from reports.compare import cli as compare  # noqa: PLC0415  # light itself

    compare.add_parser(subparsers)
    parser = subparsers.add_parser("show", help="sum up result files, as a run does at its end")
    parser.add_argument("files", nargs="+", type=Path, metavar="RESULTS.jsonl", help="what --results wrote")
    parser.add_argument("--first", type=int, default=5, metavar="N", help="violations shown per runtime (default: 5)")
    parser.set_defaults(run=show)


def show(options: argparse.Namespace) -> int:
    """Print the summary of all files together; returns the exit status: 0, or 2 for a file that is none of ours."""
    from reports.jsonl import ResultsError, read  # noqa: PLC0415  # other commands need not load it
    from reports.summary import summary  # noqa: PLC0415

    try:
        found = [read(file) for file in options.files]
    except ResultsError as problem:
        print(f"seatrial show: {problem}", file=sys.stderr)
        return 2
    for file, results in zip(options.files, found, strict=True):
        if results.cut:
            print(f"{file}: left out {_records(len(results.cut))} cut off when a run was killed", file=sys.stderr)
    records = [record for results in found for record in results.records]
    width = shutil.get_terminal_size((120, 24)).columns
    write(summary(records, first=options.first, width=width) or [("no results", {})], sys.stdout)
    return 0


def write(lines: Iterable[Line], stream: TextIO, environment: Mapping[str, str] = os.environ) -> None:
    """Print lines, in colour on a terminal unless NO_COLOR is set."""
    coloured = stream.isatty() and not environment.get("NO_COLOR")
    for text, markup in lines:
        codes = ";".join(str(COLOURS[name]) for name in markup) if coloured else ""
        print(f"\x1b[{codes}m{text}\x1b[0m" if codes else text, file=stream)


def _records(count: int) -> str:
    return f"{count} record" if count == 1 else f"{count} records"
