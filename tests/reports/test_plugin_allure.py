from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "project"
VERDICTS = {
    "test_state": "passed",
    "test_umask small": "passed",
    "test_umask large": "passed",
    "test_kill": "failed",
    "test_hooks": "skipped",
    "test_crash": "failed",
    "test_hang": "failed",
    "test_leak": "failed",
    "test_known": "skipped",
    "test_gone": "failed",
    "test_differs": "passed",
    "test_unsupported": "skipped",
    "test_not_here": "skipped",
    "test_broken": "broken",
    "test_sunk": "passed",
    "test_zz_interrupted": "passed",
    "test_without_a_record": "passed",
}


class Folder(NamedTuple):
    path: Path

    def results(self) -> dict[str, dict[str, Any]]:
        """The results by the name of the test's function and its parameters; several of one name are an error."""
        found: dict[str, dict[str, Any]] = {}
        for file in sorted(self.path.glob("*-result.json")):
            result = json.loads(file.read_text())
            case = [each["value"] for each in result.get("parameters", []) if each["name"] != "runtime"]
            name = " ".join([result["fullName"].partition("#")[2], *case])
            assert name not in found
            found[name] = result
        return found

    def text(self, name: str) -> str:
        return (self.path / name).read_text()


def trial(folder: Path, *arguments: str, **environment: str) -> Folder:
    command = [sys.executable, "-m", "pytest", "-p", "no:seatrial", "-p", "no:cacheprovider", "--rootdir", str(PROJECT)]
    done = subprocess.run(
        [*command, "-c", os.devnull, str(PROJECT), "--alluredir", str(folder), *arguments],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (2 if environment.get("INTERRUPTED") else 1), done.stdout + done.stderr
    return Folder(folder)


def labels(result: dict[str, Any], name: str) -> list[str]:
    return [label["value"] for label in result["labels"] if label["name"] == name]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return trial(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def sunk(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = tmp_path_factory.mktemp("sunk")
    (folder / "old-result.json").touch()
    return trial(folder, "-n2", "--runtime=lagoon", "--clean-alluredir", SUNK="1")


def test_every_verdict_has_its_status(alone: Folder) -> None:
    assert {name: result["status"] for name, result in alone.results().items()} == VERDICTS


def test_a_result_has_its_place_in_the_specification(alone: Folder) -> None:
    result = alone.results()["test_kill"]
    assert result["name"] == "Kill of a stopped container is refused"
    assert {name: labels(result, name) for name in ("epic", "feature", "story", "severity", "runtime", "verdict")} == {
        "epic": ["OCI runtime-spec"],
        "feature": ["runtime.md"],
        "story": ["Kill"],
        "severity": ["critical"],
        "runtime": ["harbour"],
        "verdict": ["violated"],
    }
    assert labels(result, "tag") == ["kill.stopped", "state.id", "cgroup.memory"]
    assert [(link["type"], link["name"]) for link in result["links"]] == [
        ("link", "kill.stopped: runtime.md, Kill"),
        ("link", "state.id: runtime.md, State"),
    ]


def test_severity_follows_the_level(alone: Folder) -> None:
    results = alone.results()
    assert labels(results["test_hooks"], "severity") == ["normal"]
    assert labels(results["test_broken"], "severity") == ["minor"]


def test_messages_begin_with_the_verdict(alone: Folder) -> None:
    messages = {name: result.get("statusDetails", {}).get("message") for name, result in alone.results().items()}
    assert messages["test_kill"] == "violated MUST: exit status 0"
    assert messages["test_hooks"] == "violated SHOULD: ran late"
    assert messages["test_not_here"] == "not here: no hugetlb"
    assert messages["test_gone"] == "no longer known: take it out"
    assert messages["test_state"] is None


def test_a_known_violation_links_to_its_report(alone: Folder) -> None:
    result = alone.results()["test_known"]
    assert result["statusDetails"]["known"] is True
    assert {"type": "issue", "url": "https://example.test/issues/7", "name": "fixed in 1.5"} in result["links"]


def test_the_evidence_is_attached_once(alone: Folder) -> None:
    found = {each["name"]: alone.text(each["source"]) for each in alone.results()["test_kill"]["attachments"]}
    assert list(found) == [
        "config.json",
        "config.json against the base",
        "commands",
        "probe report",
        "log",
        "run.sh",
    ]
    assert json.loads(found["config.json"])["ociVersion"] == "1.0.0"
    assert '+      "wait"' in found["config.json against the base"]
    assert found["commands"] == "/opt/harbour create 'a b'\n/opt/harbour kill 'a b'"
    assert found["run.sh"] == "#!/bin/sh\nexit 1\n"
    assert len(list(alone.path.glob("*-attachment.*"))) == len(found)


def test_a_test_is_the_same_for_all_runtimes_and_each_has_its_history(alone: Folder, sunk: Folder) -> None:
    here, there = alone.results(), sunk.results()
    assert here.keys() == there.keys()
    for name in here:
        for field in ("testCaseId", "fullName", "titlePath"):
            assert here[name][field] == there[name][field], name
        assert (here[name]["historyId"] == there[name]["historyId"]) == (name == "test_without_a_record")
    for field in ("historyId", "testCaseId"):
        assert len({result[field] for result in here.values()}) == len(here)


def test_a_history_goes_on_also_where_a_worker_died(tmp_path: Path, sunk: Folder) -> None:
    again = trial(tmp_path, "--runtime=lagoon").results()
    assert {name: result["historyId"] for name, result in again.items()} == {
        name: result["historyId"] for name, result in sunk.results().items()
    }


def test_two_runtimes_of_one_run_are_cases_of_one_test(tmp_path: Path) -> None:
    trial(tmp_path, "--runtime=harbour", "--runtime=lagoon", "-k", "test_kill")
    one, other = (json.loads(file.read_text()) for file in tmp_path.glob("*-result.json"))
    assert one["testCaseId"] == other["testCaseId"] and one["historyId"] != other["historyId"]
    assert {*labels(one, "runtime"), *labels(other, "runtime")} == {"harbour", "lagoon"}
    lines = Folder(tmp_path).text("environment.properties").splitlines()
    assert [line for line in lines if "version" in line] == ["harbour.version=1.4.2", "lagoon.version=0.9"]


def test_a_crashed_worker_costs_no_result(alone: Folder, sunk: Folder) -> None:
    results = sunk.results()
    assert {name: result["status"] for name, result in results.items()} == VERDICTS | {"test_sunk": "broken"}
    result, normal = results["test_sunk"], alone.results()["test_sunk"]
    assert result["statusDetails"]["message"].startswith("broken: worker 'gw")
    for name in ("epic", "feature", "story", "severity", "parentSuite", "suite"):
        assert labels(result, name) == labels(normal, name)
    assert labels(result, "verdict") == ["broken"]


def test_an_interrupted_run_keeps_what_it_has_and_claims_no_more(tmp_path: Path) -> None:
    folder = trial(tmp_path, INTERRUPTED="1")
    results = folder.results()
    found = {name: result["status"] for name, result in results.items()}
    assert found == VERDICTS | {"test_zz_interrupted": "skipped"}
    assert results["test_zz_interrupted"]["statusDetails"]["message"] == "interrupted before it was judged"
    assert '"runtime": "harbour"' in folder.text("allurerc.mjs")


def test_what_an_earlier_run_left_is_cleaned_once(sunk: Folder) -> None:
    assert not (sunk.path / "old-result.json").exists()


def test_the_environment_of_an_earlier_run_stays(tmp_path: Path) -> None:
    for runtime in ("harbour", "lagoon"):
        trial(tmp_path, f"--runtime={runtime}", "-k", "test_kill")
    lines = Folder(tmp_path).text("environment.properties").splitlines()
    assert [line for line in lines if "version" in line] == ["harbour.version=1.4.2", "lagoon.version=0.9"]


def test_the_folder_configures_the_report(alone: Folder) -> None:
    assert '"runtime": "harbour"' in alone.text("allurerc.mjs")
    assert {"name": "Runtime hung", "messageRegex": r"^hung\b[\s\S]*"} in json.loads(alone.text("categories.json"))
    assert alone.text("environment.properties") == (
        "harbour.path=/opt/harbour\n"
        f"harbour.sha256={'5e' * 32}\n"
        "harbour.version=1.4.2\n"
        "host.cgroups=v2 (cpu memory)\n"
        "host.kernel=6.1.0\n"
        "specification=1.3.0\n"
    )
