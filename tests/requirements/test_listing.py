import json

from conformance.requirements.catalogue import catalogue
from conformance.requirements.listing import as_json, as_text, rows

TESTS = {"kill.stopped": ["test_kill_is_refused", "test_kill_twice"]}


def test_the_table_is_aligned_and_summed() -> None:
    assert list(as_text(rows(TESTS, pattern="kill.*"))) == [
        "kill.without-id  MUST  Kill  1.0.0  -",
        "kill.stopped     MUST  Kill  1.0.0  test_kill_is_refused, test_kill_twice",
        "kill.signal      MUST  Kill  1.0.0  -",
        "",
        "3 requirements: MUST 1 of 3 tested",
    ]


def test_uncovered_leaves_out_what_is_tested() -> None:
    left = [row.requirement.id for row in rows(TESTS, pattern="kill.*", uncovered=True)]
    assert left == ["kill.without-id", "kill.signal"]


def test_a_level_includes_the_stronger_ones() -> None:
    assert {row.requirement.level for row in rows({}, level="SHOULD")} == {"MUST", "SHOULD"}
    assert len(rows({})) == len(catalogue())


def test_a_statement_of_the_past_shows_both_ends() -> None:
    (line, *_) = as_text(rows({}, pattern="hooks.poststart.failure.warned"))
    assert "1.0.0-1.2.1" in line


def test_nothing_found_is_said() -> None:
    assert list(as_text(rows({}, pattern="nothing.*"))) == ["", "no requirements"]


def test_json_has_the_link_and_the_tests() -> None:
    (entry,) = json.loads(as_json(rows(TESTS, pattern="kill.stopped")))
    assert entry["tests"] == TESTS["kill.stopped"]
    assert entry["url"].endswith("runtime.md?plain=1#L135")
