"""The subcommand ``seatrial compare``."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reports.compare.comparison import Comparison
    from reports.jsonl import Results
    from reports.summary import Line

FORMATS = ("terminal", "text", "markdown", "json", "html", "junit", "github")
ENDINGS = {".txt": "text", ".md": "markdown", ".json": "json", ".html": "html", ".xml": "junit"}
WIDTH = 120  # of what does not go to a terminal, so that it is the same everywhere
EXIT_STATUSES = "Exit status: 0 when nothing is worse, 1 for regressions, 2 for wrong use."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``seatrial compare``."""
    parser = subparsers.add_parser(
        "compare", help="say what became worse or better between two runs", epilog=EXIT_STATUSES
    )
    parser.add_argument("before", type=Path, metavar="BEFORE.jsonl", help="what --results wrote in the earlier run")
    parser.add_argument("after", type=Path, metavar="AFTER.jsonl", help="the same of the later run, or another runtime")
    parser.add_argument("--format", choices=FORMATS, help="default: by the ending of -o, or else terminal")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there, not to standard output")
    parser.add_argument(
        "--map", action="append", default=[], type=names, metavar="BEFORE=AFTER", help="compare these runtimes"
    )
    parser.add_argument(
        "--slower", type=ratio, metavar="RATIO", default=0.0, help="sections this much slower are worse"
    )
    parser.add_argument("--floor", type=seconds, metavar="SECONDS", help="and by this much in all (default: 1)")
    parser.add_argument("--first", type=int, default=10, metavar="N", help="changes shown of a kind (default: 10)")
    parser.set_defaults(run=run)


def names(text: str) -> tuple[str, str]:
    """The two names of ``--map``."""
    old, mark, new = text.partition("=")
    if not (old and mark and new):
        raise argparse.ArgumentTypeError(f"{text!r} is not BEFORE=AFTER, two names of runtimes")
    return old, new


def ratio(text: str) -> float:
    """The ratio of ``--slower``."""
    return _number(text, 1.0, "a ratio above 1, as 1.5")


def seconds(text: str) -> float:
    """The seconds of ``--floor``."""
    return _number(text, 0.0, "a number of seconds above 0")


def _number(text: str, above: float, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = above
    if not above < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return number


def run(options: argparse.Namespace) -> int:
    """Compare, and write it down; returns the exit status."""
    from reports.compare.comparison import FLOOR, compare  # noqa: PLC0415  # other commands need not load it
    from reports.compare.pairing import PairingError  # noqa: PLC0415
    from reports.jsonl import ResultsError  # noqa: PLC0415

    try:
        before, after = _read(options.before), _read(options.after)
        floor = FLOOR if options.floor is None else options.floor
        found = compare(before.records, after.records, options.map, options.slower, floor)
    except (ResultsError, PairingError) as problem:
        return _wrong(str(problem))
    for which, results in (("first", before), ("second", after)):
        found.notes.extend(f"the {which} file: {note}" for note in results.notes)
    return _write(found, options)


def _read(file: Path) -> Results:
    from reports.jsonl import NotResults, read  # noqa: PLC0415

    results = read(file)
    if not results.records:
        raise NotResults(f"{file}: there are no results in it")
    return results


def _write(found: Comparison, options: argparse.Namespace) -> int:
    style = options.format or (ENDINGS.get(options.output.suffix, "text") if options.output else "terminal")
    if style == "terminal" and options.output is None:
        from reports.compare.text import lines  # noqa: PLC0415

        show(lines(found, options.first, shutil.get_terminal_size((WIDTH, 24)).columns), os.environ)
        return min(found.regressions, 1)
    text = writers(options.first)[style](found)
    try:
        if options.output is None:
            sys.stdout.write(text)
        else:
            options.output.write_text(text, encoding="utf-8")
    except OSError as problem:
        return _wrong(f"-o {options.output}: can not be written: {problem.strerror}")
    return min(found.regressions, 1)


def writers(first: int) -> Mapping[str, Callable[[Comparison], str]]:
    """What makes the text of each format."""
    from reports.compare.documents import as_github, as_json, as_junit  # noqa: PLC0415
    from reports.compare.markdown import markdown  # noqa: PLC0415
    from reports.compare.page import page  # noqa: PLC0415
    from reports.compare.text import lines  # noqa: PLC0415

    def text(found: Comparison) -> str:
        return "".join(f"{line}\n" for line, _ in lines(found, first, WIDTH))

    return {
        "terminal": text,
        "text": text,
        "markdown": lambda found: markdown(found, first),
        "json": as_json,
        "html": page,
        "junit": as_junit,
        "github": as_github,
    }


def show(found: list[Line], environment: Mapping[str, str]) -> None:
    """Print lines by rich, which knows what the terminal can and obeys NO_COLOR."""
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(soft_wrap=True, highlight=False, no_color=bool(environment.get("NO_COLOR")) or None)
    for text, markup in found:
        console.print(Text(text, style=" ".join(markup)))


def _wrong(problem: str) -> int:
    print(f"seatrial compare: {problem}", file=sys.stderr)
    return 2
