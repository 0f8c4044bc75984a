"""Plays a history on a runtime, and holds every answer against the model of ``strategies.lifecycle``."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.expectations import expectations_for
from conformance.fuzz.machine.oracles import LifecycleBroken, ListWrong, StateWrong, Unexplained
from conformance.harness.container import WAITING
from conformance.harness.errors import Hung
from conformance.harness.journal import Step
from conformance.harness.state import read_state
from strategies import lifecycle as model
from strategies.edits import do, trap
from strategies.histories import DEATH
from strategies.lifecycle import ACCEPTED, NEW, REFUSED, RULES, Answer

if TYPE_CHECKING:
    from conformance.harness.container import Completed, Container
    from conformance.harness.runtime import Runtime
    from conformance.harness.scene import Scene
    from strategies.edit import Edit
    from strategies.histories import History
    from strategies.lifecycle import Lives

#: Waits for the end of an operation that was begun, and notes whether others ran at the same time.
End = Callable[[bool], "Completed"]
Tolerated = frozenset[tuple[str, str]]

#: What programs do: wait for a TERM that they obey, or end at once.
PROGRAMS: dict[str, tuple[Edit, ...]] = {"waits": (trap("TERM"), do("wait")), "ends": ()}
#: How long `state` may take to notice what has already happened, in seconds.
PATIENCE = 1.0
#: Commands that not every runtime has; without them their turns are left out.
OPTIONAL = ("pause", "resume", "exec", "ps", "list")


def accepted_against_the_rule(operation: str, status: str) -> str:
    """The words for an operation that had to be refused and was not: what expectations know it by."""
    return f"{operation} of {_article(status)} container was accepted"


def tolerated_by(runtime: Runtime) -> Tolerated:
    """What a runtime is known to accept against a rule, by its expectations: the machine goes on with it."""
    known = expectations_for(runtime)
    return frozenset(
        (operation, status)
        for (operation, status), rule in RULES.items()
        if rule.verdict == REFUSED
        and known.of_finding(f"{LifecycleBroken.oracle}: {accepted_against_the_rule(operation, status)}", ())
    )


@dataclass
class _Slot:
    """One id, with the container that has it, and all lives that it can have.

    ``suspect`` is the last operation if it was refused, or those of the last turn if they ran at once, in words.
    """

    name: str
    suspect: str = ""
    lives: Lives = NEW
    container: Container | None = None

    @property
    def holder(self) -> Container:
        """The container that has the id."""
        if self.container is None:
            raise AssertionError(f"{self.name} was never created")
        return self.container

    def become(self, lives: Lives) -> None:
        """Take what an answer has left of the lives; a container that is certain to be gone need not be removed."""
        self.lives = lives
        if self.container is not None and all(life.phase == "absent" for life in lives):
            self.container.deleted = True
            self.container = None

    def possible(self) -> str:
        """The states that it can be in, in words."""
        return "/".join(sorted({life.status for life in model.with_time(self.lives)}))

    def doomed(self) -> bool:
        """Whether its process is certain to be gone soon."""
        return bool(self.lives) and all(life.ending and not life.paused for life in self.lives)

    def is_at_work(self) -> bool:
        """Whether its program is certain to have been started, and not to be paused."""
        return bool(self.lives) and all(life.status == "running" for life in self.lives)


@dataclass
class Player:
    """Plays histories in a scene.  Raises a ``Violation`` at the first answer that the model can not explain."""

    scene: Scene
    tolerated: Tolerated = frozenset()
    slots: dict[int, _Slot] = field(default_factory=dict)

    def play(self, history: History) -> None:
        """Play all turns, then look at every container once more."""
        for number, operations in history:
            wanted = tuple(operation for operation in operations if self._is_sensible(number, operation))
            if len(wanted) == 1:
                self._single(self._slot(number), wanted[0])
            elif wanted:
                self._together(self._slot(number), wanted)
            self._settle(self._slot(number))
            self._look(self._slot(number))
        for slot in self.slots.values():
            self._look(slot)

    def _slot(self, number: int) -> _Slot:
        if number not in self.slots:
            self.slots[number] = _Slot(f"slot{number}-{self.scene.trial.next_number()}")
        return self.slots[number]

    def _is_sensible(self, number: int, operation: str) -> bool:
        """Whether the runtime has the operation, and nobody would have to wait for a container that is paused."""
        name = model.name_of(operation)
        if name in OPTIONAL and not self.scene.runtime.knows(name):
            return False
        lives = self._slot(number).lives
        if operation == DEATH:
            return any(life.phase in {"created", "running"} for life in lives)
        waits = name == "exec" or (name == "start" and any(life.phase == "created" for life in lives))
        return not (waits and any(life.paused for life in lives))

    # One operation ----------------------------------------------------------------------------------------------

    def _single(self, slot: _Slot, operation: str) -> None:
        slot.suspect = ""
        if operation == DEATH:
            self._kill_from_outside(slot)
            return
        if operation == "list":
            self._list()
            return
        with _named(f"{model.name_of(operation)} of {_article(slot.possible())} container"):
            done = self._begin(slot, operation)(False)
        self._judge(slot, self._answer(operation, done), done)
        if done.exit_status != 0:
            slot.suspect = f"{model.name_of(operation)} that was refused"
        if operation == "ps" and done.exit_status == 0:
            self._judge_ps(slot, done)

    def _judge(self, slot: _Slot, answer: Answer, done: Completed) -> None:
        """Hold one answer against the model.  Raises ``LifecycleBroken`` or ``StateWrong``."""
        lives = model.after(slot.lives, answer, self.tolerated)
        if not lives:
            raise self._accusation(slot, answer, done)
        slot.become(lives)

    def _accusation(self, slot: _Slot, answer: Answer, done: Completed) -> LifecycleBroken:
        statuses = {life.status for life in model.with_time(slot.lives)}
        status = min(statuses, key=model.STATUSES.index)
        rule = model.rule(answer.operation, status)
        said = done.output.strip()[-500:]
        if answer.accepted and rule.verdict == ACCEPTED and answer.name == "state":
            about = f"a container that must be {slot.possible()} is said to be {answer.status}"
            return StateWrong(about, requirement="state.status")
        if answer.accepted:
            about = accepted_against_the_rule(answer.name, slot.possible())
            return LifecycleBroken(about, "it must be an error", rule.requirement)
        about = f"{answer.name} of {_article(slot.possible())} container was refused"
        return LifecycleBroken(about, said, rule.requirement)

    def _answer(self, operation: str, done: Completed) -> Answer:
        accepted = done.exit_status == 0
        status = read_state(done.stdout, self.scene.journal).status if accepted and operation == "state" else ""
        return Answer(operation, accepted, status)

    # Several at once --------------------------------------------------------------------------------------------

    def _together(self, slot: _Slot, operations: tuple[str, ...]) -> None:
        """Begin all, then wait for all.  Raises ``Unexplained`` when no order explains what they answered."""
        together = f"{' and '.join(sorted(map(model.name_of, operations)))} at once"
        with _named(together):
            ends = [self._begin(slot, operation) for operation in operations]
            answers = [self._answer(operation, end(True)) for operation, end in zip(operations, ends, strict=True)]
        accepted = sum(answer.accepted for answer in answers)
        self.scene.journal.add(Step("awaited", ()))
        self.scene.journal.saw("accepted", str(accepted))
        lives = model.explained(slot.lives, answers, self.tolerated)
        if not lives:
            told = ", ".join(f"{each.name} {'accepted' if each.accepted else 'refused'}" for each in answers)
            about = (
                f"no order explains the answers of {_article(slot.possible())} container to operations at once: {told}"
            )
            raise Unexplained(about, requirement=_requirement(answers, slot))
        slot.become(lives)
        slot.suspect = together

    # Calls ------------------------------------------------------------------------------------------------------

    def _begin(self, slot: _Slot, operation: str) -> End:
        """Begin an operation."""
        name, _, word = operation.partition(" ")
        if name == "create":
            return self._begin_create(slot, word)
        words = {
            "kill": ("kill", slot.name, word),
            "delete": ("delete", *([word] if word else []), slot.name),
            "exec": ("exec", slot.name, "/probe", "exit", "0"),
            "ps": ("ps", "--format", "json", slot.name),
        }.get(name, (name, slot.name))
        begun = self.scene.begin(*words)
        return lambda background: begun.end(background=background)

    def _begin_create(self, slot: _Slot, program: str) -> End:
        container = self.scene.container(*PROGRAMS[program], name=slot.name)
        container.deleted = True  # until it has the id: whoever has that is removed
        running = container.begin_create()

        def end(background: bool) -> Completed:
            done = container.end_create(running, background=background)
            if done.exit_status == 0:
                container.deleted = False
                slot.container = container
            return done

        return end

    def _kill_from_outside(self, slot: _Slot) -> None:
        container = slot.holder
        self.scene.journal.add(Step("signal", (container.id,), text="KILL"))
        self.scene.trial.signal(container.pid, signal.SIGKILL)
        slot.lives = model.died(slot.lives)

    # What must then be seen -------------------------------------------------------------------------------------

    def _settle(self, slot: _Slot) -> None:
        """Wait for what is certain to come: that the program waits, or that it has ended."""
        if slot.doomed():
            self._until_gone(slot)
        elif slot.is_at_work():
            self._until_waiting(slot)

    def _until_waiting(self, slot: _Slot) -> None:
        """Wait until the program listens to signals; it may have ended instead only if a signal came before that."""
        may_end = any(life.ending for life in slot.lives)
        deadline = time.monotonic() + self.scene.timeout
        while may_end and WAITING not in slot.holder.printed() and time.monotonic() < deadline:
            if not self.scene.trial.alive(slot.holder.pid):
                slot.lives = model.ended(slot.lives)
                return
            self.scene.pause(0.001)
        slot.holder.until_waiting()

    def _until_gone(self, slot: _Slot) -> None:
        """Wait for the end of the process.  Raises ``Hung`` when it does not end."""
        pid = slot.holder.pid
        deadline = time.monotonic() + self.scene.timeout
        while self.scene.trial.alive(pid):
            if time.monotonic() > deadline:
                raise Hung(f"the program (process {pid}) did not end within {self.scene.timeout:g} seconds")
            self.scene.pause(0.001)
        self.scene.journal.add(Step("wait", (slot.name,)))
        slot.lives = model.ended(slot.lives)

    def _look(self, slot: _Slot) -> None:
        """Ask for the state, once more for a moment when it is not what it must be."""
        deadline = time.monotonic() + PATIENCE
        while True:
            done = self.scene.call("state", slot.name)
            answer = self._answer("state", done)
            if model.after(slot.lives, answer, self.tolerated) or time.monotonic() > deadline:
                break
            self.scene.pause(0.01)
        if slot.suspect and not model.after(slot.lives, answer, self.tolerated):
            about = f"{slot.suspect} has changed {_article(slot.possible())} container"
            raise LifecycleBroken(about, f"it is {answer.status or 'not there'} then", "errors.no-change")
        self._judge(slot, answer, done)

    def _list(self) -> None:
        """Hold `list` against what must be there."""
        done = self.scene.accepted(self.scene.call("list", "--format", "json"))
        found = {row["id"] for row in done.json() or []}
        self.scene.journal.saw("output", "")
        for slot in self.slots.values():
            there = {life.phase != "absent" for life in slot.lives}
            if there == {True} and slot.name not in found:
                raise ListWrong(f"list does not show {_article(slot.possible())} container")
            if there == {False} and slot.name in found:
                raise ListWrong("list shows a container that is not there")

    def _judge_ps(self, slot: _Slot, done: Completed) -> None:
        """A container that must be alive has its own process among those that `ps` shows."""
        alive = all(life.phase in {"created", "running"} and not life.ending for life in slot.lives)
        if alive and slot.container is not None and slot.container.pid not in done.json():
            raise ListWrong(f"ps does not show the process of {_article(slot.possible())} container")


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Tell what hangs here in words that are the same for every container."""
    try:
        yield
    except Hung as problem:
        vars(problem)["about"] = what
        raise


def _requirement(answers: list[Answer], slot: _Slot) -> str:
    """What the first of the accepted operations breaks once another one of them came first."""
    status = "running" if any(answer.name == "start" for answer in answers) else slot.possible().partition("/")[0]
    names = [answer.name for answer in answers if answer.accepted]
    rules = [RULES[name, status].requirement for name in names if (name, status) in RULES]
    return next(filter(None, rules), "")


def _article(status: str) -> str:
    return f"an {status}" if status.startswith("a") else f"a {status}"
