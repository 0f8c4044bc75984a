"""The lines that say how far a run is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.plugin import progress
from conformance.plugin.progress import Progress, Starter, duration

if TYPE_CHECKING:
    from collections.abc import Iterator


def report(status: str = "passed", when: str = "call", outcome: str = "passed") -> Any:
    return SimpleNamespace(seatrial_status=status, when=when, passed=outcome == "passed")


def run(interval: float, reports: list[Any], seconds: float = 2.0) -> list[str]:
    """The lines of a run whose tests take two seconds each."""

    def ticks() -> Iterator[float]:
        now = 0.0
        yield now  # made
        yield now  # begun
        while True:
            now += seconds
            yield now

    lines: list[str] = []
    clock = ticks()
    counted = Progress(lines.append, interval, lambda: next(clock))
    counted.begin(len(reports))
    for each in reports:
        counted.pytest_runtest_logreport(each)
    return lines


def test_a_line_has_the_share_the_findings_and_the_time_left() -> None:
    reports = [report(), report("violated"), report("crashed"), report("known"), report("violated"), *[report()] * 95]
    assert run(10, reports)[0] == "trial: 5 of 100 (5 %), 1 crashed, 2 violated, about 3 min 10 s left"


def test_lines_are_few_and_none_at_the_end() -> None:
    assert len(run(10, [report()] * 20)) == 3
    assert run(1000, [report()] * 20) == []
    assert run(2, [report()]) == []


def test_each_test_counts_once() -> None:
    skipped = report("not_here", when="setup", outcome="skipped")
    phases = [skipped, report(when="setup"), report("gone"), report(when="teardown"), report(when="setup")]
    assert run(0, phases)[-1].startswith("trial: 2 of 5 (40 %), 1 no longer known")


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3725, "62 min 5 s")])
def test_durations_are_told_as_people_do(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("isatty", "interval"), [(True, progress.AT_TERMINALS), (False, progress.IN_LOGS)])
def test_logs_get_fewer_lines_than_terminals(isatty: bool, interval: float) -> None:
    registered: list[Progress] = []
    reporter = SimpleNamespace(isatty=isatty)
    plugins = SimpleNamespace(get_plugin=lambda _: reporter, register=lambda plugin, _: registered.append(plugin))
    for verbosity in (0, -2):
        config = SimpleNamespace(pluginmanager=plugins, get_verbosity=lambda level=verbosity: level)
        Starter().pytest_sessionstart(SimpleNamespace(config=config))  # type: ignore[arg-type]
    assert [each._interval for each in registered] == [interval]
