"""What was done and seen during one test, in order: the raw material of reasons, records and ``run.sh``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Config = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One thing that was done: ``kind`` is call, wait, read, write, prepare, shell, descriptors, or one of those below.

    ``argv`` is the whole command of a call, or the path of the others; ``text`` is the content read or written, or the
    shell commands that prepared the bundle at that path, or that changed the process that makes the next call, or what
    descriptors that process had;
    ``output`` is standard output and error of a call; ``background`` marks a call that was not waited for at once.
    ``awaited`` is when all of those had ended; ``strike`` sends the signal ``argv`` to the runtime that was called last
    as soon as the shell command ``text`` succeeds; ``signal`` sends ``text`` to the process of the container ``argv``.
    """

    kind: str
    argv: tuple[str, ...]
    exit_status: int | None = None
    output: str = ""
    text: str = ""
    seconds: float = 0.0
    background: bool = False


@dataclass
class Evidence:
    """The fact that was looked at last: where a script finds it again, and the text that was there.

    ``where`` is ``status`` (exit status of the last call), ``output`` (what the last call printed), ``program`` (what
    the container's program printed), ``ended`` (how it ended), ``accepted`` (how many of several calls at once were),
    ``process`` (a process with such a command line), ``silent`` (the program did not report), ``lacking`` (the last
    call did not print the text), ``file PATH``, ``exists PATH``, ``tags PATH`` (the words that programs and hooks have
    said, in their order, in a file of such lines), ``namespace KIND`` (whether the program's was "new" or "inherited"),
    or ``unequal BEGINNING`` (a part of the report, up to the text, in which the programs of two containers differ;
    without a text all lines that begin so).
    """

    where: str
    text: str


@dataclass
class Journal:
    """The steps of one test on one runtime, with the configs of its containers by bundle folder."""

    steps: list[Step] = field(default_factory=list)
    configs: dict[str, Config] = field(default_factory=dict)
    edits: list[str] = field(default_factory=list)
    evidence: Evidence | None = None
    expected: str = ""
    observed: str = ""
    closed: bool = False

    def until(self, steps: int, evidence: Evidence | None) -> None:
        """Forget what was done after so many steps, when the fact that counts was seen there."""
        del self.steps[steps:]
        self.evidence = evidence

    def end_with_refusal(self) -> None:
        """Forget what came after the last call that was refused."""
        refused = [number for number, step in enumerate(self.steps) if step.exit_status]
        if refused:
            self.until(refused[-1] + 1, Evidence("status", str(self.steps[refused[-1]].exit_status)))

    def close(self) -> None:
        """Take no more notes: what follows is cleaning up."""
        self.closed = True

    def add(self, step: Step) -> None:
        """Note a step; the exit status of a call is the newest evidence."""
        if self.closed:
            return
        self.steps.append(step)
        if step.kind == "call" and step.exit_status is not None:
            self.evidence = Evidence("status", str(step.exit_status))

    def saw(self, where: str, text: str) -> None:
        """Note that a test looked at a fact."""
        if self.closed:
            return
        self.evidence = Evidence(where, text)

    def judged(self, expected: str, observed: str) -> None:
        """Note what was expected and what was there, in words, when a check knows them better than its assert."""
        self.expected, self.observed = expected, observed

    def calls(self) -> list[list[str]]:
        """The commands that were given, in order; bytes that are no text are escaped."""
        calls = [step.argv for step in self.steps if step.kind == "call"]
        return [[word.encode("utf-8", "backslashreplace").decode() for word in argv] for argv in calls]
