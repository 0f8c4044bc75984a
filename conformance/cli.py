"""The console command ``seatrial``."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status: 0 good, 1 something was found, 2 wrong use."""
    options = make_parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; what it returns has the command as ``run``."""
    parser = argparse.ArgumentParser(prog="seatrial", description="Conformance of container runtimes.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_clean(commands)
    _add_requirements(commands)
    _add_images(commands)
    _add_replay(commands)
    from conformance.expectations.cli import add_parser as add_expectations  # noqa: PLC0415  # light itself
    from reports.cli import add_parser  # noqa: PLC0415  # readers of results need not load the rest

    add_expectations(commands)
    _add_doctor(commands)
    add_parser(commands)
    return parser


def _add_clean(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("clean", help="remove what killed trials left on this host")
    parser.set_defaults(run=_clean)


def _clean(_: argparse.Namespace) -> int:
    from conformance.harness.cleaning import clean  # noqa: PLC0415

    if os.geteuid() != 0:
        print("seatrial clean: removing cgroups needs root", file=sys.stderr)
        return 2
    done = clean()
    print("\n".join(f"removed {line}" for line in done) or "nothing was left behind")
    return 0


def _add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("doctor", help="say what this host can and can not tell, and what to do about it")
    parser.set_defaults(run=_doctor)


def _doctor(_: argparse.Namespace) -> int:
    from conformance.doctor import diagnosis  # noqa: PLC0415

    print("\n".join(diagnosis(marked_tests())))
    return 0


def _add_requirements(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("requirements", help="list the requirements, with the tests that judge them")
    parser.add_argument("pattern", nargs="?", default="*", metavar="GLOB", help="ids to list, as `memory.*`")
    parser.add_argument("--uncovered", action="store_true", help="only those that no test judges")
    parser.add_argument("--level", choices=("must", "should", "may"), default="may", help="this level and above")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=_requirements)


def _requirements(options: argparse.Namespace) -> int:
    from conformance.requirements.listing import as_json, as_text, rows  # noqa: PLC0415

    tests = bound_tests()
    listed = rows(tests, pattern=options.pattern, level=options.level.upper(), uncovered=options.uncovered)
    print(as_json(listed) if options.json else "\n".join(as_text(listed)))
    return 0


def _add_replay(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("replay", help="say whether findings of fuzzing are still there")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="folders with a finding.json")
    parser.add_argument("--runtime", default="", help="another runtime than the one that has it")
    parser.add_argument("--timeout", type=float, default=20, metavar="SECONDS", help="longest time for one operation")
    parser.set_defaults(run=_replay)
    parser = commands.add_parser("promote", help="add a finding to conformance/regressions, which each run tries first")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder with a finding.json")
    parser.set_defaults(run=_promote)


def _replay(options: argparse.Namespace) -> int:
    from conformance.fuzz.replay import replay  # noqa: PLC0415  # heavy, as below
    from conformance.harness.errors import WrongUse  # noqa: PLC0415

    try:
        return replay(options.folders, options.runtime, options.timeout)
    except WrongUse as problem:
        print(problem, file=sys.stderr)
        return 2


def _promote(options: argparse.Namespace) -> int:
    from conformance.fuzz.replay import promote  # noqa: PLC0415
    from conformance.harness.errors import WrongUse  # noqa: PLC0415

    try:
        print(promote(options.folder))
    except WrongUse as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def _add_images(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("images", help="write the suite's images, for CRI servers that can not pull them")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    export = actions.add_parser("export", help="write all images to one archive for `ctr import` or `podman load`")
    export.add_argument("--pause", default="", metavar="NAME", help="of the pause image, as registry.k8s.io/pause:3.9")
    export.add_argument("file", type=Path, metavar="FILE.tar")
    export.set_defaults(run=_export_images)


def _export_images(options: argparse.Namespace) -> int:
    from conformance.harness.errors import WrongUse  # noqa: PLC0415  # images are only made when they are wanted
    from conformance.harness.images.archive import export  # noqa: PLC0415

    try:
        names = export(options.file, options.pause)
    except WrongUse as problem:
        print(f"seatrial images export: {problem}", file=sys.stderr)
        return 2
    print("\n".join(names))
    return 0


def bound_tests() -> dict[str, list[str]]:
    """The names of the tests that are bound to each requirement."""
    found: dict[str, list[str]] = defaultdict(list)
    for test, marks in marked_tests():
        for name in dict.fromkeys(name for mark in marks for name in mark.args):
            found[name].append(test)
    return dict(found)


def marked_tests() -> Iterator[tuple[str, list[Any]]]:
    """Every test function with its ``musts``, also those of single parameters, found by loading the test files."""
    folder = Path(__file__).parent
    for file in sorted(folder.glob("*/**/test_*.py")):
        module = vars(_load(file))
        for test, function in module.items():
            if test.startswith("test_"):
                marks = _listed(module.get("pytestmark")) + _listed(vars(function).get("pytestmark"))
                yield f"{file.relative_to(folder)}::{test}", _musts(marks)


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"seatrial_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} can not be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _listed(marks: Any) -> list[Any]:
    return marks if isinstance(marks, list) else [marks] if marks else []


def _musts(marks: list[Any]) -> list[Any]:
    """Every ``musts`` among marks, also on single parameters."""
    bare = [getattr(mark, "mark", mark) for mark in marks]
    values = [value for mark in bare if mark.name == "parametrize" for value in mark.args[1]]
    deeper = [mark for value in values for mark in _musts(list(getattr(value, "marks", ())))]
    return [*(mark for mark in bare if mark.name == "musts"), *deeper]


if __name__ == "__main__":
    sys.exit(main())
