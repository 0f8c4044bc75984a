"""A run against a baseline: only regressions fail. The runtimes are the reference with faults on purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conformance.harness.errors import WrongUse
from conformance.plugin.baseline import Baseline, describe, read
from reports.jsonl import Writer
from reports.jsonl import read as read_results
from reports.record import Record, Runtime, Verdict, is_regression

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    RunPytest = Callable[..., subprocess.CompletedProcess[str]]
    Trial = Callable[..., subprocess.CompletedProcess[str]]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")
TESTS = ("conformance/oci/config/test_user.py", "-k", "has_its_umask or unset or additional")
ZERO = "test_the_program_has_its_umask[none]"


@pytest.fixture
def trial(run_pytest: RunPytest, tmp_path: Path, root: Path) -> Trial:
    """Try a runtime with a fault; its results go to a file named as the fault."""

    def trial(bug: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        runtime = tmp_path / "harbour"
        main = root / "reference_runtime/__main__.py"
        flag = f"--bug {bug}" if bug else ""
        runtime.write_text(f'#!/bin/sh\nexec {os.path.realpath(sys.executable)} -I -S {main} {flag} "$@"\n')
        runtime.chmod(0o755)
        results = tmp_path / f"{bug or 'none'}.jsonl"
        return run_pytest(*TESTS, f"--runtime={runtime}", f"--results={results}", *arguments)

    return trial


@as_root
@pytest.mark.parametrize("workers", ["0", "2"], ids=["one", "two"])
def test_a_regression_fails_and_nothing_else(trial: Trial, tmp_path: Path, workers: str) -> None:
    assert trial("umask-zero-ignored", "-n0").returncode == 1
    baseline = f"--baseline={tmp_path / 'umask-zero-ignored.jsonl'}"
    worse = trial("umask-ignored", baseline, "-n", workers)
    assert worse.returncode == 1
    assert "1 failed" in worse.stdout and "1 xfailed" in worse.stdout
    assert "violations by harbour: 1\n" in worse.stdout
    assert f"violations by harbour, known from the baseline: 1\n  MUST {TESTS[0]}::{ZERO}\n" in worse.stdout
    records = {each.test.rpartition("::")[2]: each for each in read_results(tmp_path / "umask-ignored.jsonl").records}
    assert records[ZERO].verdict == "violated" and records[ZERO].is_inherited
    assert records["test_the_program_has_its_umask[some]"].is_violation


@as_root
def test_what_was_broken_before_passes_and_what_is_fixed_is_told(trial: Trial, tmp_path: Path) -> None:
    assert trial("umask-zero-ignored", "-n0").returncode == 1
    baseline = f"--baseline={tmp_path / 'umask-zero-ignored.jsonl'}"
    same = trial("umask-zero-ignored", baseline, "-n0")
    assert same.returncode == 0, same.stdout
    assert "baseline: " in same.stdout and "KNOWN FROM THE BASELINE" in same.stdout
    fixed = trial("", baseline, "-n0")
    assert fixed.returncode == 0
    assert f"fixed by harbour since the baseline: 1\n  MUST {TESTS[0]}::{ZERO}\n" in fixed.stdout


@pytest.mark.parametrize(
    ("before", "after", "level", "expected"),
    [
        ("passed", "violated", "MUST", True),
        ("passed", "violated", "SHOULD", True),
        ("passed", "known", "MUST", False),
        ("", "violated", "MUST", True),
        ("", "violated", "SHOULD", False),
        ("flaky", "violated", "MUST", False),
        ("flaky", "crashed", "MUST", False),
        ("violated", "violated", "MUST", False),
        ("violated", "hung", "MUST", True),
        ("hung", "hung", "MUST", False),
        ("not_here", "violated", "MAY", False),
    ],
)
def test_what_a_regression_is(before: str, after: str, level: str, expected: bool) -> None:
    assert is_regression(before, after, level) is expected


def written(path: Path, *records: tuple[str, str, Verdict]) -> Path:
    with Writer(path) as writer:
        for name, version, verdict in records:
            writer.write(Record(test="t", runtime=Runtime(name=name, version=version), verdict=verdict))
    return path


def test_the_runtimes_of_the_baseline_are_found(tmp_path: Path) -> None:
    alone = written(tmp_path / "alone", ("runc", "1", Verdict.PASSED), ("runc", "1", Verdict.VIOLATED))
    assert read(alone, ["build"]).verdicts == {"build": {"t": "flaky"}}
    with pytest.raises(WrongUse, match="it has results of runc, and none of crun, youki"):
        read(alone, ["crun", "youki"])
    grown = written(tmp_path / "grown", ("runc", "1", Verdict.VIOLATED), ("runc", "2", Verdict.PASSED))
    assert read(grown, ["runc"]).verdicts == {"runc": {"t": "passed"}}
    both = written(tmp_path / "both", ("runc", "1", Verdict.VIOLATED), ("crun", "2", Verdict.PASSED))
    assert read(both, ["runc", "youki"]).verdicts == {"runc": {"t": "violated"}}


def test_what_can_not_be_read_of_the_baseline_is_told(tmp_path: Path) -> None:
    file = written(tmp_path / "alone", ("runc", "1", Verdict.PASSED))
    file.write_bytes(file.read_bytes() + b'{"format": 7}\n{"format"')
    line = describe("alone", read(file, ["runc"]), ["runc", "crun"], {})
    assert line.startswith("baseline: alone (runc 1 tests, crun no tests); left out 1 record cut off")
    assert "left out 1 line that can not be read, the first: line 2 has format 7" in line


def test_a_baseline_of_another_machine_is_told() -> None:
    baseline = Baseline({"runc": {"t": "passed"}}, [], {"kernel": "6.1", "swap": "no"})
    line = describe("file", baseline, ["runc"], {"kernel": "6.12", "swap": "no"})
    assert line == "baseline: file (runc 1 tests); of another machine: kernel 6.1"
