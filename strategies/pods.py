"""The life of sandboxes, the containers in them and an image, as the comments of the CRI's definition have it.

A world is how things stand with a few sandboxes, containers and an image that one of the containers is made from.  An
operation meets a world and must be accepted, must be refused, or is open where the definition is silent; what it leaves
is the next world.  Container ``n`` always lives in sandbox ``n % SANDBOXES``, so any part of a history is one, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from strategies.lifecycle import ACCEPTED, OPEN, REFUSED, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

SANDBOXES, CONTAINERS = 2, 3
#: What the program of a container exits with that ends by itself, and one that was asked to end.
BY_ITSELF, ASKED = 3, 7

ABSENT, READY, NOTREADY = "absent", "ready", "notready"
#: Of the image: pulled, or one that is there always, where none can be pulled.
PRESENT, FIXED = "present", "fixed"
#: The container that is made from the image.
FROM_IMAGE = CONTAINERS - 1
CREATED, RUNNING, EXITED = "created", "running", "exited"
#: Of a container that was stopped before it was started, both may be told; after an odd start, anything.
HALTED, ODD = "halted", "odd"


class Turn(NamedTuple):
    """What is asked next, and of which sandbox or container."""

    operation: str
    slot: int


History = tuple[Turn, ...]
ON_SANDBOXES = ("run", "stop sandbox", "remove sandbox", "ask sandbox")
ON_IMAGE = ("pull", "remove image")


@dataclass(frozen=True)
class Life:
    """How things stand with a container; ``code`` is its exit code, None when the definition does not say which."""

    phase: str = ABSENT
    program: str = ""
    code: int | None = None

    def shown(self) -> set[str]:
        """The states that may be told of it."""
        loose = {HALTED: {CREATED, EXITED}, ODD: {CREATED, RUNNING, EXITED}}
        return loose.get(self.phase, {self.phase})


@dataclass(frozen=True)
class World:
    """How things stand with all sandboxes and containers, and with the image."""

    sandboxes: tuple[str, ...] = (ABSENT,) * SANDBOXES
    containers: tuple[Life, ...] = (Life(),) * CONTAINERS
    image: str = ABSENT

    def sandbox_of(self, slot: int) -> str:
        """How things stand with the sandbox of a container."""
        return self.sandboxes[slot % SANDBOXES]


NEW = World()

#: For each operation on a sandbox and its states: what is due, and the requirement that says so.
_SANDBOX = (
    ("run", "absent", ACCEPTED, "cri.sandbox.ready"),
    ("run", "ready", REFUSED, "cri.sandbox.metadata.unique"),
    ("run", "notready", OPEN, ""),
    ("stop sandbox", "ready", ACCEPTED, "cri.sandbox.stop.not-ready"),
    ("stop sandbox", "notready", ACCEPTED, "cri.sandbox.stop.idempotent"),
    ("stop sandbox", "absent", OPEN, "cri.sandbox.stop.unknown"),
    ("remove sandbox", "ready notready", ACCEPTED, "cri.sandbox.remove"),
    ("remove sandbox", "absent", ACCEPTED, "cri.sandbox.remove.idempotent"),
    ("ask sandbox", "ready notready", ACCEPTED, "cri.sandbox.ready"),
    ("ask sandbox", "absent", REFUSED, "cri.sandbox.status.absent"),
)
#: The same for the image, which may be in use.
_IMAGE = (
    ("pull", "absent present used", ACCEPTED, "cri.image.pull"),
    ("remove image", "present", ACCEPTED, "cri.image.remove"),
    ("remove image", "absent", ACCEPTED, "cri.image.remove.idempotent"),
    ("remove image", "used", OPEN, ""),
)
#: The same for containers.
_CONTAINER = (
    ("create waits", "absent", ACCEPTED, "cri.container.created"),
    ("create ends", "absent", ACCEPTED, "cri.container.created"),
    ("create waits", "created running exited halted odd", REFUSED, "cri.container.metadata.unique"),
    ("create ends", "created running exited halted odd", REFUSED, "cri.container.metadata.unique"),
    ("start", "created", ACCEPTED, "cri.container.started"),
    ("start", "absent running exited", REFUSED, "cri.container.start.twice"),
    ("start", "halted odd", OPEN, ""),
    ("stop", "running", ACCEPTED, "cri.container.stop.grace"),
    ("stop", "exited", ACCEPTED, "cri.container.stop.idempotent"),
    ("stop", "absent created halted odd", OPEN, ""),
    ("kill", "running", ACCEPTED, "cri.container.stop.kill"),
    ("kill", "exited", ACCEPTED, "cri.container.stop.idempotent"),
    ("kill", "absent created halted odd", OPEN, ""),
    ("remove", "created exited halted odd", ACCEPTED, "cri.container.remove.idempotent"),
    ("remove", "running", ACCEPTED, "cri.container.remove.running"),
    ("remove", "absent", ACCEPTED, "cri.container.remove.idempotent"),
    ("exec", "running", ACCEPTED, "cri.exec-sync"),
    ("exec", "absent exited", REFUSED, "cri.exec-sync.absent"),
    ("exec", "created halted odd", OPEN, ""),
    ("ask", "created running exited halted odd", ACCEPTED, "cri.container.state"),
    ("ask", "absent", REFUSED, "cri.container.status.absent"),
)
RULES = {
    (operation, state): Rule(verdict, requirement)
    for operation, states, verdict, requirement in (*_SANDBOX, *_IMAGE, *_CONTAINER)
    for state in states.split()
}


def rule(world: World, turn: Turn) -> Rule:
    """What is due when an operation meets a world."""
    if turn.operation in ON_SANDBOXES:
        return RULES[turn.operation, world.sandboxes[turn.slot]]
    if turn.operation in ON_IMAGE:
        is_used = world.image == PRESENT and world.containers[FROM_IMAGE].phase != ABSENT
        return RULES[turn.operation, "used" if is_used else world.image]
    found = RULES[turn.operation, world.containers[turn.slot].phase]
    if found.verdict == ACCEPTED and _lacks_image(world, turn):
        return Rule(REFUSED, "cri.container.image.required")
    if world.sandbox_of(turn.slot) == READY or found.verdict != ACCEPTED:
        return found
    if turn.operation.startswith("create"):
        return Rule(REFUSED, "cri.sandbox.stop.not-ready")
    return Rule(OPEN, "") if turn.operation == "start" else found


def _lacks_image(world: World, turn: Turn) -> bool:
    return turn.operation.startswith("create") and turn.slot == FROM_IMAGE and world.image == ABSENT


def after(world: World, turn: Turn, *, accepted: bool) -> World:
    """The world after an operation that was answered so."""
    if not accepted:
        return world
    if turn.operation in ON_SANDBOXES:
        return _after_sandbox(world, turn)
    if turn.operation in ON_IMAGE:
        return replace(world, image=PRESENT if turn.operation == "pull" else ABSENT)
    return _with(world, {turn.slot: _after_container(world, turn)})


def _after_sandbox(world: World, turn: Turn) -> World:
    mine = [slot for slot in range(CONTAINERS) if slot % SANDBOXES == turn.slot]
    lives = {slot: world.containers[slot] for slot in mine}
    if turn.operation == "run":
        return _with(world, {}, {turn.slot: READY})
    if turn.operation == "stop sandbox" and world.sandboxes[turn.slot] != ABSENT:
        return _with(world, {slot: _stopped(life, None) for slot, life in lives.items()}, {turn.slot: NOTREADY})
    if turn.operation == "remove sandbox":
        return _with(world, dict.fromkeys(mine, Life()), {turn.slot: ABSENT})
    return world


def _after_container(world: World, turn: Turn) -> Life:
    life = world.containers[turn.slot]
    name, _, program = turn.operation.partition(" ")
    if name == "create":
        return Life(CREATED, program)
    if name == "start":
        return (
            _started(life)
            if life.phase == CREATED and world.sandbox_of(turn.slot) == READY
            else replace(life, phase=ODD)
        )
    if name == "remove":
        return Life()
    if name in {"stop", "kill"}:
        return _stopped(life, ASKED if name == "stop" else None)  # some servers ask for an instant before they kill
    return life


def _started(life: Life) -> Life:
    """A life whose program has begun and, when it ends by itself, has ended."""
    return replace(life, phase=RUNNING) if life.program == "waits" else Life(EXITED, life.program, BY_ITSELF)


def _stopped(life: Life, code: int | None) -> Life:
    if life.phase == RUNNING:
        return Life(EXITED, life.program, code)
    return replace(life, phase=HALTED) if life.phase == CREATED else life


def _with(world: World, lives: dict[int, Life], sandboxes: dict[int, str] | None = None) -> World:
    return World(
        tuple((sandboxes or {}).get(slot, state) for slot, state in enumerate(world.sandboxes)),
        tuple(lives.get(slot, life) for slot, life in enumerate(world.containers)),
        world.image,
    )


def expected(world: World, turn: Turn) -> World:
    """The world after an operation, as a server leaves it that refuses what it need not accept."""
    return after(world, turn, accepted=rule(world, turn).verdict == ACCEPTED)


def share_of_odd(history: Iterable[Turn]) -> float:
    """How many of a history's turns are not simply accepted for the first time, from 0 to 1."""
    world, odd, count = NEW, 0, 0
    for turn in history:
        follows = expected(world, turn)
        asks = turn.operation in {"ask", "ask sandbox", "exec"}
        odd += rule(world, turn).verdict != ACCEPTED or (follows == world and not asks)
        world, count = follows, count + 1
    return odd / max(1, count)
