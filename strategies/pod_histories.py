"""Histories of sandboxes and containers, as Hypothesis strategies: intents that the model turns into operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from strategies.pods import ABSENT, CONTAINERS, FROM_IMAGE, NEW, READY, SANDBOXES, History, Turn, World, expected, rule

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: What a client that knows what it does asks of a sandbox, of one that has a container running, and of a container.
_SANDBOX = {
    "absent": ("run",),
    "ready": ("ask sandbox", "stop sandbox", "remove sandbox"),
    "notready": ("remove sandbox", "ask sandbox"),
}
_CONTAINER = {
    "absent": ("create waits", "create ends"),
    "created": ("start", "start", "start", "ask", "remove"),
    "running": ("stop", "kill", "exec", "ask", "remove"),
    "exited": ("remove", "ask", "remove"),
    "halted": ("remove",),
    "odd": ("remove",),
}
#: Of the image, also while a container is made from it.
_IMAGE = {"absent": ("pull",), "present": ("remove image", "pull")}
#: What is refused, repeated, or too late.
_ODD_SANDBOX = {
    "absent": ("stop sandbox", "remove sandbox", "ask sandbox"),
    "ready": ("run",),
    "notready": ("stop sandbox",),
}
_ODD_CONTAINER = {
    "absent": ("start", "stop", "kill", "remove", "exec", "ask"),
    "created": ("create waits", "exec", "stop", "kill"),
    "running": ("start", "create waits", "start"),
    "exited": ("start", "stop", "kill", "exec", "create ends"),
    "halted": ("stop", "kill", "start", "create waits"),
    "odd": ("stop", "start"),
}
_ODD_IMAGE = {"absent": ("remove image",), "present": ("pull", "remove image")}
#: Of twenty turns these many are odd.
_WEIGHTS = [False] * 15 + [True] * 5
#: Containers are asked for more often than sandboxes.
_THINGS = [
    *(("sandbox", slot) for slot in range(SANDBOXES)),
    *(("container", slot) for slot in range(CONTAINERS)),
    *(("container", slot) for slot in range(CONTAINERS)),
    ("image", FROM_IMAGE),
]

#: Short histories in which most of the rules come up: what a trial plays that has little time.
SMOKE: tuple[History, ...] = (
    (
        Turn("remove sandbox", 0),
        Turn("run", 0),
        Turn("run", 0),
        Turn("create waits", 0),
        Turn("create waits", 0),
        Turn("exec", 0),
        Turn("start", 0),
        Turn("start", 0),
        Turn("create ends", 2),
        Turn("pull", 2),
        Turn("create ends", 2),
        Turn("start", 2),
        Turn("start", 2),
        Turn("exec", 2),
        Turn("exec", 0),
        Turn("stop", 0),
        Turn("stop", 0),
        Turn("remove", 0),
        Turn("remove", 0),
        Turn("start", 0),
        Turn("create ends", 0),
        Turn("kill", 0),
        Turn("remove", 2),
        Turn("create waits", 2),
        Turn("start", 2),
        Turn("stop sandbox", 0),
        Turn("stop sandbox", 0),
        Turn("create waits", 2),
        Turn("remove sandbox", 0),
        Turn("remove sandbox", 0),
        Turn("create waits", 2),
        Turn("ask sandbox", 0),
    ),
    (
        Turn("run", 1),
        Turn("create waits", 1),
        Turn("start", 1),
        Turn("start", 1),
        Turn("stop", 1),
        Turn("remove", 1),
        Turn("create waits", 1),
        Turn("start", 1),
        Turn("remove", 1),
        Turn("ask", 1),
        Turn("create waits", 1),
        Turn("start", 1),
        Turn("stop sandbox", 1),
        Turn("remove sandbox", 1),
        Turn("run", 1),
        Turn("ask", 1),
    ),
)
#: The same for the image, and the container that is made from it.
WITH_IMAGE: History = (
    Turn("remove image", 2),
    Turn("run", 0),
    Turn("create waits", 2),
    Turn("pull", 2),
    Turn("pull", 2),
    Turn("create waits", 2),
    Turn("start", 2),
    Turn("remove image", 2),
    Turn("exec", 2),
    Turn("stop", 2),
    Turn("pull", 2),
    Turn("remove", 2),
    Turn("remove image", 2),
    Turn("remove image", 2),
    Turn("create ends", 2),
    Turn("pull", 2),
    Turn("create ends", 2),
    Turn("start", 2),
    Turn("remove sandbox", 0),
    Turn("remove image", 2),
)


class _Intent(NamedTuple):
    odd: bool
    thing: tuple[str, int]
    choice: int


def histories(longest: int = 24) -> SearchStrategy[History]:
    """Histories with up to ``longest`` turns, of which about a quarter are illegal or repeated."""
    intents = st.builds(_Intent, st.sampled_from(_WEIGHTS), st.sampled_from(_THINGS), st.integers(0, 11))
    chapters = st.lists(st.lists(intents, min_size=1, max_size=longest // 3), min_size=1, max_size=3)
    return chapters.map(lambda several: _resolved([intent for chapter in several for intent in chapter]))


def _resolved(intents: list[_Intent]) -> History:
    """The operations that intents come to, as things stand with a server that follows the definition."""
    world, turns = NEW, []
    for intent in intents:
        turn = _turn(world, intent)
        turns.append(turn)
        world = expected(world, turn)
    return tuple(turns)


def _turn(world: World, intent: _Intent) -> Turn:
    kind, slot = intent.thing
    if kind == "container" and not intent.odd and world.sandbox_of(slot) != READY:
        # A legal life of a container begins with a sandbox that is ready.
        kind, slot = "sandbox", slot % SANDBOXES
    if kind == "container" and not intent.odd and slot == FROM_IMAGE and _misses_image(world):
        kind = "image"
    if kind == "image":
        choices = (_ODD_IMAGE if intent.odd else _IMAGE)[world.image]
    elif kind == "sandbox":
        choices = (_ODD_SANDBOX if intent.odd else _SANDBOX)[world.sandboxes[slot]]
    else:
        choices = (_ODD_CONTAINER if intent.odd else _CONTAINER)[world.containers[slot].phase]
    return Turn(choices[intent.choice % len(choices)], slot)


def _misses_image(world: World) -> bool:
    """Whether there is neither the image nor a container that was made from it."""
    return world.image == ABSENT and world.containers[FROM_IMAGE].phase == ABSENT


def requirements() -> set[str]:
    """The requirements that playing the smoke histories judges."""
    found, world = set(), NEW
    for history in (*SMOKE, WITH_IMAGE):
        for turn in history:
            found.add(rule(world, turn).requirement)
            world = expected(world, turn)
        world = NEW
    return found - {""}
