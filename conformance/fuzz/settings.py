"""How long and how wide to fuzz: profiles, and what the options change about them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from conformance.plugin import options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    T = TypeVar("T")

#: The share of the time that each phase may take; what is left over goes to those after it.
SHARES = {
    "regressions": 0.02,
    "valid": 0.16,
    "invalid": 0.1,
    "types": 0.1,
    "unspecified": 0.1,
    "documents": 0.04,
    "equals": 0.07,
    "generated": 0.15,
    "lives": 0.1,
    "disasters": 0.06,
    "command lines": 0.03,
    "agreement": 0.07,
}
UNITS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Settings:
    """What a run of the fuzzer may take.

    ``seconds`` is the time for all runtimes and phases, 0 for as long as the ``examples`` of each phase take (None for
    all of a table).  With ``steady`` the same cases are tried in the same order in each run.
    """

    name: str
    examples: int | None
    seconds: float = 0.0
    seed: int = 0
    steady: bool = False
    database: str = ""
    part: int = 0
    parts: int = 1

    def chosen(self, cases: Sequence[T]) -> list[T]:
        """The cases of a table that are this worker's; with few examples those that lie evenly in it."""
        mine = cases[self.part :: self.parts]
        if self.examples is None or len(mine) <= self.examples:
            return list(mine)
        return [mine[number * len(mine) // self.examples] for number in range(self.examples)]

    def spread(self, packs: Sequence[list[T]]) -> list[list[T]]:
        """This worker's packs, the fullest first; with few examples the first of them, and some single cases."""
        full = [pack for pack in packs if len(pack) > 1]
        single = [pack for pack in packs if len(pack) == 1]
        return self.first(full, 1) + self.chosen(single)

    def first(self, cases: Sequence[T], least: int) -> list[T]:
        """The cases of a table that are this worker's; with few examples the first ones."""
        mine = cases[self.part :: self.parts]
        return list(mine if self.examples is None else mine[: max(self.examples, least)])


PROFILES = {
    "smoke": Settings("smoke", 8, steady=True),
    "ci": Settings("ci", None, seconds=180),
    "nightly": Settings("nightly", None, seconds=3600),
    "soak": Settings("soak", None, seconds=8 * 3600),
}


def settings_of(config: pytest.Config) -> Settings:
    """The profile and what the options change about it.  Raises ``pytest.UsageError`` for values that can not be."""
    name = options.one(config, "fuzz-profile")
    if name not in PROFILES:
        raise pytest.UsageError(f"--fuzz-profile={name}: choose one of {', '.join(PROFILES)}")
    settings = PROFILES[name]
    if given := options.one(config, "fuzz-time"):
        settings = replace(settings, seconds=_seconds(given), examples=None, steady=False)
    if given := options.one(config, "fuzz-examples"):
        settings = replace(settings, examples=_number("--fuzz-examples", given, least=1), steady=False)
    seed = options.one(config, "fuzz-seed")
    chosen = _number("--fuzz-seed", seed) if seed else 0 if settings.steady else _seed_of_run(config)
    return replace(settings, seed=chosen, database=options.one(config, "fuzz-database"))


def parts_of(config: pytest.Config) -> tuple[list[int], int]:
    """The parts of the work that this run does, and how many there are: shards, and workers of each."""
    shard = options.one(config, "shard") or "1/1"
    found = re.fullmatch(r"(\d+)/(\d+)", shard)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise pytest.UsageError(f"--shard={shard}: give the number of this shard and of all, as 3/10")
    number, count = int(found[1]) - 1, int(found[2])
    workers = 1 if settings_of(config).steady else _workers(config)
    return [number * workers + worker for worker in range(workers)], count * workers


def _workers(config: pytest.Config) -> int:
    told: dict[str, int] = getattr(config, "workerinput", {})
    return int(told.get("workercount") or getattr(config.option, "numprocesses", 0) or 1)


def _seed_of_run(config: pytest.Config) -> int:
    """Another seed in each run, the same for all its workers."""
    told: dict[str, str] = getattr(config, "workerinput", {})
    return int(told.get("testrunuid", "")[:8] or "0", 16) or time.time_ns() % 2**32


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not found or float(found[1]) <= 0:
        raise pytest.UsageError(f"--fuzz-time={text}: give a time above 0, as 30s, 10m or 2h")
    return float(found[1]) * UNITS[found[2] or "s"]


def _number(option: str, text: str, least: int = 0) -> int:
    if not text.isdecimal() or int(text) < least:
        raise pytest.UsageError(f"{option}={text}: give a whole number of at least {least}")
    return int(text)


@dataclass
class Clock:
    """Shares the time of a run out to phases."""

    settings: Settings
    runtimes: int = 1
    left: float = 0.0
    used: dict[str, float] = field(default_factory=dict)

    def allot(self, phase: str) -> float:
        """The moment (of ``time.monotonic``) at which a phase has to end; infinity without a time."""
        if not self.settings.seconds:
            return float("inf")
        share = SHARES[phase] * self.settings.seconds / self.runtimes
        self.left += share
        return time.monotonic() + self.left

    def spent(self, seconds: float) -> None:
        """Take what a phase has used from what is left."""
        self.left = max(0.0, self.left - seconds)
