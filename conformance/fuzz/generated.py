"""Cases drawn by Hypothesis, round after round until the time or the number of examples is over.

A round ends with the first failure that is news, which Hypothesis keeps in its database; the next round goes on from
there with another seed.  Making a failure smaller is done on the edits (see ``shrinking.py``), which takes a tenth of
the containers that shrinking the choices would take.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

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

#: Examples of one round, when the time alone decides how many there are in all.
ROUND = 500
CACHE = Path(".hypothesis") / "seatrial"


class News(Violation):
    """A failure that was not seen before in this run."""


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
    done = 0
    while examples is None or done < examples:
        before = fuzzer.coverage.cases
        count = ROUND if examples is None else examples - done
        try:
            _round(fuzzer, cases, attempt or cast("Callable[[T], object]", fuzzer.try_case), count, number)
        except News:
            pass
        except BaseExceptionGroup as several:
            if several.split(News)[1] is not None:
                raise
        else:
            if examples is not None:
                return
        done += max(1, fuzzer.coverage.cases - before)
        number += 1


def _round(fuzzer: Fuzzer, cases: SearchStrategy[T], attempt: Callable[[T], object], count: int, number: int) -> None:
    """One run of Hypothesis; raises ``News`` at the first failure that is news, ``Enough`` when the time is over."""
    over: list[Enough] = []

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None if fuzzer.settings.steady else database(fuzzer.settings.database, fuzzer.runtime),
        phases=[Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(cases)
    def examples(case: T) -> None:
        if over:
            return
        before = len(fuzzer.findings.new)
        try:
            attempt(case)
        except Enough as enough:
            over.append(enough)
        if len(fuzzer.findings.new) > before and not fuzzer.settings.steady:
            raise News

    examples()
    if over:
        raise over[0]


def database(place: str, runtime: Runtime) -> ExampleDatabase:
    """Where failing examples of one runtime are kept.  Raises ``WrongUse`` when that can not be."""
    key = f"{runtime.profile.name}-{runtime.version or 'unknown'}".replace("/", "-")
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
