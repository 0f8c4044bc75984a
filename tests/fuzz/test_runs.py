"""A run with fuzzing from the command line: findings, their folders, and doing them again."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from conformance.cli import main
from conformance.fuzz import replay
from conformance.fuzz.findings import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    RunPytest = Callable[..., subprocess.CompletedProcess[str]]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")
FUZZ = "conformance/fuzz"


@needs_root
def test_a_finding_can_be_done_again_and_promoted(
    run_pytest: RunPytest, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run_pytest(FUZZ, "-k", "valid_values_take", "--runtime-arg=--bug=umask-zero-ignored", "-n", "0")
    assert done.returncode == 1
    assert "new finding" in done.stdout and "coverage.md" in done.stdout
    (folder,) = (tmp_path / "findings/reference/fuzz").glob("effect-process-umask-*")
    finding = read(folder)
    assert (finding.confirmed, len(finding.edits)) == ("3/3", 1)
    assert subprocess.run(["sh", folder / "run.sh"], capture_output=True, check=False).returncode == 1
    assert main(["replay", str(folder)]) == 1
    assert main(["replay", "--runtime=reference", *map(str, folder.parent.iterdir())]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["still there", "fixed"]
    monkeypatch.setattr(replay, "REGRESSIONS", tmp_path / "regressions")
    assert main(["promote", str(folder)]) == 0
    assert [path.stem for path in replay.regressions()] == [finding.name]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--fuzz-time=soon", "give a time above 0"),
        ("--fuzz-time=0s", "give a time above 0"),
        ("--fuzz-examples=0", "at least 1"),
        ("--fuzz-seed=x", "whole number"),
        ("--fuzz-profile=fast", "choose one of smoke, ci, nightly, soak"),
        ("--shard=4/3", "give the number of this shard"),
        ("--fuzz-database=http://sea", "give a folder"),
    ],
)
def test_wrong_use_is_told_in_one_line(run_pytest: RunPytest, option: str, words: str) -> None:
    done = run_pytest(FUZZ, option, "--co", "-q")
    assert done.returncode == 4
    assert words in done.stderr + done.stdout and "Traceback" not in done.stderr + done.stdout


def test_workers_and_shards_take_parts_of_their_own(run_pytest: RunPytest) -> None:
    done = run_pytest(FUZZ, "--fuzz-examples=4", "--shard=2/3", "--co", "-q", "-k", "invalid_values")
    assert "[2of3-reference]" in done.stdout


@pytest.mark.parametrize("command", ["replay", "promote"])
def test_a_folder_that_is_none_is_wrong_use(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(tmp_path)]) == 2
    assert "finding.json" in capsys.readouterr().err


def test_files_alone_are_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [tmp_path / name for name in ("coverage.md", "differences.md")]
    for page in pages:
        page.touch()
    assert main(["replay", *map(str, pages)]) == 2
    assert "no folder among these files" in capsys.readouterr().err
