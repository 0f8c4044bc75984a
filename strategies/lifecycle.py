"""The life of a container: what each operation may answer in each state, and what state it leaves (runtime.md).

The model is a set of lives: all the ways in which things can stand with one id, given what was answered so far.  An
operation and its answer leave those lives that can have answered so; when none is left, the runtime has broken a rule.
Where the specification is silent both answers are allowed, and the model goes on with whatever the runtime did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STATUSES = ("absent", "created", "running", "paused", "stopped")
ACCEPTED, REFUSED, OPEN = "accepted", "refused", "open"

#: For each operation and the states named: what is due, and the requirement that says so; "" where only custom does.
_TABLE = (
    ("create", "absent", ACCEPTED, "create.new-container"),
    ("create", "created running paused stopped", REFUSED, "create.unique-id"),
    ("start", "created", ACCEPTED, "start.runs-program"),
    ("start", "absent running paused stopped", REFUSED, "start.not-created"),
    ("state", "created running paused stopped", ACCEPTED, "state.query"),
    ("state", "absent", REFUSED, "state.unknown-id"),
    ("kill", "created running", ACCEPTED, "kill.signal"),
    ("kill", "absent stopped", REFUSED, "kill.stopped"),
    ("kill", "paused", OPEN, ""),
    ("delete", "stopped", ACCEPTED, "delete.removes-resources"),
    ("delete", "absent created running paused", REFUSED, "delete.not-stopped"),
    ("delete --force", "created running paused stopped", ACCEPTED, ""),
    ("delete --force", "absent", OPEN, ""),
    ("pause", "running", ACCEPTED, ""),
    ("pause", "absent", REFUSED, ""),
    ("pause", "created paused stopped", OPEN, ""),
    ("resume", "paused", ACCEPTED, ""),
    ("resume", "absent", REFUSED, ""),
    ("resume", "created running stopped", OPEN, ""),
    ("exec", "running", ACCEPTED, ""),
    ("exec", "absent stopped", REFUSED, ""),
    ("exec", "created paused", OPEN, ""),
    ("ps", "created running paused", ACCEPTED, ""),
    ("ps", "absent", REFUSED, ""),
    ("ps", "stopped", OPEN, ""),
    ("list", "absent created running paused stopped", ACCEPTED, ""),
)


@dataclass(frozen=True)
class Rule:
    """What is due when an operation meets a state: ``accepted``, ``refused`` or ``open``."""

    verdict: str
    requirement: str


RULES = {
    (operation, status): Rule(verdict, requirement)
    for operation, statuses, verdict, requirement in _TABLE
    for status in statuses.split()
}
#: Operations that change something; two of them at once may well refuse each other.
CHANGING = frozenset({"create", "start", "kill", "delete", "delete --force", "pause", "resume"})
_REMOVING = frozenset({"delete", "delete --force"})


@dataclass(frozen=True)
class Life:
    """One way in which things can stand with an id.

    ``program`` is ``waits`` (it ends when TERM comes) or ``ends`` (at once, by itself).  ``ending`` says that nothing
    but a pause holds the end of the process up: it may come at any moment.
    """

    phase: str = "absent"
    program: str = ""
    paused: bool = False
    ending: bool = False

    @property
    def status(self) -> str:
        """The state that decides which rule holds."""
        return "paused" if self.paused else self.phase

    def shown(self) -> set[str]:
        """What ``state`` may say; the specification has no word for paused, so the state below it will do as well."""
        return {self.status, self.phase}


Lives = frozenset[Life]
NEW: Lives = frozenset({Life()})


@dataclass(frozen=True)
class Answer:
    """How an operation ended: ``status`` is what ``state`` said."""

    operation: str
    accepted: bool
    status: str = ""

    @property
    def name(self) -> str:
        """The operation without its argument."""
        return name_of(self.operation)


def name_of(operation: str) -> str:
    """``kill`` of ``kill TERM``; ``delete --force`` is an operation of its own."""
    return operation if operation in _REMOVING else operation.partition(" ")[0]


def rule(operation: str, status: str) -> Rule:
    """What is due when an operation meets a state."""
    return RULES[name_of(operation), status]


def with_time(lives: Iterable[Life]) -> Lives:
    """The lives, and what becomes of those that are ending when time passes."""
    known = frozenset(lives)
    return known | {Life("stopped", life.program) for life in known if life.ending}


def after(lives: Lives, answer: Answer, tolerated: frozenset[tuple[str, str]] = frozenset()) -> Lives:
    """The lives that can have answered so, as they stand afterwards; none when the answer breaks a rule.

    ``tolerated`` are pairs of an operation and a state that this runtime is known to accept against the rule.
    """
    found: set[Life] = set()
    for life in with_time(lives):
        verdict = rule(answer.operation, life.status).verdict
        if (answer.name, life.status) in tolerated:
            verdict = OPEN
        if verdict not in {OPEN, ACCEPTED if answer.accepted else REFUSED}:
            continue
        if answer.name == "state" and answer.accepted and answer.status not in life.shown():
            continue
        found |= _effects(life, answer.operation) if answer.accepted else {life}
    return frozenset(found)


def _effects(life: Life, operation: str) -> set[Life]:
    """What an accepted operation can have made of a life."""
    name, _, word = operation.partition(" ")
    if operation in _REMOVING:
        return {Life()}
    if (name, life.phase) == ("create", "absent"):
        return {Life("created", word)}
    if (name, life.phase) == ("start", "created"):
        return {replace(life, phase="running", ending=life.ending or life.program == "ends")}
    if life.phase not in {"created", "running"}:
        return {life}
    if name == "kill":
        return _killed(life, word)
    return _halted(life, name)


def _halted(life: Life, name: str) -> set[Life]:
    """A life after pause and resume; what waits to be started need not really be paused."""
    if name == "pause":
        return {replace(life, paused=True)} if life.phase == "running" else {life, replace(life, paused=True)}
    return {replace(life, paused=False)} if name == "resume" else {life}


def _killed(life: Life, signal: str) -> set[Life]:
    """A life after a signal: KILL ends it, some runtimes thaw it for that; what waits to be started may be deaf."""
    ending = replace(life, ending=True)
    if signal == "KILL":
        return {ending, replace(ending, paused=False)}
    if signal == "TERM":
        return {ending} if life.phase == "running" else {life, ending}
    return {life}


def died(lives: Lives) -> Lives:
    """The lives after a KILL from outside, of which the runtime knows nothing."""
    return frozenset(
        replace(life, ending=True) if life.phase in {"created", "running"} else life for life in with_time(lives)
    )


def ended(lives: Lives) -> Lives:
    """The lives once the process was seen to be gone."""
    return frozenset(Life("stopped", life.program) for life in lives if life.phase != "absent")


def explained(lives: Lives, answers: Sequence[Answer], tolerated: frozenset[tuple[str, str]] = frozenset()) -> Lives:
    """The lives after operations that ran at once, by every order of them that explains the answers.

    One that changes something may be refused because another one is at work; removing what somebody else has just
    removed may pass for removing it; and ``state`` may see an operation half done.
    """
    found: set[Life] = set()
    for order in permutations(answers):
        lives_now = with_time(lives)
        for answer in order:
            others = [other.name for other in answers if other is not answer]
            lives_now = _lenient(lives_now, answer, others, tolerated)
        found |= lives_now
    return frozenset(found)


def _lenient(lives: Lives, answer: Answer, others: list[str], tolerated: frozenset[tuple[str, str]]) -> Lives:
    if not answer.accepted and CHANGING.intersection(others):
        return with_time(lives)
    if answer.accepted and answer.name in _REMOVING and _REMOVING.intersection(others):
        return frozenset({Life()})
    passing = {"create": "creating", "delete --force": "stopped"}
    if answer.name == "state" and answer.status in {passing.get(other) for other in others}:
        return with_time(lives)
    return after(lives, answer, tolerated)
