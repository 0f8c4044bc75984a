"""In the controller: write records to the results file as tests end, and sum them up at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.plugin.selection import runtime_name
from conformance.plugin.session import SESSION

if TYPE_CHECKING:
    from reports.jsonl import Writer
    from reports.record import Record


class Results:
    """The records of this run, in the order in which they came."""

    def __init__(self, path: str) -> None:
        self.records: list[Record] = []
        self.path = path
        self._writer: Writer | None = None

    def add(self, record: Record) -> None:
        """Take a record, and put it into the file at once: a run may be killed at any moment."""
        from reports.jsonl import Writer  # noqa: PLC0415

        self.records.append(record)
        if self.path and self._writer is None:
            self._writer = Writer(Path(self.path))
        if self._writer is not None:
            self._writer.write(record)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the record that a report carries."""
        from reports.record import from_properties  # noqa: PLC0415

        if any(name == "seatrial" for name, _ in report.user_properties):
            record = from_properties(report.user_properties)
            if record is not None and (report.when == "call" or not report.passed):
                self.add(record)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print levels by verdicts, and the first violations."""
        from reports.summary import summary  # noqa: PLC0415

        if not self.records:
            return
        terminalreporter.section("trial")
        for text, markup in summary(self.records):
            terminalreporter.write_line(text, **markup)

    def pytest_sessionfinish(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()


def draft_of(item: pytest.Item) -> Record | None:
    """The record of a test that takes its worker down: broken, since nobody can say why."""
    from conformance.plugin.recording import Judgement, record_of  # noqa: PLC0415

    if not runtime_name(item):
        return None
    return record_of(item, item.config.stash[SESSION], Judgement("broken", "", 0.0))


def register(config: pytest.Config) -> None:
    """Keep records in this process, when it is not a worker: workers send theirs here."""
    from conformance.plugin import allure, crashes, progress  # noqa: PLC0415  # heavy: only for trials

    session = config.stash[SESSION]
    if session.prove:
        return
    if config.getoption("allure_report_dir", None):
        allure.register(config)
    crashes.register(config, draft_of)
    if not session.is_worker:
        config.pluginmanager.register(Results(session.results), "seatrial-results")
        config.pluginmanager.register(progress.Starter(), "seatrial-progress-starter")
