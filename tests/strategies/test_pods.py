"""The model of sandboxes and containers, and the histories that are drawn from it."""

from __future__ import annotations

from hypothesis import given, settings

from conformance.requirements.catalogue import catalogue
from strategies.lifecycle import ACCEPTED, OPEN, REFUSED
from strategies.pod_histories import SMOKE, histories, requirements
from strategies.pods import (
    ABSENT,
    ASKED,
    BY_ITSELF,
    EXITED,
    HALTED,
    NEW,
    NOTREADY,
    RULES,
    RUNNING,
    History,
    Life,
    Turn,
    World,
    expected,
    rule,
    share_of_odd,
)


def played(*operations: str) -> World:
    world = NEW
    for operation in operations:
        world = expected(world, Turn(operation, 0))
    return world


def verdict(world: World, operation: str) -> str:
    return rule(world, Turn(operation, 0)).verdict


def test_a_life_goes_its_way() -> None:
    assert played("run", "create waits", "start").containers[0] == Life(RUNNING, "waits")
    assert played("run", "create waits", "start", "stop").containers[0] == Life(EXITED, "waits", ASKED)
    assert played("run", "create waits", "start", "kill").containers[0] == Life(EXITED, "waits", None)
    assert played("run", "create ends", "start").containers[0] == Life(EXITED, "ends", BY_ITSELF)
    assert played("run", "create ends", "start", "remove") == played("run")


def test_a_container_can_be_started_once() -> None:
    assert verdict(played("run", "create waits"), "start") == ACCEPTED
    assert verdict(played("run", "create waits", "start"), "start") == REFUSED
    assert verdict(played("run", "create ends", "start"), "start") == REFUSED


def test_what_is_gone_can_be_removed_again() -> None:
    assert verdict(NEW, "remove") == verdict(NEW, "remove sandbox") == ACCEPTED
    assert expected(NEW, Turn("remove sandbox", 0)) == NEW
    assert verdict(NEW, "stop sandbox") == OPEN
    assert expected(NEW, Turn("stop sandbox", 0)) == NEW


def test_a_sandbox_takes_its_containers_along() -> None:
    stopped = played("run", "create waits", "start", "stop sandbox")
    assert stopped.sandboxes[0] == NOTREADY
    assert stopped.containers[0] == Life(EXITED, "waits", None)
    assert played("run", "create waits", "start", "remove sandbox") == NEW


def test_containers_need_a_sandbox_that_is_ready() -> None:
    assert verdict(NEW, "create waits") == REFUSED
    assert verdict(played("run", "stop sandbox"), "create waits") == REFUSED
    assert verdict(played("run", "create waits", "stop sandbox"), "start") == OPEN


def test_a_container_that_was_stopped_before_its_start_may_be_told_as_either() -> None:
    halted = played("run", "create waits", "stop sandbox").containers[0]
    assert halted.phase == HALTED
    assert halted.shown() == {"created", "exited"}


def test_slots_are_apart() -> None:
    world = expected(played("run", "create waits", "start"), Turn("run", 1))
    assert expected(world, Turn("remove sandbox", 1)) == played("run", "create waits", "start")
    assert world.containers[1] == Life(ABSENT)


def test_rules_name_requirements() -> None:
    named = {each.requirement for each in RULES.values()} - {""}
    assert named <= set(catalogue())
    assert requirements() >= {"cri.container.start.twice", "cri.sandbox.remove.idempotent"}


@settings(max_examples=200, deadline=None)
@given(histories())
def test_every_turn_has_a_rule(history: History) -> None:
    world = NEW
    for turn in history:
        assert rule(world, turn).verdict in {ACCEPTED, REFUSED, OPEN}
        world = expected(world, turn)


def test_histories_are_odd_enough() -> None:
    drawn: list[History] = []

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(histories())
    def draw(history: History) -> None:
        drawn.append(history)

    draw()
    together = [share_of_odd(history) for history in drawn if len(history) > 6]
    assert 0.15 < sum(together) / len(together) < 0.3 + 0.05
    assert all(share_of_odd(history) > 0.1 for history in SMOKE)
