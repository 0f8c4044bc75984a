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

    from reports.record import Record
    from reports.summary import Line

COLOURS = {"bold": 1, "red": 31, "green": 32, "yellow": 33}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    from reports.compare import cli as compare  # noqa: PLC0415  # light itself
    from reports.grid import cli as grid  # noqa: PLC0415  # light itself

    compare.add_parser(subparsers)
    grid.add_parser(subparsers)
    _add_report(subparsers)
    parser = subparsers.add_parser("show", help="sum up result files, as a run does at its end")
    parser.add_argument("files", nargs="+", type=Path, metavar="RESULTS.jsonl", help="what --results wrote")
    parser.add_argument("--first", type=int, default=5, metavar="N", help="violations shown per runtime (default: 5)")
    parser.set_defaults(run=show)


def _add_report(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("report", help="make Allure's report of results (needs Node and Allure 3)")
    parser.add_argument("folders", nargs="+", type=Path, metavar="RESULTS-FOLDER", help="what --alluredir wrote")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("seatrial-report"), metavar="FOLDER", help="the report"
    )
    parser.add_argument("--history", type=Path, metavar="FILE", help="what earlier reports were; this one is added")
    parser.add_argument("--single-file", action="store_true", help="all in one page, which opens without a server")
    parser.set_defaults(run=report)


def report(options: argparse.Namespace) -> int:
    """Make Allure's report; returns the exit status: 0, or 2 when it can not be made."""
    from reports.allure_report import ReportError, build  # noqa: PLC0415  # other commands need not load it

    try:
        made = build(options.folders, options.output, history=options.history, single_file=options.single_file)
    except (ReportError, OSError) as problem:
        print(f"seatrial report: {problem}", file=sys.stderr)
        return 2
    if made.unreadable:
        print(f"left out {made.unreadable} results cut off when a run was killed", file=sys.stderr)
    print(f"{made.page}: {made.results} results of {', '.join(made.runtimes) or 'no runtime'}")
    return 0


def show(options: argparse.Namespace) -> int:
    """Print the summary of all files together; returns the exit status: 0, or 2 when nothing can be read."""
    from reports.summary import summary  # noqa: PLC0415  # other commands need not load it

    records = load("show", options.files)
    if records is None:
        return 2
    width = shutil.get_terminal_size((120, 24)).columns
    write(summary(records, first=options.first, width=width) or [("no results", {})], sys.stdout)
    return 0


def load(command: str, files: Iterable[Path], notes: list[str] | None = None) -> list[Record] | None:
    """The records of all files; None when no file can be read.

    What can not be read gets a line on standard error, and is told in ``notes``.
    """
    from reports.jsonl import ResultsError, read  # noqa: PLC0415  # as above

    found = []
    told: list[str] = [] if notes is None else notes
    for file in files:
        try:
            results = read(file)
        except ResultsError as problem:
            told.append(str(problem))
            print(f"seatrial {command}: {problem}", file=sys.stderr)
        else:
            found.append(results.records)
            told += [f"{file}: {note}" for note in results.notes]
            for note in results.notes:
                print(f"{file}: {note}", file=sys.stderr)
    return [record for records in found for record in records] if found else None


def write(lines: Iterable[Line], stream: TextIO, environment: Mapping[str, str] = os.environ) -> None:
    """Print lines, in colour on a terminal unless NO_COLOR is set."""
    coloured = stream.isatty() and not environment.get("NO_COLOR")
    for text, markup in lines:
        codes = ";".join(str(COLOURS[name]) for name in markup) if coloured else ""
        print(f"\x1b[{codes}m{text}\x1b[0m" if codes else text, file=stream)
