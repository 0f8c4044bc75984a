"""Do findings again: ``seatrial replay``, and what was promoted to ``conformance/regressions/``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import msgspec

from conformance.fuzz.attempts import Bench
from conformance.fuzz.findings import FILE, Finding, read, signature_of, written
from conformance.harness.errors import WrongUse
from conformance.harness.runtime import Runtime, find
from conformance.harness.trial import Trial

if TYPE_CHECKING:
    from typing import Any

    from conformance.fuzz.attempts import Attempt

REGRESSIONS = Path(__file__).parent.parent / "regressions"

#: Which module understands the cases of a kind: its ``attempt(bench, runtime, case)`` does one again.
REPLAYERS = {
    "case": "conformance.fuzz.judging",
    "equals": "conformance.fuzz.equals",
    "machine": "conformance.fuzz.machine.replaying",
}


class Replayer(Protocol):
    """A module that can do cases of its kind again."""

    def attempt(self, bench: Bench, runtime: Runtime, case: dict[str, Any]) -> Attempt:
        """Do a case once more."""
        ...


def replayer(kind: str) -> Replayer:
    """What understands the cases of a kind.  Raises ``WrongUse`` for one that nobody understands."""
    if kind not in REPLAYERS:
        raise WrongUse(f"a finding of the kind {kind!r} can not be done again: it comes from another version")
    return cast("Replayer", importlib.import_module(REPLAYERS[kind]))


def again(bench: Bench, runtime: Runtime, finding: Finding) -> str:
    """Do a finding again: "still there", "fixed", or "gone" when something else is violated now."""
    problem = replayer(finding.kind).attempt(bench, runtime, finding.case).problem
    if problem is None:
        return "fixed"
    return "still there" if signature_of(problem) == finding.signature else f"gone: now {signature_of(problem)}"


def folder_of(path: Path) -> Finding:
    """The finding in a folder.  Raises ``WrongUse`` when there is none."""
    try:
        return read(path)
    except OSError as problem:
        raise WrongUse(f"{path}: there is no {FILE} ({problem.strerror}); give folders of findings") from None
    except msgspec.DecodeError as problem:
        raise WrongUse(f"{path / FILE} can not be read: {problem}") from None


def runtime_of(finding: Finding, name: str) -> Runtime:
    """The runtime called ``name``, or else the one that has the finding.  Raises ``WrongUse`` when it is not here."""
    if name:
        return find(name)
    return find(finding.path or "reference", tuple(finding.arguments)).named(finding.runtime)


def _key(finding: Finding) -> tuple[str, ...]:
    return (finding.path, *finding.arguments)


def replay(folders: list[Path], name: str, timeout: float) -> int:
    """Say of each folder whether its finding is still there; 0 when none is, else 1.

    Files among folders, such as the page of the coverage, are passed over.
    """
    findings = [(folder, folder_of(folder)) for folder in folders if len(folders) == 1 or not folder.is_file()]
    if not findings:
        raise WrongUse("there is no folder among these files; give folders of findings")
    runtimes = {_key(finding): runtime_of(finding, name) for _, finding in findings}
    status = 0
    with Trial() as trial:
        bench = Bench(trial, timeout)
        for folder, finding in findings:
            answer = again(bench, runtimes[_key(finding)], finding)
            status = max(status, int(answer == "still there"))
            print(f"{answer}: {folder} ({finding.title})", flush=True)
    return status


def promote(folder: Path) -> Path:
    """Keep a finding for ever: copy what a run needs to do it again to ``conformance/regressions/``."""
    finding = folder_of(folder)
    target = REGRESSIONS / f"{finding.name}.json"
    try:
        REGRESSIONS.mkdir(exist_ok=True)
        lasting = msgspec.structs.replace(finding, path="", arguments=[], steps=[], package="")
        target.write_text(written(lasting))
    except OSError as problem:
        raise WrongUse(f"{target} can not be written: {problem.strerror}") from None
    return target


def regressions() -> list[Path]:
    """What was promoted, in the order of the names."""
    return sorted(REGRESSIONS.glob("*.json"))
