"""Failures become small: a case that fails for one edit, or for two together, is left with just these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.expectations import Expectation, Expectations
from conformance.fuzz.attempts import Attempt
from conformance.fuzz.errors import ValidRefused
from conformance.fuzz.findings import Findings
from conformance.fuzz.fuzzer import Fuzzer
from conformance.fuzz.settings import PROFILES
from conformance.harness.journal import Journal
from strategies.case import INVALID, Case
from strategies.edits import annotation

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from conformance.harness.runtime import Runtime

EDITS = [annotation(f"key-{number}", "value") for number in range(12)]


class Pretender(Fuzzer):
    """Refuses what has all of some annotations."""

    to_blame: frozenset[str]
    tried: int = 0
    passed: frozenset[str] = frozenset()

    def _attempt(self, written: dict[str, Any]) -> Attempt:
        self.tried += 1
        there = set(written["config"].get("annotations", {}))
        fails = self.to_blame <= there
        self.passed |= frozenset() if fails else there
        return Attempt(ValidRefused("no", "no") if fails else None, Journal())


@pytest.fixture
def pretender(tmp_path: Path, runtime: Runtime) -> Pretender:
    findings = Findings(tmp_path, runtime, Expectations([]))
    return Pretender(None, runtime, findings, PROFILES["smoke"])  # type: ignore[arg-type]  # it tries nothing


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.permutations(EDITS), count=st.integers(1, 2), script=st.sampled_from(["", "true", "true\nfalse"]))
def test_what_is_to_blame_is_left(pretender: Pretender, edits: list[Any], count: int, script: str) -> None:
    pretender.to_blame = frozenset(edit.args[0] for edit in EDITS[:count])
    pretender.tried = 0
    failed = Attempt(ValidRefused("no", "no"), Journal())
    case, attempt = pretender._smallest(Case(tuple(edits), script=script), failed)
    assert set(case.edits) == set(EDITS[:count])
    assert case.script == ""
    assert attempt.problem is not None
    assert pretender.tried <= 30


def test_what_makes_a_case_invalid_is_left(pretender: Pretender) -> None:
    pretender.to_blame = frozenset(["key-10"])
    failed = Attempt(ValidRefused("no", "no"), Journal())
    case = Case(tuple(EDITS), INVALID, script="true\nfalse", needed=3)
    smallest, _ = pretender._smallest(case, failed)
    assert (smallest.edits, smallest.script) == (tuple(EDITS[9:]), "true\nfalse")


def test_what_is_known_is_not_made_smaller(pretender: Pretender) -> None:
    pretender.findings.expectations = Expectations([Expectation(reason="late", finding="refused: no")])
    pretender.to_blame = frozenset(["key-3"])
    case = Case(tuple(EDITS))
    assert pretender.try_case(case) is case
    assert (pretender.tried, list(pretender.findings.known)) == (1, ["refused: no"])
    assert pretender.findings.new == []


def test_a_smoke_phase_leaves_out_what_is_known_to_hang(pretender: Pretender) -> None:
    pretender.findings.expectations = Expectations([Expectation(reason="ever", finding="hung: create with a filter")])
    assert pretender.try_case(Case(tuple(EDITS), about="a filter")) is None
    assert (pretender.tried, pretender.coverage.skipped) == (0, 1)


def test_all_of_a_pack_are_tried_without_what_is_known(pretender: Pretender) -> None:
    pretender.findings.expectations = Expectations([Expectation(reason="late", finding="refused: no")])
    pretender.to_blame = frozenset(["key-3"])
    pretender._try_pack([Case((edit,)) for edit in EDITS])
    assert pretender.passed == {edit.args[0] for edit in EDITS} - {"key-3"}
    assert pretender.tried <= 9
