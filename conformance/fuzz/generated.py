"""Cases drawn by Hypothesis, round after round until the time or the number of examples is over.

A round ends with the first failure that is news, which Hypothesis keeps in its database; the next round goes on from
there with another seed.  What the database has is tried first, and again now and then, since others may add to it.
Making a failure smaller is done on the edits (see ``shrinking.py``), which takes a tenth of the containers that
shrinking the choices would take.
"""

from __future__ import annotations

import importlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from unittest import SkipTest

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from conformance.fuzz.fuzzer import Enough
from conformance.harness.errors import Violation, WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.database import ExampleDatabase
    from hypothesis.strategies import SearchStrategy

    from conformance.fuzz.fuzzer import Fuzzer
    from conformance.harness.runtime import Runtime

T = TypeVar("T")

#: Examples of one round, when the time alone decides how many there are in all; after as many the database is read.
ROUND = 500
CACHE = Path(".hypothesis") / "seatrial"


class News(Violation):
    """A failure for Hypothesis to keep: one that was not seen before in this run, or that was kept and is there yet."""


def run_generated(
    fuzzer: Fuzzer,
    cases: SearchStrategy[T],
    *,
    examples: int | None,
    attempt: Callable[[T], object] | None = None,
) -> None:
    """Draw and try cases.  Ends when the fuzzer has had enough, or after so many examples.

    ``attempt`` tries one and counts it; the fuzzer does so with configs.
    """
    number = fuzzer.settings.seed * 1009 + fuzzer.settings.part
    done, read = 0, 0
    attempt = attempt or cast("Callable[[T], object]", fuzzer.try_case)
    kept = None if fuzzer.settings.steady else database(fuzzer.settings.database, fuzzer.runtime, fuzzer.phase)
    while examples is None or done < examples:
        before = fuzzer.coverage.cases
        if kept is not None and (done == 0 or before - read >= ROUND):
            _round(fuzzer, cases, attempt, settings(phases=[Phase.reuse], max_examples=ROUND, database=kept))
            before = read = fuzzer.coverage.cases
        count = ROUND if examples is None else examples - done
        drawing = settings(phases=[Phase.generate], max_examples=count, database=kept)
        news = _round(fuzzer, cases, attempt, drawing, number)
        if not news and examples is not None:
            return
        done += max(1, fuzzer.coverage.cases - before)
        number += 1


def _round(
    fuzzer: Fuzzer, cases: SearchStrategy[T], attempt: Callable[[T], object], limits: settings, number: int = 0
) -> bool:
    """One run of Hypothesis; whether it has ended with news.  Raises ``Enough`` when the time is over."""
    over: list[Enough] = []
    news: list[T] = []
    reads = Phase.reuse in limits.phases

    @settings(limits, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)
    @seed(number)  # which takes the database away, so that the settings have to come after it
    @given(cases)
    def examples(case: T) -> None:
        if over:
            return
        if case in news:  # Hypothesis does what has failed once more, and forgets what does not fail again
            raise News
        findings = fuzzer.findings
        before = findings.failures if reads else len(findings.new)
        try:
            attempt(case)
        except Enough as enough:
            over.append(enough)
        after = findings.failures if reads else len(findings.new)
        if after > before and not fuzzer.settings.steady:
            news.append(case)
            raise News

    with suppress(News, SkipTest):  # which says that the database has nothing
        examples()
    if over:
        raise over[0]
    return bool(news)


def database(place: str, runtime: Runtime, phase: str = "") -> ExampleDatabase:
    """Where failing examples of one runtime are kept, for each phase apart, since they are choices and no cases.

    Raises ``WrongUse`` when that can not be.
    """
    key = f"{runtime.profile.name}-{runtime.version or 'unknown'}-{phase}".replace("/", "-").replace(" ", "-")
    if "://" not in place:
        return DirectoryBasedExampleDatabase(Path(place or CACHE) / key)
    from hypothesis.extra.redis import RedisExampleDatabase  # noqa: PLC0415  # which needs the optional client

    return RedisExampleDatabase(server_of(place), key_prefix=f"seatrial:{key}:".encode())


def server_of(place: str) -> Any:
    """The client of a Redis server that answers.  Raises ``WrongUse`` when there is none."""
    try:
        client: Any = importlib.import_module("redis")
    except ImportError:
        raise WrongUse(f"--fuzz-database={place}: install the package redis to share examples") from None
    try:
        server = client.Redis.from_url(place)
        server.ping()
    except (client.RedisError, ValueError) as problem:
        raise WrongUse(f"--fuzz-database={place}: {problem}") from None
    return server
