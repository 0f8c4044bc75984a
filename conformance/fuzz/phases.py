"""What the tests of fuzzing have in common: a fuzzer for one runtime, made from the settings of the session."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from conformance.fuzz.attempts import Bench
from conformance.fuzz.findings import Findings
from conformance.fuzz.fuzzer import Enough, Fuzzer
from conformance.fuzz.progress import Progress
from conformance.fuzz.settings import Clock, Settings, parts_of, settings_of
from conformance.fuzz.surroundings import surroundings_of
from conformance.harness.errors import Violation
from conformance.plugin.fuzzing import PROPERTY
from conformance.plugin.session import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.harness.runtime import Runtime
    from strategies.surroundings import Surroundings

#: The longest time for one operation, in seconds: what hangs is found soon.
TIMEOUT = 10.0
#: How many cases are drawn at most until one of them shows a deliberate fault.
PROVING = 100
#: The folder of the findings of fuzzing, below that of the runtime.
FOLDER = "fuzz"
STATE = pytest.StashKey["State"]()


@dataclass
class State:
    """What the phases of one process share: the clock, and what was seen of each runtime."""

    clock: Clock
    findings: dict[str, Findings] = field(default_factory=dict)

    @classmethod
    def of(cls, config: pytest.Config) -> State:
        """The state of this process."""
        if STATE not in config.stash:
            config.stash[STATE] = cls(Clock(settings_of(config), len(config.stash[SESSION].runtimes)))
        return config.stash[STATE]


class NewFindings(Violation):
    """A phase of fuzzing has found what nobody knew; ``findings`` are the signatures, which a baseline is asked for."""

    def __init__(self, reason: str, findings: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.findings = findings


@dataclass
class Phases:
    """Runs phases on one runtime."""

    request: pytest.FixtureRequest
    runtime: Runtime
    part: int

    @property
    def config(self) -> pytest.Config:
        """The configuration of the run."""
        return self.request.config

    @property
    def settings(self) -> Settings:
        """What this part may take."""
        return replace(settings_of(self.config), part=self.part, parts=parts_of(self.config)[1])

    @property
    def examples(self) -> int | None:
        """How many cases to draw, None for as many as there is time for; to prove a test, until a fault shows."""
        settings = self.settings
        if self.config.stash[SESSION].prove:
            return PROVING
        return None if settings.seconds else settings.examples

    @cached_property
    def bench(self) -> Bench:
        """Where attempts are made."""
        session = self.config.stash[SESSION]
        return Bench(session.trial, min(session.timeout, TIMEOUT))

    @cached_property
    def surroundings(self) -> Surroundings:
        """What this host lets be valid."""
        return surroundings_of(self.config.stash[SESSION].host)

    @property
    def folder(self) -> Path:
        """Where the findings go."""
        return Path(self.config.stash[SESSION].findings) / self.runtime.name / FOLDER

    @contextmanager
    def phase(self, name: str) -> Iterator[Fuzzer]:
        """A fuzzer for one phase.  Raises ``NewFindings`` at the end when there are some."""
        session, state = self.config.stash[SESSION], State.of(self.config)
        known = session.expectations(self.runtime.name)
        findings = state.findings.setdefault(self.runtime.name, Findings(self.folder, self.runtime, known))
        before = len(findings.believed)
        fuzzer = Fuzzer(
            self.bench,
            self.runtime,
            findings,
            self.settings,
            ends=state.clock.allot(name),
            first_only=session.prove,
            progress=Progress(self.config, name),
            phase=name,
        )
        began = time.monotonic()
        with suppress(Enough):
            yield fuzzer
        state.clock.spent(time.monotonic() - began)
        self._tell(name, fuzzer, time.monotonic() - began)
        new = findings.believed[before:]
        if self.settings.steady:  # a race is told, but a trial that fails now and then helps nobody
            new = [finding for finding in new if not finding.is_flaky]
        if new:
            lines = [f"{finding.title} (seen {finding.confirmed}): {self.folder / finding.name}" for finding in new]
            reason = f"{len(new)} new finding{'s' * (len(new) > 1)}:\n" + "\n".join(lines)
            raise NewFindings(reason, tuple(finding.signature for finding in new)) from None

    def _tell(self, name: str, fuzzer: Fuzzer, seconds: float) -> None:
        """Put what was done where the summary finds it, also from another process."""
        told = {
            "phase": name,
            "runtime": self.runtime.name,
            "seconds": seconds,
            "coverage": msgspec.to_builtins(fuzzer.coverage),
            "new": sorted(finding.name for finding in fuzzer.findings.believed),
            "known": len(fuzzer.findings.known),
            "seed": self.settings.seed,
            "folder": str(self.folder),
        }
        self.request.node.user_properties.append((PROPERTY, told))
