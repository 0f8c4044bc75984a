from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from reports import allure, allure_folder
from reports.record import Expectation, Record, Requirement, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("verdict", Verdict, ids=str)
@pytest.mark.parametrize("outcome", ["passed", "failed", "skipped"])
def test_allure_is_red_exactly_when_pytest_is(make: Callable[..., Record], verdict: Verdict, outcome: str) -> None:
    status = allure.status(make(verdict=verdict), outcome)
    assert (status in {"failed", "broken"}) == (outcome == "failed")


@pytest.mark.parametrize("verdict", Verdict, ids=str)
@pytest.mark.parametrize("level", ["MUST", "SHOULD", "MAY"])
def test_every_problem_has_one_category(make: Callable[..., Record], verdict: Verdict, level: str) -> None:
    record = make(verdict=verdict, level=level, reason="one\ntwo", expectation=Expectation(reason="late"))
    rules = json.loads(allure_folder.categories_json())
    found = [rule["name"] for rule in rules if re.fullmatch(rule["messageRegex"], allure.message(record))]
    assert len(found) == (0 if verdict is Verdict.DIFFERS else 1)


def test_the_title_is_the_sentence_with_the_parameters(make: Callable[..., Record]) -> None:
    assert allure.title(make(title="Kill\n    ends it.")) == "Kill ends it"
    assert allure.title(make(title="Kill ends it.", test="a.py::test_kill[TERM-0]")) == "Kill ends it [TERM-0]"
    assert allure.title(make(title="", test="a.py::test_kill[TERM]")) == "test_kill [TERM]"


def test_the_tree_follows_the_first_requirement(make: Callable[..., Record]) -> None:
    pages = ("runtime.md", "config.md")
    requirements = [Requirement(id=p, level="MAY", text="", section=f"in {p}", page=p, url=p) for p in pages]
    assert allure.labels(make(requirements=requirements))[:3] == [
        ("epic", "OCI runtime-spec"),
        ("feature", "runtime.md"),
        ("story", "in runtime.md"),
    ]
    assert allure.labels(make(requirements=[]))[0] == ("severity", "critical")


def test_code_in_a_description_can_have_fences(make: Callable[..., Record]) -> None:
    assert "~~~~\n```\n~~~~" in allure.description(make(observed="```"))


def test_the_difference_has_what_edits_changed() -> None:
    lines = allure.difference({"b": 1, "a": {"c": 2}}, {"a": {"c": 3}, "b": 1}).splitlines()
    assert [line for line in lines if line[0] in "+-"] == ["--- base", "+++ config.json", '-    "c": 2', '+    "c": 3']


def test_a_long_log_keeps_head_and_tail() -> None:
    assert allure.shortened("abcdefgh", 4) == "ab\n[… 4 characters left out …]\ngh"
    assert allure.shortened("abcd", 4) == "abcd"


def test_the_environment_is_readable_as_properties(make: Callable[..., Record]) -> None:
    runtime = Runtime(name="a=b: c", version="1\n\\é\U0001f600", arguments=("--x", "y"))
    assert allure_folder.environment_properties([make(runtime=runtime)]) == (
        "a\\=b\\:\\ c.arguments=--x y\na\\=b\\:\\ c.version=1\\n\\\\\\u00e9\\ud83d\\ude00\n"
    )


def test_an_older_environment_is_added_to(make: Callable[..., Record]) -> None:
    text = ""
    for name, version, kernel in (("a\\=", "1", "5"), ("b", "2", "6"), ("a\\=", "3", "6")):
        record = make(runtime=Runtime(name=name, version=version), host={"kernel": kernel})
        text = allure_folder.environment_properties([record], text)
    assert text == "a\\\\\\=.version=3\nb.version=2\nhost.kernel=6\n"


def test_two_runtimes_of_one_name_are_both_in_the_environment(make: Callable[..., Record]) -> None:
    runtimes = [Runtime(name="runc", version=version) for version in ("1.1.5", "1.3.6")]
    text = allure_folder.environment_properties([make(runtime=runtime) for runtime in runtimes])
    assert text == "runc\\ 1.1.5.version=1.1.5\nrunc\\ 1.3.6.version=1.3.6\n"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize(
    ("runtimes", "expected"),
    [
        (["runc"], [["runc"], ["runc"], "allure-history-runc.jsonl"]),
        (["/b/runc", "/a/runc"], [["-a-runc", "-b-runc"], [" a runc", " b runc"], None]),
    ],
    ids=["one", "two"],
)
def test_the_configuration_finds_the_runtimes(tmp_path: Path, runtimes: list[str], expected: list[object]) -> None:
    for number, runtime in enumerate(runtimes):
        labels = {"labels": [{"name": "runtime", "value": runtime}]}
        (tmp_path / f"{number}-result.json").write_text(json.dumps(labels))
    (tmp_path / "9-result.json").write_text("{}")
    (tmp_path / "categories.json").write_text(allure_folder.categories_json())
    (tmp_path / "allurerc.mjs").write_text(allure_folder.configuration())
    script = (
        'const { default: c } = await import("./allurerc.mjs"); const e = c.environments;'
        "console.log(JSON.stringify([Object.keys(e), Object.values(e).map((v) => v.name), c.historyPath]))"
    )
    command = ["node", "--input-type=module", "--eval", script]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    assert json.loads(printed) == expected
