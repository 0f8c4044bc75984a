"""Cases: the valid ones are valid by the schema, the invalid ones name a sentence, and none is there twice."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, find, given, settings

from conformance.requirements import lookup
from conformance.schema import errors_of
from strategies import table
from strategies.case import INVALID, UNSPECIFIED, VALID, Case, Document
from strategies.edits import hostname, tmpfs, umask
from strategies.generators import broken_documents, invalid_cases, unspecified_cases, valid_cases
from strategies.joining import fields_of, joined, packs
from strategies.models import expected
from strategies.surroundings import Surroundings

SURROUNDINGS = Surroundings(
    hard=dict.fromkeys(("CORE", "NOFILE", "STACK", "AS", "FSIZE", "CPU", "NPROC", "MEMLOCK"), 2**64 - 1),
    controllers=frozenset({"memory", "pids", "cpu", "cpuset", "devices", "net_cls"}),
    processors=4,
    namespaces=frozenset({"pid", "mount", "ipc", "uts", "network", "cgroup", "user", "time"}),
    swap=True,
)
TABLE = table.all_valid_cases(SURROUNDINGS)
INVALID_CASES = table.invalid_cases(SURROUNDINGS)
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def test_every_valid_value_of_the_table_passes_the_schema() -> None:
    wrong = {repr(case.edits): errors_of(case.config(), "config") for case in TABLE}
    assert {edits: errors for edits, errors in wrong.items() if errors} == {}


@QUICK
@given(case=valid_cases(surroundings=SURROUNDINGS))
def test_every_valid_case_that_is_drawn_passes_the_schema(case: Case) -> None:
    assert case.verdict == VALID
    assert errors_of(case.config(), "config") == []


@QUICK
@given(case=valid_cases(surroundings=SURROUNDINGS))
def test_every_fact_of_a_model_names_a_requirement(case: Case) -> None:
    facts = expected(case.config(), case.under)
    assert facts
    assert {lookup(fact.requirement).level for fact in facts} <= {"MUST", "SHOULD", "MAY"}


@QUICK
@given(case=invalid_cases(surroundings=SURROUNDINGS))
def test_every_invalid_case_names_its_sentence(case: Case) -> None:
    assert case.verdict == INVALID
    assert lookup(case.requirement).level == "MUST" and case.about
    assert json.loads(json.dumps(case.written())) == case.written()


@QUICK
@given(case=unspecified_cases(surroundings=SURROUNDINGS))
def test_unspecified_cases_can_be_written_down(case: Case) -> None:
    assert case.verdict == UNSPECIFIED and case.about
    json.dumps(case.written())


def test_the_table_says_nothing_twice() -> None:
    for cases in (INVALID_CASES, table.unspecified_cases(), table.documents()):
        names = [(case.about, case.edits, case.script) for case in cases]
        assert len(set(map(repr, names))) == len(names)
    assert len({case.about for case in INVALID_CASES}) == len(INVALID_CASES)


@pytest.mark.parametrize("case", [case for case in INVALID_CASES if not case.script], ids=lambda case: case.about)
def test_without_its_last_edit_an_invalid_case_is_valid_by_the_schema(case: Case) -> None:
    rest = Case(case.edits[:-1]) if case.edits[1:] else Case()
    assert errors_of(rest.config(), "config") == []


def test_packs_have_every_case_once_and_no_field_twice() -> None:
    found = list(packs(TABLE))
    assert sorted(map(repr, (case for pack in found for case in pack))) == sorted(map(repr, TABLE))
    for pack in found:
        fields = [field for case in pack for field in fields_of(case)]
        assert len(set(fields)) == len(fields) or len(pack) == 1
        assert errors_of(joined(pack).config(), "config") == []
    assert max(map(len, found)) > 8


def test_what_is_drawn_shrinks_to_one_edit() -> None:
    masks = find(
        valid_cases(surroundings=SURROUNDINGS),
        lambda case: any(edit.name == "umask" for edit in case.edits),
        settings=settings(database=None, max_examples=2000),
    )
    assert len(masks.edits) == 1
    two = find(
        valid_cases(surroundings=SURROUNDINGS),
        lambda case: {"tmpfs", "hostname"} <= {edit.name for edit in case.edits},
        settings=settings(database=None, max_examples=5000),
    )
    assert len(two.edits) == 2


@QUICK
@given(case=broken_documents())
def test_broken_documents_are_no_objects(case: Case) -> None:
    assert case.verdict == INVALID and ">config.json" in case.script


@pytest.mark.parametrize("case", table.documents(), ids=lambda case: case.about)
def test_a_document_is_short_to_write_down(case: Case) -> None:
    assert len(case.script) < 20_000


def test_a_document_is_its_pieces() -> None:
    document = Document(((b"[", 3), (b"\xff", 1), (b"", 5)))
    assert document.content() == b"[[[\xff"


def test_cases_that_set_the_same_do_not_meet() -> None:
    cases = [Case((umask(1),)), Case((umask(2),)), Case((hostname("a"),)), Case((tmpfs("/mnt"),))]
    assert [len(pack) for pack in packs(cases)] == [3, 1]
