"""The console command."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conformance.cli import bound_tests, main
from conformance.requirements import catalogue

if TYPE_CHECKING:
    from pathlib import Path


def test_requirements_are_listed_with_their_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["requirements", "kill.*"]) == 0
    shown = capsys.readouterr().out
    assert "kill.signal" in shown and "test_the_given_signal_arrives" in shown


def test_requirements_without_tests_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["requirements", "--uncovered", "--json"]) == 0
    uncovered = json.loads(capsys.readouterr().out)
    assert "kill.signal" not in str(uncovered)


def test_every_id_that_a_test_names_is_in_the_catalogue() -> None:
    assert set(bound_tests()) <= set(catalogue())


def test_an_unknown_command_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sail"])
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_who_has_seen_enough_is_no_error(root: Path) -> None:
    command = f"{sys.executable} -m conformance.cli requirements | head -1"
    done = subprocess.run(["sh", "-c", command], cwd=root, capture_output=True, text=True, check=False)
    assert done.stderr == ""
