"""Findings: failures of one cause are one, each is looked into, and the folder can be read again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.expectations import Expectation, Expectations
from conformance.fuzz.errors import EffectDiffers, InvalidAccepted, ValidRefused
from conformance.fuzz.findings import (
    FILE,
    Finding,
    Findings,
    finding_of,
    fingerprint_of,
    normalised,
    read,
    signature_of,
)
from conformance.fuzz.judging import panic
from conformance.fuzz.replay import folder_of
from conformance.harness.errors import Hung, Violation, WrongUse
from conformance.harness.journal import Journal
from strategies.case import Case
from strategies.edits import cwd, hostname

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.harness.runtime import Runtime

CASE = Case((cwd("sea"), hostname("sea")))


def made(problem: Violation, runtime: Runtime) -> Finding:
    return finding_of(problem, Journal(), runtime, CASE.edits, kind="case", case=CASE.written())


def collector(folder: Path, runtime: Runtime, *known: Expectation) -> Findings:
    return Findings(folder, runtime, Expectations(list(known)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/run/c1: it said 5", "/run/c77/x: it said -12"),
        (
            'time="2026-01-01T00:00:00Z" level=error msg="no `a`"',
            'time="2027-02-02T00:00:00Z" level=error msg="no `b`"',
        ),
        ("2026-01-01T00:00:00.123Z: mount 'a': bad", "2026-03-01T10:00:00.5Z: mount 'b c': bad"),
        ("at 0xdeadbeef", "at 0x12"),
    ],
    ids=["paths", "log", "times", "addresses"],
)
def test_messages_of_one_cause_are_one(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


def test_messages_of_other_causes_are_others() -> None:
    assert normalised("no space left") != normalised("no such file")


def test_the_stable_part_of_a_message_counts() -> None:
    one, other = (EffectDiffers(f"umask is {mask}", "process.umask: umask") for mask in (1, 2))
    assert signature_of(one) == signature_of(other) == "effect: process.umask: umask"
    assert signature_of(Violation("/a 1")) == signature_of(Violation("/b 2"))
    assert signature_of(Hung("x")) != signature_of(Violation("x"))


def test_a_failure_is_news_once(tmp_path: Path, runtime: Runtime) -> None:
    findings = collector(tmp_path, runtime)
    answers = [findings.is_news(ValidRefused(text, about)) for text, about in (("1", "a"), ("2", "a"), ("3", "b"))]
    assert answers == [True, False, True]


@pytest.mark.parametrize(("again", "confirmed"), [(3, "3/3"), (2, "2/3"), (0, "0/3")])
def test_a_failure_is_done_again_before_it_is_believed(
    tmp_path: Path, runtime: Runtime, again: int, confirmed: str
) -> None:
    findings, problem = collector(tmp_path, runtime), ValidRefused("no", "no")
    answers = iter([problem] * again + [None] * 3)
    finding = made(problem, runtime)
    taken = findings.take(finding, Journal(), lambda: next(answers))
    assert finding.confirmed == confirmed
    assert (taken is None) == (again == 0)
    assert finding.is_flaky == (again < 3)
    assert (tmp_path / finding.name / FILE).exists() == (again > 0)


def test_another_failure_does_not_confirm(tmp_path: Path, runtime: Runtime) -> None:
    finding = made(ValidRefused("no", "no"), runtime)
    assert collector(tmp_path, runtime).take(finding, Journal(), lambda: ValidRefused("x", "x")) is None


def test_what_is_known_is_not_new(tmp_path: Path, runtime: Runtime) -> None:
    findings = collector(tmp_path, runtime, Expectation(reason="late", finding="refused: no*"))
    assert findings.is_known(ValidRefused("no", "no way"))
    assert findings.known == {"refused: no way": "late"}
    assert not findings.is_known(ValidRefused("no", "a way"))


def test_what_is_known_to_hang_is_told_before_it_is_tried(tmp_path: Path, runtime: Runtime) -> None:
    findings = collector(tmp_path, runtime, Expectation(reason="for ever", finding="hung: create with a filter*"))
    assert [findings.is_known_to_hang(about) for about in ("a filter that kills", "a mount", "")] == [
        True,
        False,
        False,
    ]


def test_what_comes_late_in_a_long_message_can_be_known(tmp_path: Path, runtime: Runtime) -> None:
    message = "mounting " + "a source to its place " * 20 + "data: defaults: invalid argument"
    problem = ValidRefused(message, normalised(message))
    findings = collector(tmp_path, runtime, Expectation(reason="late", finding="refused: *data: default*"))
    assert findings.is_known(problem)
    finding = made(problem, runtime)
    assert len(finding.title) <= 200 and finding.signature.startswith(finding.title[:-1])


def test_a_requirement_can_be_known(tmp_path: Path, runtime: Runtime) -> None:
    findings = collector(tmp_path, runtime, Expectation(reason="late", requirement="process.cwd*"))
    assert findings.is_known(InvalidAccepted("x", "x", "process.cwd.absolute"))
    assert findings.is_known(ValidRefused("x", "y"), ["process.cwd"])
    assert not findings.is_known(ValidRefused("x", "y"), ["process.env"])


def test_a_folder_tells_all_and_can_be_read_again(tmp_path: Path, runtime: Runtime) -> None:
    problem = InvalidAccepted("accepted \ud800", "a relative cwd", "process.cwd.absolute")
    finding = made(problem, runtime)
    finding.case["config"]["big"] = 10**40
    collector(tmp_path, runtime).take(finding, Journal(configs={"/b": CASE.config()}), lambda: problem)
    folder = tmp_path / finding.name
    assert {path.name for path in folder.iterdir()} == {"README.md", "config-1.json", "finding.json", "probe", "run.sh"}
    again = read(folder)
    assert (again.signature, again.case["config"]["big"]) == (finding.signature, 10**40)
    assert again.fingerprint == fingerprint_of(finding.signature)
    assert "The working directory is an absolute path." in (folder / "README.md").read_text()


@pytest.mark.parametrize("content", [None, "{", "[]", json.dumps({"format": 1})], ids=["none", "cut", "list", "part"])
def test_a_folder_without_a_finding_is_wrong_use(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_text(content)
    with pytest.raises(WrongUse, match=FILE):
        folder_of(tmp_path)


def test_a_panic_is_told_without_its_stack() -> None:
    said = """`create c1` ended with 2: level=info msg="begin"
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x55d1]

goroutine 1 [running]:
main.loadSpec({0x55d1b1, 0xb})
\tgithub.com/example/spec.go:136 +0x2f
main.setup(0xc0?)
"""
    assert panic(said) == "panic: runtime error: invalid memory address or nil pointer dereference in main.loadSpec(…)"
    assert panic("`start c1` ended with 1: it went down at 0x12") == normalised(
        "`start c1` ended with 1: it went down at 0x12"
    )
