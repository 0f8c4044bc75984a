"""Drawing for tests of CRI servers: the same few cases in each run, or others for as long as a run is to fuzz."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, TypeVar

from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis.errors import FlakyFailure

from conformance.fuzz.settings import Settings, settings_of
from conformance.plugin.session import SESSION

if TYPE_CHECKING:
    import pytest
    from hypothesis.strategies import SearchStrategy

Drawn = TypeVar("Drawn")
#: The share of a run's time that histories have, and all requests together: of all of it, or beside runtimes.
ALONE, BESIDE = 0.5, 0.1
#: So many cases are drawn before the time is looked at again.
ROUND = 25


@dataclass(frozen=True)
class Share:
    """What one test may take; ``seconds`` is 0 for as long as a number of cases takes."""

    asked: Settings
    seconds: float

    @classmethod
    def of(cls, config: pytest.Config, parts: int = 1) -> Share:
        """The share of one of several parts."""
        asked = settings_of(config)
        share = BESIDE if config.stash[SESSION].runtimes else ALONE
        return cls(asked, asked.seconds * share / parts)

    def explore(self, strategy: SearchStrategy[Drawn], tried: Callable[[Drawn], None], steady: int = ROUND) -> None:
        """Try what is drawn: some cases, always the same ones in steady runs; or others until the time is over."""
        number, until = self.asked.seed, time.monotonic() + self.seconds if self.seconds else inf
        count = steady if self.asked.steady else self.asked.examples or ROUND
        _explore(strategy, tried, number, count, until)
        while self.seconds and time.monotonic() < until:
            number += 1
            _explore(strategy, tried, number, count, until)


def _explore(
    strategy: SearchStrategy[Drawn], tried: Callable[[Drawn], None], number: int, count: int, until: float
) -> None:
    """Try a round of cases; the one that fails is made as small as can be."""

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def explored(drawn: Drawn) -> None:
        if time.monotonic() < until:
            note(f"tried: {drawn}")
            tried(drawn)

    try:
        explored()
    except FlakyFailure as flaky:  # a race of the server: it is what it was, the first time
        raise flaky.exceptions[0] from None
