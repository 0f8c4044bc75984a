"""Histories: what callers, programs and bad luck do to a few containers, turn by turn, as Hypothesis strategies.

A history is drawn as intents, which the model turns into operations: "something legal", "something illegal", "several
at once".  Any part of a history is a history again, so that shrinking may take turns out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from strategies.lifecycle import NEW, Answer, Life, Lives, after, died, ended, rule

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: The death of the program by a KILL that did not come from the runtime.
DEATH = "death"


class Turn(NamedTuple):
    """What happens next to the container of a slot: operations, at once if there are several."""

    slot: int
    operations: tuple[str, ...]


History = tuple[Turn, ...]

LEGAL = {
    "absent": ("create waits", "create ends"),
    "created": ("start", "state", "kill KILL", DEATH, "exec", "ps", "list", "delete --force", "kill TERM"),
    "running": ("kill TERM", "kill KILL", "pause", "exec", "state", "ps", "list", "kill CONT", DEATH, "delete --force"),
    "paused": ("resume", "state", "ps", "list", DEATH, "kill KILL", "delete --force"),
    "stopped": ("delete", "state", "list", "delete --force"),
}
ILLEGAL = {
    "absent": ("start", "kill KILL", "delete", "state", "exec", "pause", "resume", "ps"),
    "created": ("create waits", "delete", "resume"),
    "running": ("create waits", "start", "delete", "resume"),
    "paused": ("create waits", "start", "delete", "pause"),
    "stopped": ("create waits", "start", "kill KILL", "kill TERM", "exec", "pause", "resume"),
}
#: No two operations of which one can wait for a container that the other has paused.
TOGETHER = {
    "absent": (("create waits", "create waits"), ("create waits", "state"), ("create ends", "delete --force")),
    "created": (("start", "start"), ("start", "state"), ("start", "kill KILL"), ("start", "delete --force")),
    "running": (
        ("kill TERM", "state"),
        ("kill KILL", "kill KILL"),
        ("kill TERM", "delete"),
        ("kill KILL", "delete --force"),
        ("delete --force", "delete --force"),
        ("exec", "kill KILL"),
        ("exec", "exec", "exec"),
        ("pause", "state"),
    ),
    "paused": (("resume", "resume"), ("resume", "state"), ("state", "delete --force")),
    "stopped": (("delete", "delete"), ("delete", "state"), ("delete", "start"), ("delete", "create waits")),
}
_KINDS: dict[str, Mapping[str, Sequence[str | tuple[str, ...]]]] = {
    "legal": LEGAL,
    "illegal": ILLEGAL,
    "together": TOGETHER,
}
#: Of a hundred turns these many are illegal, and these many are several operations at once.
_WEIGHTS = ["legal"] * 13 + ["illegal"] * 5 + ["together"] * 2

#: Short histories in which most of the rules come up: what a trial plays that has little time.
SMOKE: tuple[History, ...] = (
    (
        Turn(0, ("create waits",)),
        Turn(0, ("start",)),
        Turn(0, ("start",)),
        Turn(0, ("delete",)),
        Turn(0, ("create waits",)),
        Turn(0, ("pause",)),
        Turn(0, ("delete",)),
        Turn(0, ("resume",)),
        Turn(1, ("create ends",)),
        Turn(0, ("list",)),
        Turn(1, ("start",)),
        Turn(1, ("kill KILL",)),
        Turn(1, ("start",)),
        Turn(0, ("ps",)),
        Turn(0, (DEATH,)),
        Turn(0, ("exec",)),
        Turn(0, ("delete",)),
        Turn(0, ("state",)),
        Turn(1, ("delete --force",)),
    ),
    (
        Turn(0, ("create waits", "create waits")),
        Turn(0, ("start", "start")),
        Turn(0, ("exec", "exec")),
        Turn(0, ("kill TERM", "state")),
        Turn(0, ("delete", "delete")),
    ),
)


class _Intent(NamedTuple):
    kind: str
    slot: int
    choice: int


def histories(*, slots: int = 3, longest: int = 24) -> SearchStrategy[History]:
    """Histories of up to ``slots`` containers, with up to ``longest`` turns."""
    mostly_first = [slot for slot in range(slots) for _ in range(slots - slot)]
    intents = st.builds(_Intent, st.sampled_from(_WEIGHTS), st.sampled_from(mostly_first), st.integers(0, 11))
    # Chapters make for histories that are longer on average, and as short as one turn when they shrink.
    chapters = st.lists(st.lists(intents, min_size=1, max_size=longest // 3), min_size=1, max_size=3)
    return chapters.map(lambda several: _resolved([intent for chapter in several for intent in chapter]))


def _resolved(intents: list[_Intent]) -> History:
    """The operations that intents come to, as things would stand with a runtime that follows the specification."""
    lives: dict[int, Life] = {}
    turns = []
    for kind, slot, choice in intents:
        life = lives.get(slot, Life())
        choices = _KINDS[kind][life.status]
        chosen = choices[choice % len(choices)]
        turn = Turn(slot, (chosen,) if isinstance(chosen, str) else chosen)
        turns.append(turn)
        for operation in turn.operations:
            life = expected(life, operation)
        lives[slot] = life
    return tuple(turns)


def expected(life: Life, operation: str) -> Life:
    """A life after an operation, once all is settled."""
    if operation == DEATH:
        return _settled(died(frozenset({life})))
    due = rule(operation, life.status).verdict
    if due == "refused" or operation == "state":
        return life
    return _settled(after(frozenset({life}), Answer(operation, accepted=True)))


def _settled(lives: Lives) -> Life:
    """The one life that is most to be expected: what is ending and not held up has ended."""
    life = min(lives or NEW, key=lambda each: (each.phase == "stopped", not each.ending, each.paused))
    if life.ending and not life.paused:
        return next(iter(ended(frozenset({life}))))
    return life


def share_of_illegal(history: History) -> float:
    """How many of a history's turns are a single operation that must be refused, from 0 to 1."""
    lives: dict[int, Life] = {}
    illegal = 0
    for slot, operations in history:
        for operation in operations:
            life = lives.get(slot, Life())
            if operation != DEATH and len(operations) == 1:
                illegal += rule(operation, life.status).verdict == "refused"
            lives[slot] = expected(life, operation)
    return illegal / len(history)
