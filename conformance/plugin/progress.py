"""In the controller: how far a long run is, now and then, as a line that a CI log can keep.

pytest's own dots and percents say nothing of findings, nor of the time that is left.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from conformance.plugin.verdicts import ACCUSING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Seconds between two lines: somebody looks at a terminal, and nobody at a log.
AT_TERMINALS, IN_LOGS = 10.0, 30.0


class Progress:
    """Counts reports; ``write`` prints a line, ``clock`` tells seconds."""

    def __init__(
        self, write: Callable[[str], None], interval: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write, self._interval, self._clock = write, interval, clock
        self._total = self._done = 0
        self._found: Counter[str] = Counter()
        self._began = self._last = clock()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know how many tests there are, and begin to count the time."""
        self.begin(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """The same, as workers tell it."""
        self.begin(len(ids))

    def begin(self, total: int) -> None:
        """The tests begin."""
        self._total = total
        self._began = self._last = self._clock()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once it was judged, and say so if nothing was said for long."""
        if report.when != "call" and not (report.when == "setup" and not report.passed):
            return
        self._done += 1
        status = getattr(report, "seatrial_status", "")
        if status in {*ACCUSING, "broken", "gone"}:
            self._found["no longer known" if status == "gone" else status] += 1
        now = self._clock()
        if now - self._last >= self._interval and self._done < self._total:
            self._last = now
            self._write(self.line(now))

    def line(self, now: float) -> str:
        """The share done, the findings so far, the time left."""
        found = ", ".join(f"{count} {status}" for status, count in sorted(self._found.items())) or "nothing found"
        left = (now - self._began) / self._done * (self._total - self._done)
        share = 100 * self._done // self._total
        return f"trial: {self._done} of {self._total} ({share} %), {found}, about {duration(left)} left"


def duration(seconds: float) -> str:
    """A time as people say it."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Starter:
    """Registers the counting once pytest's reporter is there."""

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Print lines, unless pytest was told to be quieter than quiet."""
        config = session.config
        reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or config.get_verbosity() < -1:
            return

        def write(line: str) -> None:
            reporter.ensure_newline()
            if config.get_terminal_writer().width_of_current_line:  # after dots without the name of a file
                reporter.write_line("")
            reporter.write_line(line, bold=True)

        interval = AT_TERMINALS if reporter.isatty else IN_LOGS
        config.pluginmanager.register(Progress(write, interval), "seatrial-progress")
