"""One attempt: something done with a runtime in a scene of its own, and the host compared afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from conformance.harness.errors import HarnessError, Hung, Violation
from conformance.harness.journal import Journal
from conformance.harness.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.harness.runtime import Runtime
    from conformance.harness.trial import Trial


@dataclass(frozen=True)
class Attempt:
    """What came of it: the violation if there was one, why it could not be tried, and what was done."""

    problem: Violation | None
    journal: Journal
    skipped: str = ""
    refused: bool = False


@dataclass(frozen=True)
class Bench:
    """Where attempts are made: a trial, and the longest time for one operation."""

    trial: Trial
    timeout: float

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
        scene = Scene(self.trial, runtime, self.timeout)
        try:
            act(scene)
            scene.settle()
        except Violation as problem:
            self._tidy(scene)
            return Attempt(problem, scene.journal)
        except pytest.skip.Exception as skipped:
            self._tidy(scene)
            return Attempt(None, scene.journal, skipped=str(skipped.msg))
        except AssertionError as problem:
            self._tidy(scene)
            return Attempt(Violation(str(problem)), scene.journal)
        return Attempt(None, scene.journal)

    def _tidy(self, scene: Scene) -> None:
        """Leave nothing behind that the next attempt would be judged by."""
        scene.abandon()
        if scene.is_messy():
            self.trial.restart()
