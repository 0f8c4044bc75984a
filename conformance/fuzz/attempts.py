"""One attempt: something done with a runtime in a scene of its own, and the host compared afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from conformance.harness.errors import HarnessError, Hung, Leaked, Violation
from conformance.harness.journal import Evidence, Journal
from conformance.harness.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.checks.host import Snapshot
    from conformance.harness.runtime import Runtime
    from conformance.harness.trial import Trial


#: How long the host may take to let go of what a container had; what is left behind for good costs this each time.
PATIENCE = 0.5
#: The longest time for one operation of what is known to hang, in seconds.
HURRY = 2.0


@dataclass(frozen=True)
class Attempt:
    """What came of it: the violation if there was one, why it could not be tried, and what was done."""

    problem: Violation | None
    journal: Journal
    skipped: str = ""
    refused: bool = False


@dataclass
class Bench:
    """Where attempts are made: a trial, and the longest time for one operation."""

    trial: Trial
    timeout: float
    _clean: dict[tuple[str, str], Snapshot] = field(default_factory=dict)

    def impatient(self) -> Bench:
        """The same bench for what is known to hang: that is not waited for in full."""
        return Bench(self.trial, min(self.timeout, HURRY))

    def attempt(self, runtime: Runtime, act: Callable[[Scene], object]) -> Attempt:
        """Let ``act`` use a new scene, settle it, and tell what came of it; what is ours to mend is raised."""
        try:
            return self._attempt(runtime, act)
        except HarnessError:
            # Whatever a container has done to the trial: once more in a new one, and then it is the runtime's doing.
            self.trial.restart()
        try:
            return self._attempt(runtime, act)
        except HarnessError as problem:
            self.trial.restart()
            return Attempt(Hung(f"the trial did not survive it: {problem}"), Journal())

    def _attempt(self, runtime: Runtime, act: Callable[[Scene], object]) -> Attempt:
        key = (self.trial.name, runtime.name)
        # What the last attempt has left as it was need not be looked at again.
        scene = Scene(self.trial, runtime, self.timeout, before=self._clean.pop(key, None))
        scene.patience = PATIENCE
        try:
            act(scene)
            scene.settle()
        except Leaked as problem:
            if not hasattr(problem, "about"):  # else it knows both better
                vars(problem)["about"] = kinds_of(str(problem), scene.journal)
                scene.journal.evidence = evidence_of(str(problem)) or scene.journal.evidence
            self._tidy(scene, key[0])
            return Attempt(problem, scene.journal)
        except Violation as problem:
            self._tidy(scene, key[0])
            return Attempt(problem, scene.journal)
        except pytest.skip.Exception as skipped:
            self._tidy(scene, key[0])
            return Attempt(None, scene.journal, skipped=str(skipped.msg))
        except AssertionError as problem:
            self._tidy(scene, key[0])
            return Attempt(Violation(str(problem)), scene.journal)
        self._clean = {key: scene.before}
        return Attempt(None, scene.journal)

    def _tidy(self, scene: Scene, name: str) -> None:
        """Leave nothing behind that the next attempt would be judged by; a trial of another name is a new one."""
        scene.abandon()
        if self.trial.name == name:
            scene.sweep()


def kinds_of(left: str, journal: Journal) -> str:
    """What was left behind, in words that are the same for all failures of one cause."""
    things = left.partition(": ")[2].split("; ")
    kinds = {thing.rpartition(" ")[0].partition(" /")[0] or thing for thing in things}
    words = {
        word
        for word in ("process", "mount", "cgroup", "state folder", "canary")
        for kind in kinds
        if kind.startswith(word)
    }
    refused = any(step.exit_status for step in journal.steps if "create" in step.argv)
    return f"{', '.join(sorted(words))}{' after a create that failed' if refused else ''}"


def evidence_of(left: str) -> Evidence | None:
    """Where a script finds again what was left behind: a cgroup, or a line of the mount table."""
    for thing in left.partition(": ")[2].split("; "):
        kind, _, what = thing.partition(" ")
        if kind == "cgroup" and not what.startswith("gone"):
            return Evidence(f"exists /sys/fs/cgroup/{what}", "True")
        if kind == "mount" and not what.startswith("gone"):
            return Evidence("file /proc/self/mountinfo", what.split(" ")[0])
    return None
