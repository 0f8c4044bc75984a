"""The subcommand ``seatrial expectations``: entries from a run for review, and what is wrong with those there are."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from conformance.expectations.update import Entry
    from reports.record import Record


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``seatrial expectations``."""
    parser = subparsers.add_parser("expectations", help="write or check lists of known deviations")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    update_parser = commands.add_parser("update", help="make entries of the violations of a run, for review")
    update_parser.add_argument("files", nargs="+", type=Path, metavar="RESULTS.jsonl", help="what --results wrote")
    update_parser.add_argument("--by", choices=("test", "requirement"), default="test", help="what entries speak of")
    update_parser.add_argument("--runtime", metavar="GLOB", help="only runtimes of these names")
    target = update_parser.add_mutually_exclusive_group()
    target.add_argument("-o", "--output", type=Path, metavar="FILE", help="add to this file, and narrow what is gone")
    target.add_argument("--runtime-file", action="store_true", help="the same with the suite's own file of the runtime")
    update_parser.set_defaults(run=update)
    check_parser = commands.add_parser("check", help="say what is wrong with entries; exit status 1 if anything is")
    check_parser.add_argument("files", nargs="*", type=Path, metavar="FILE.toml", help="default: the suite's own files")
    check_parser.add_argument(
        "--results", action="append", default=[], type=Path, metavar="RESULTS.jsonl", help="a run that they have to fit"
    )
    check_parser.set_defaults(run=check)


def update(options: argparse.Namespace) -> int:
    """Print entries, or add them to a file; returns the exit status."""
    from conformance.expectations.update import entries  # noqa: PLC0415  # other commands need not load it
    from conformance.harness.errors import WrongUse  # noqa: PLC0415

    try:
        records = _of_one(_records(options.files), options.runtime)
        target = _own_file(records) if options.runtime_file else options.output
        found = entries(records, by_requirement=options.by == "requirement")
        if target is not None:
            print(f"{target}: {_add(target, found, records)}")
        else:
            print("\n".join(entry.text for entry in found) or "# nothing to list", end="\n" * (not found))
    except WrongUse as problem:
        return _wrong("update", problem)
    return 0


def _add(target: Path, found: list[Entry], records: list[Record]) -> str:
    """Add what is not there yet, and narrow what is gone; returns what was done, in words."""
    from conformance.expectations import load  # noqa: PLC0415  # as above
    from conformance.expectations.checking import problems  # noqa: PLC0415
    from conformance.expectations.update import gone, narrowed  # noqa: PLC0415
    from conformance.harness.errors import WrongUse  # noqa: PLC0415

    known = load(target).known if target.exists() else ()
    there = {(each.test, each.requirement, each.versions, each.packages or "*", each.verdict) for each in known}
    new = [
        entry
        for entry in found
        if (entry.test, entry.requirement, entry.versions, entry.packages or "*", entry.record.verdict) not in there
    ]
    held = gone(known, records)
    text = target.read_text(encoding="utf-8") if target.exists() else ""
    text = narrowed(text, held) if held else text
    try:
        target.write_text("\n".join(filter(None, [text, *(entry.text for entry in new)])), encoding="utf-8")
    except OSError as problem:
        raise WrongUse(f"{target}: can not be written: {problem.strerror}") from None
    wrong = problems(load(target).known)
    return f"{len(new)} added, {len(held)} narrowed" + (f", to be looked at: {len(wrong)}" if wrong else "")


def check(options: argparse.Namespace) -> int:
    """Print what is wrong; returns the exit status."""
    from conformance.expectations import load  # noqa: PLC0415  # as above
    from conformance.expectations.checking import problems  # noqa: PLC0415
    from conformance.harness.errors import WrongUse  # noqa: PLC0415

    files = options.files or sorted(Path(__file__).parent.glob("*.toml"))
    try:
        records = _records(options.results)
        found = {file: problems(load(file).known, records) for file in files}
    except WrongUse as problem:
        return _wrong("check", problem)
    for file, lines in found.items():
        for line in lines:
            print(f"{file}: {line}")
    if not any(found.values()):
        print(f"nothing is wrong with {', '.join(file.name for file in files)}")
    return min(sum(map(len, found.values())), 1)


def _records(files: list[Path]) -> list[Record]:
    from conformance.harness.errors import WrongUse  # noqa: PLC0415  # as above
    from reports.jsonl import ResultsError, read  # noqa: PLC0415

    found = []
    for file in files:
        try:
            results = read(file)
        except ResultsError as problem:
            raise WrongUse(str(problem)) from None
        found += results.records
        for note in results.notes:
            print(f"{file}: {note}", file=sys.stderr)
    return found


def _of_one(records: list[Record], pattern: str | None) -> list[Record]:
    """The records of the runtimes that match, or of the only one: a file of expectations is for one runtime."""
    from conformance.harness.errors import WrongUse  # noqa: PLC0415  # as above

    names = ", ".join(sorted({record.runtime.name for record in records}))
    found = [record for record in records if pattern is None or fnmatchcase(record.runtime.name, pattern)]
    if pattern is None and "," in names:
        raise WrongUse(f"these are results of {names}; say of which to make entries with --runtime=GLOB")
    if not found:
        raise WrongUse(f"there are results of {names or 'nothing'}, and none of {pattern or 'a runtime'}")
    return found


def _own_file(records: list[Record]) -> Path:
    """The suite's own file for the only runtime among records: that of the profile whose name begins the runtime's."""
    from conformance.harness.errors import WrongUse  # noqa: PLC0415  # as above
    from conformance.harness.profiles import profiles  # noqa: PLC0415

    names = {record.runtime.name for record in records}
    known = [profile.name for profile in profiles()]
    found = {max((each for each in known if name.startswith(each)), key=len, default="") for name in names}
    if len(found) != 1 or "" in found:
        raise WrongUse(f"--runtime-file: there is no one file for {', '.join(sorted(names)) or 'nothing'}; use -o FILE")
    return Path(__file__).parent / f"{found.pop()}.toml"


def _wrong(command: str, problem: Exception) -> int:
    print(f"seatrial expectations {command}: {problem}", file=sys.stderr)
    return 2
