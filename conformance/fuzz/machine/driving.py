"""Drives the machine in a phase of fuzzing: what is fixed first, then what is drawn; failures are made smaller."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from conformance.fuzz.findings import signature_of
from conformance.fuzz.fuzzer import SHRINKING
from conformance.fuzz.generated import run_generated
from conformance.fuzz.machine.replaying import KIND, attempt, written
from strategies.case import Case
from strategies.disasters import Disaster
from strategies.histories import Turn
from strategies.misuse import Misuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hypothesis.strategies import SearchStrategy

    from conformance.fuzz.attempts import Attempt
    from conformance.fuzz.fuzzer import Fuzzer
    from conformance.fuzz.machine.replaying import Thing
    from strategies.histories import History


def run_things(fuzzer: Fuzzer, smoke: Sequence[Thing], table: Sequence[Thing], drawn: SearchStrategy[Thing]) -> None:
    """Try the few of a smoke test; with more time those of the table, and then drawn ones."""
    settings = fuzzer.settings
    for thing in smoke if settings.steady else settings.chosen([*smoke, *table]):
        try_thing(fuzzer, thing)
    if not settings.steady:
        examples = None if settings.seconds else settings.examples
        run_generated(fuzzer, drawn, examples=examples, attempt=lambda thing: try_thing(fuzzer, thing))


def try_thing(fuzzer: Fuzzer, thing: Thing) -> None:
    """Try one; a failure that is news is made smaller, run again and kept.  Raises ``Enough``."""
    fuzzer.check_time()
    tried = _attempt(fuzzer, thing)
    fuzzer.progress(fuzzer)
    problem = tried.problem
    if problem is None or fuzzer.findings.is_known(problem) or not fuzzer.findings.is_news(problem):
        return
    if not fuzzer.first_only:
        thing, tried = _smallest(fuzzer, thing, tried, signature_of(problem))
    fuzzer.keep(tried, KIND, written(thing), Case(), ())


def _attempt(fuzzer: Fuzzer, thing: Thing) -> Attempt:
    fuzzer.coverage.cases += 1
    return attempt(fuzzer.bench, fuzzer.runtime, written(thing))


def _smallest(fuzzer: Fuzzer, thing: Thing, tried: Attempt, signature: str) -> tuple[Thing, Attempt]:
    """The smallest that fails in the same way, within a budget."""
    left, found = SHRINKING, True
    while found and left > 0:
        found = False
        for candidate in islice(smaller(thing), left):
            left -= 1
            again = _attempt(fuzzer, candidate)
            if again.problem is not None and signature_of(again.problem) == signature:
                thing, tried, found = candidate, again, True
                break
    return thing, tried


def smaller(thing: Thing) -> Iterator[Thing]:
    """The same with less in it, what leaves out most first; a command line is as small as it can be."""
    if isinstance(thing, Disaster):
        yield from _milder(thing)
    elif not isinstance(thing, Misuse):
        yield from _shorter(thing)


def _milder(disaster: Disaster) -> Iterator[Disaster]:
    for amount in (0, disaster.amount // 2, disaster.amount - disaster.amount // 8, disaster.amount - 1):
        if 0 <= amount < disaster.amount:
            yield disaster._replace(amount=amount)


def _shorter(history: History) -> Iterator[History]:
    """Without what comes after the failure nobody knows; so first halves, then ever shorter parts are left out."""
    size = len(history) // 2
    while size >= 1:
        for start in range(len(history) - size, -1, -size):
            yield history[:start] + history[start + size :]
        size //= 2
    for place, (slot, operations) in enumerate(history):
        if len(operations) > 1:
            for operation in operations:
                yield (*history[:place], Turn(slot, (operation,)), *history[place + 1 :])
