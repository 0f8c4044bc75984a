"""The model of a container's life, and the histories, disasters and command lines that are drawn from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.fuzz.machine.driving import smaller
from conformance.fuzz.machine.replaying import written
from conformance.requirements import lookup
from strategies import misuse
from strategies.disasters import FACTS, disasters
from strategies.histories import ILLEGAL, LEGAL, SMOKE, histories, share_of_illegal
from strategies.lifecycle import NEW, REFUSED, RULES, STATUSES, Answer, Life, after, died, ended, explained, rule

if TYPE_CHECKING:
    from conformance.fuzz.machine.replaying import Thing
    from strategies.histories import History

CREATED, RUNNING = Life("created", "waits"), Life("running", "waits")
ENDING = Life("running", "waits", ending=True)
STOPPED = Life("stopped", "waits")


def yes(operation: str, status: str = "") -> Answer:
    return Answer(operation, accepted=True, status=status)


def no(operation: str) -> Answer:
    return Answer(operation, accepted=False)


def test_there_is_a_rule_for_every_operation_in_every_state() -> None:
    operations = {operation for operation, _ in RULES}
    assert {(operation, status) for operation in operations for status in STATUSES} == set(RULES)


@pytest.mark.parametrize("name", sorted({rule.requirement for rule in RULES.values() if rule.requirement}))
def test_a_rule_names_a_requirement_of_the_catalogue(name: str) -> None:
    assert lookup(name).level == "MUST"


def test_what_is_drawn_as_illegal_must_be_refused_or_is_open() -> None:
    for status, operations in ILLEGAL.items():
        assert {rule(operation, status).verdict for operation in operations} <= {REFUSED, "open"}
    for status, operations in LEGAL.items():
        assert REFUSED not in {rule(operation, status).verdict for operation in operations if operation != "death"}


def test_a_life_in_order() -> None:
    lives = NEW
    for operation in ("create waits", "start", "pause", "resume", "kill TERM"):
        lives = after(lives, yes(operation))
    assert lives == {ENDING}
    assert after(ended(lives), yes("delete")) == NEW


@pytest.mark.parametrize(
    ("life", "answer"),
    [
        (RUNNING, yes("start")),
        (RUNNING, yes("delete")),
        (STOPPED, yes("kill KILL")),
        (STOPPED, yes("create waits")),
        (Life(), yes("state", "stopped")),
        (CREATED, yes("state", "running")),
        (CREATED, no("start")),
        (STOPPED, no("delete")),
    ],
)
def test_what_breaks_a_rule_leaves_no_life(life: Life, answer: Answer) -> None:
    assert after(frozenset({life}), answer) == frozenset()


def test_what_is_tolerated_goes_on() -> None:
    assert after(frozenset({CREATED}), yes("delete"), frozenset({("delete", "created")})) == NEW


def test_a_process_that_is_ending_may_have_ended() -> None:
    lives = died(frozenset({RUNNING}))
    assert after(lives, yes("state", "running")) and after(lives, yes("state", "stopped"))
    assert after(lives, yes("delete")) and after(lives, no("delete"))


def test_a_paused_container_may_be_shown_as_what_is_paused() -> None:
    lives = after(frozenset({RUNNING}), yes("pause"))
    assert after(lives, yes("state", "paused")) and after(lives, yes("state", "running"))
    assert not after(lives, yes("state", "stopped"))


@pytest.mark.parametrize(
    ("life", "answers", "is_explained"),
    [
        (CREATED, (yes("start"), no("start")), True),
        (CREATED, (yes("start"), yes("start")), False),
        (Life(), (yes("create waits"), yes("create waits")), False),
        (Life(), (yes("create waits"), yes("state", "creating")), True),
        (RUNNING, (yes("kill KILL"), yes("delete")), True),
        (RUNNING, (no("kill KILL"), yes("state", "running")), False),
        (STOPPED, (yes("delete"), yes("delete")), True),
        (STOPPED, (yes("delete"), yes("create waits")), True),
        (STOPPED, (no("delete"), yes("create waits")), False),
    ],
)
def test_some_order_explains_the_answers(life: Life, answers: tuple[Answer, ...], is_explained: bool) -> None:
    assert bool(explained(frozenset({life}), answers)) is is_explained


def test_of_a_hundred_turns_15_to_30_are_illegal() -> None:
    turns = illegal = 0.0

    @settings(max_examples=300, database=None, derandomize=True)
    @given(histories())
    def count(history: History) -> None:
        nonlocal turns, illegal
        turns += len(history)
        illegal += share_of_illegal(history) * len(history)

    count()
    assert 0.15 <= illegal / turns <= 0.3


@settings(max_examples=50, database=None)
@given(st.one_of(histories(), disasters(), misuse.misuses()))
def test_whatever_is_drawn_can_be_written_down_and_made_smaller(thing: Thing) -> None:
    assert json.loads(json.dumps(written(thing)))
    assert thing not in list(smaller(thing))


def test_a_history_gets_shorter_turn_by_turn() -> None:
    lengths = {len(history) for history in smaller(SMOKE[0])}
    assert {len(SMOKE[0]) - 1, (len(SMOKE[0]) + 1) // 2} <= lengths


def test_every_operation_has_its_disasters() -> None:
    assert set(FACTS) == {"create", "start", "delete", "delete --force"}


def test_no_misuse_names_a_folder_outside_of_the_trial() -> None:
    words = [word for rows in misuse.TABLE.values() for case in rows for word in case.words[1:]]
    harmless = {"/", "/proc/self/fd/77", "/proc/pid"}  # as bundles and a pid file, which nobody removes
    assert {word for word in words if word.startswith("/")} <= harmless
