from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from reports import allure, allure_folder
from reports.record import Expectation, Record, Requirement, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("verdict", Verdict, ids=str)
@pytest.mark.parametrize("outcome", ["passed", "failed", "skipped"])
def test_allure_is_red_exactly_when_pytest_is(make: Callable[..., Record], verdict: Verdict, outcome: str) -> None:
    status = allure.status(make(verdict=verdict), outcome)
    assert (status in {"failed", "broken"}) == (outcome == "failed")


@pytest.mark.parametrize("verdict", Verdict, ids=str)
@pytest.mark.parametrize("level", ["MUST", "SHOULD", "MAY"])
def test_every_problem_has_one_category(make: Callable[..., Record], verdict: Verdict, level: str) -> None:
    record = make(verdict=verdict, level=level, reason="one\ntwo", expectation=Expectation(reason="late"))
    found = [rule["name"] for rule in json.loads(allure_folder.categories_json()) if category(rule, record)]
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


def test_a_known_violation_is_told_with_its_reason(make: Callable[..., Record]) -> None:
    record = make(verdict=Verdict.KNOWN, reason="assert 1\n +  where 1", expectation=Expectation(reason="late"))
    assert allure.message(record) == "known: late (assert 1)"


def test_a_race_and_what_the_baseline_has_are_categories_of_their_own(make: Callable[..., Record]) -> None:
    race = Expectation(reason="late", sometimes=True)
    for record, expected in (
        (make(verdict=Verdict.KNOWN, expectation=race), "Flaky"),
        (make(verdict=Verdict.VIOLATED, baseline="known"), "Known from the baseline"),
        (make(verdict=Verdict.CRASHED, baseline="violated"), "Runtime crashed"),
    ):
        found = [rule["name"] for rule in allure_folder.categories() if category(rule, record)]
        assert found == [expected]


def category(rule: dict[str, str], record: Record) -> bool:
    return re.fullmatch(rule["messageRegex"], allure.message(record)) is not None
