"""What a run prints and writes, on the reference runtime."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reports.jsonl import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    RunPytest = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")
STATE = "conformance/oci/runtime/test_state.py"


def test_the_header_says_what_is_tried_and_where(run_pytest: RunPytest) -> None:
    lines = run_pytest(STATE, "-k", "carries_the_id").stdout.splitlines()
    assert any(line.startswith("runtime: reference ") and "sha256" in line for line in lines)
    assert any(line.startswith("host: kernel ") and "cgroups" in line for line in lines)


@pytest.mark.parametrize("workers", ["0", "2"], ids=["one", "two"])
def test_each_result_is_a_record(run_pytest: RunPytest, tmp_path: Path, workers: str) -> None:
    results = tmp_path / "results.jsonl"
    assert run_pytest(STATE, f"--results={results}", "-n", workers).returncode == 0
    records = read(results).records
    assert {record.verdict for record in records} == {"passed"}
    assert {record.test.partition("[")[0] for record in records} >= {f"{STATE}::test_state_carries_the_id"}
    assert all(record.requirements and record.title and record.runtime.sha256 for record in records)


def test_several_runtimes_in_one_run(run_pytest: RunPytest, tmp_path: Path, root: Path) -> None:
    twin = tmp_path / "twin"
    main = root / "reference_runtime/__main__.py"
    twin.write_text(f'#!/bin/sh\nexec {os.path.realpath(sys.executable)} -I -S {main} "$@"\n')
    twin.chmod(0o755)
    results = tmp_path / "results.jsonl"
    done = run_pytest(STATE, "-k", "carries_the_id", "--runtime=reference", f"--runtime={twin}", f"--results={results}")
    assert done.returncode == 0, done.stdout
    assert {record.runtime.name for record in read(results).records} == {"reference", "twin"}
    assert len({record.test for record in read(results).records}) == 1


def test_a_violation_leaves_a_folder_that_shows_it(run_pytest: RunPytest, tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    done = run_pytest(STATE, "-k", "carries_the_id", "--runtime-arg=--bug=state-id-wrong", f"--results={results}")
    assert done.returncode == 1
    assert "VIOLATED" in done.stdout
    record = read(results).records[0]
    assert record.verdict == "violated"
    assert record.expected and record.observed
    again = subprocess.run(["sh", record.reproduction], capture_output=True, text=True, check=False)
    assert again.returncode == 1, again.stdout + again.stderr
    json.loads(next((tmp_path / "findings").rglob("config-1.json")).read_text())


def test_only_the_requirements_asked_for_are_tried(run_pytest: RunPytest) -> None:
    done = run_pytest("conformance/oci/runtime", "--requirement=state.id", "--co", "-q")
    assert "carries_the_id" in done.stdout
    assert "annotations" not in done.stdout


def test_allure_results_name_the_section(run_pytest: RunPytest, tmp_path: Path) -> None:
    assert run_pytest(STATE, "-k", "carries_the_id", f"--alluredir={tmp_path / 'allure'}").returncode == 0
    (result,) = [json.loads(path.read_text()) for path in (tmp_path / "allure").glob("*-result.json")]
    labels = {label["name"]: label["value"] for label in result["labels"]}
    assert (labels["feature"], labels["story"]) == ("runtime.md", "State")
    assert (tmp_path / "allure/environment.properties").exists()


def test_names_do_not_depend_on_where_pytest_is_started(run_pytest: RunPytest, tmp_path: Path, root: Path) -> None:
    for number, arguments in enumerate(([STATE], ["--pyargs", "conformance", f"--rootdir={root / 'conformance'}"])):
        folder, results = tmp_path / f"allure-{number}", tmp_path / f"{number}.jsonl"
        chosen = ("-n0", "-k", "carries_the_id", f"--results={results}", f"--alluredir={folder}")
        assert run_pytest(*arguments, *chosen).returncode == 0
    assert len({record.test for number in (0, 1) for record in read(tmp_path / f"{number}.jsonl").records}) == 1
    found = [json.loads(path.read_text()) for path in tmp_path.glob("allure-*/*-result.json")]
    assert len({(result["historyId"], result["testCaseId"], result["fullName"]) for result in found}) == 1


def test_a_fault_that_fixtures_notice_is_proved_without_the_test(run_pytest: RunPytest, tmp_path: Path) -> None:
    (tmp_path / "test_noticed.py").write_text(
        "import pytest\n"
        "from conformance import musts, proved_by\n"
        "from conformance.harness.errors import Violation\n\n"
        "@pytest.fixture\n"
        "def noticed(scene):\n"
        "    raise Violation('it is wrong')\n\n"
        "@pytest.fixture\n"
        "def broken(scene):\n"
        "    raise KeyError('it is ours')\n\n"
        "@proved_by('state-id-wrong')\n"
        "@musts('state.id')\n"
        "def test_noticed(noticed):\n"
        "    raise KeyError('not without fixtures')\n\n"
        "@proved_by('state-id-wrong')\n"
        "@musts('state.id')\n"
        "def test_broken(broken):\n"
        "    pass\n"
    )
    for workers in ("0", "1"):
        done = run_pytest(str(tmp_path), "--runtime=reference", "--prove", "-q", "-n", workers)
        assert "1 passed, 1 error" in done.stdout, done.stdout + done.stderr
        assert "without fixtures" not in done.stdout
