"""The configuration for Allure 3, and the command that makes its report; Allure itself where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports import cli
from reports.allure_config import Tried, configuration, environments, runtimes_in
from reports.allure_report import INSTALL, ReportError, build

if TYPE_CHECKING:
    from collections.abc import Callable

    Fake = Callable[[str], Path]

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
GENERATES = """
config=$3 output=$5 results=$6
mkdir -p "$output" && echo page > "$output/index.html" && cp -r "$results" "$output/copy"
"""


def result(folder: Path, name: str, runtime: str, version: str = "1", **changes: Any) -> None:
    folder.mkdir(exist_ok=True)
    labels = [{"name": "runtime", "value": runtime}, {"name": "version", "value": version}]
    document = {
        "uuid": f"{name}-{runtime}-{version}",
        "name": name,
        "fullName": name,
        "status": "passed",
        "stage": "finished",
        "start": 1700000000000,
        "stop": 1700000000005,
        "labels": labels,
        "parameters": [{"name": "runtime", "value": runtime, "mode": "hidden"}],
    }
    (folder / f"{name}-{runtime}-{version}-result.json").write_text(json.dumps(document | changes))


def report(*arguments: object) -> int:
    parser = ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    options = parser.parse_args(["report", *map(str, arguments)])
    status: int = options.run(options)
    return status


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put a program in the place of Allure that says this version, and keeps what it was given."""

    def fake(version: str) -> Path:
        programs = tmp_path / "programs"
        programs.mkdir()
        (programs / "allure").write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo {version} && exit\n{GENERATES}')
        (programs / "node").write_text("#!/bin/sh\n")
        for program in programs.iterdir():
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.defpath}")
        return tmp_path / "report"

    return fake


def test_each_runtime_is_an_environment_that_allure_takes() -> None:
    found = list(environments([Tried("/b/runc", "1"), Tried("/b\\runc", "2"), Tried("é" * 99, "1"), Tried("/", "1")]))
    assert [(each["id"], each["name"]) for each in found] == [
        ("-", "runtime"),
        ("-b-runc", " b runc".strip()),
        ("-b-runc-2", "b runc"),
        ("--2", "é" * 64),
    ]


def test_two_versions_of_one_name_are_told_in_its_variables() -> None:
    (found,) = environments([Tried("runc", "1.3"), Tried("runc", "1.1")])
    assert found["variables"] == {"version": "1.1, 1.3"}


def test_results_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    result(tmp_path, "a", "runc", "1.1")
    for number, text in enumerate(('{"labels": [{"na', "[]", '{"labels": [1]}', "{}")):
        (tmp_path / f"{number}-result.json").write_text(text)
    assert runtimes_in(tmp_path) == {Tried("runc", "1.1")}


@needs_node
def test_the_configuration_is_javascript(tmp_path: Path) -> None:
    text = configuration([Tried('ru"nc', "1")], history="/a/history.jsonl", single_file=True)
    (tmp_path / "allurerc.mjs").write_text(text)
    script = (
        'const { default: c } = await import("./allurerc.mjs"); const [[id, e]] = Object.entries(c.environments);'
        "const labels = (value) => ({ labels: [{ name: 'runtime', value }] });"
        "console.log(JSON.stringify([id, e.name, e.matcher(labels('ru\"nc')), e.matcher(labels('crun')), "
        "c.historyPath, c.plugins.awesome.options.singleFile, c.categories.length > 10]))"
    )
    command = ["node", "--input-type=module", "--eval", script]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    assert json.loads(printed) == ["ru-nc", 'ru"nc', True, False, "/a/history.jsonl", True, True]


def test_results_of_several_folders_are_one_report(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = fake("3.18.0")
    for folder, runtime, version in (("a", "runc", "1.1"), ("b", "runc", "1.3"), ("b", "crun", "1.8")):
        result(tmp_path / folder, "kill", runtime, version)
    (tmp_path / "a/0-result.json").write_text('{"uuid"')
    (tmp_path / "a/1-attachment.txt").write_text("evidence")
    (tmp_path / "a/environment.properties").write_text("runc.version=1.1\n")
    assert report(tmp_path / "a", tmp_path / "b", "-o", output, "--history", tmp_path / "history.jsonl") == 0
    told = capsys.readouterr()
    assert told.out == f"{output}/index.html: 3 results of crun, runc 1.1, runc 1.3\n"
    assert told.err == "left out 1 results cut off when a run was killed\n"
    given = output / "copy"
    named = [json.loads(file.read_text()) for file in given.glob("*-result.json")]
    assert sorted(each["parameters"][0]["value"] for each in named) == ["crun", "runc 1.1", "runc 1.3"]
    assert (given / "1-attachment.txt").read_text() == "evidence"
    assert (given / "environment.properties").read_text() == "runc.version=1.1\n"
    assert f'"historyPath": "{tmp_path}/history.jsonl"' in (given / "allurerc.mjs").read_text()
    assert report(tmp_path / "b", "-o", output) == 0
    assert len(list(given.glob("*-result.json"))) == 2


@pytest.mark.parametrize(
    ("version", "folder", "output", "message"),
    [
        ("", "a", "report", "Node is not installed: install Node 20 or newer, then `npm install --global allure@3`"),
        ("2.30.0", "a", "report", "is Allure 2.30.0, not 3: install Node 20"),
        ("3.1.0", "empty", "report", "there are no Allure results in it; pytest writes them with --alluredir="),
        ("3.1.0", "a", "a", "there is something else than a report; give another folder"),
    ],
    ids=["none", "old", "empty", "other"],
)
def test_wrong_use_is_one_line(  # noqa: PLR0913, PLR0917  # a table and fixtures
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, folder: str, output: str, message: str
) -> None:
    result(tmp_path / "a", "kill", "runc")
    (tmp_path / "empty").mkdir()
    if version:
        fake(version)
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReportError) as caught:
        build([tmp_path / folder], tmp_path / output)
    assert "\n" not in str(caught.value) and message in str(caught.value)


def test_the_command_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert report(tmp_path) == 2
    assert capsys.readouterr() == ("", f"seatrial report: Node is not installed: {INSTALL}\n")


@needs_node
@pytest.mark.skipif(shutil.which("allure") is None, reason="needs Allure 3")
def test_allure_counts_as_we_do(tmp_path: Path) -> None:
    for run in range(3):
        for runtime in ("runc", "crun"):
            folder = tmp_path / str(run)
            bad: dict[str, Any] = {"status": "failed", "statusDetails": {"message": "violated MUST: no"}}
            result(folder, "kill", runtime, **(bad if run == 1 and runtime == "runc" else {}))
            known = {"message": "known: late"}
            result(folder, "start", runtime, status="skipped", statusDetails=known)
        output = tmp_path / f"report-{run}"
        assert report(folder, "-o", output, "--history", tmp_path / "history.jsonl") == 0
        found = json.loads((output / "widgets/categories.json").read_text())
        counts = {found["nodes"][root]["name"]: found["nodes"][root]["statistic"]["total"] for root in found["roots"]}
        assert counts == ({"MUST violated": 1} if run == 1 else {}) | {"Known violation": 2}
    tests = [json.loads(file.read_text()) for file in (tmp_path / "report-2/data/test-results").glob("*.json")]
    assert [len(test["history"]) for test in tests] == [2, 2, 2, 2]
    assert [test["environment"] for test in tests if test.get("transition") == "fixed"] == ["runc"]
