"""In the controller: what the phases of fuzzing have done, in the terminal and as a page beside the findings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.plugin import options

if TYPE_CHECKING:
    from reports.coverage import Coverage

PROPERTY = "seatrial-fuzz"
OPTIONS = ("fuzz-profile", "fuzz-time", "fuzz-examples", "fuzz-seed", "fuzz-database", "shard")


class Fuzzing:
    """Collects what phases tell, from this process and from workers."""

    def __init__(self) -> None:
        self._told: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a phase tells."""
        if report.when == "call":
            self._told += [told for name, told in report.user_properties if name == PROPERTY and isinstance(told, dict)]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say for each runtime what was tried, and write the page of its coverage."""
        if not self._told:
            return
        from reports.coverage import as_markdown, together  # noqa: PLC0415  # only where there was fuzzing

        terminalreporter.section("fuzzing")
        for runtime in dict.fromkeys(told["runtime"] for told in self._told):
            told = [each for each in self._told if each["runtime"] == runtime]
            coverage = together(map(coverage_of, told))
            seconds = sum(each["seconds"] for each in told)
            new = {name for each in told for name in each["new"]}
            known = max(each["known"] for each in told)
            share = 100 * coverage.refused / max(1, coverage.cases)
            terminalreporter.write_line(
                f"{runtime}: {coverage.cases} cases in {seconds:.1f} s ({coverage.cases / max(0.1, seconds):.0f}/s), "
                f"{share:.0f} in 100 refused, {len(coverage.fields)} fields with {coverage.values} values, "
                f"{len(new)} new findings, {known} known, seed {told[0]['seed']}"
            )
            page = Path(told[0]["folder"]) / "coverage.md"
            try:
                page.parent.mkdir(parents=True, exist_ok=True)
                page.write_text(as_markdown(coverage, runtime))
            except OSError as problem:
                terminalreporter.write_line(f"{page} can not be written: {problem.strerror}")
            else:
                terminalreporter.write_line(f"what was tried: {page}")


def coverage_of(told: dict[str, Any]) -> Coverage:
    """What a phase says that it has tried."""
    import msgspec  # noqa: PLC0415  # only where there was fuzzing

    from reports.coverage import Coverage  # noqa: PLC0415

    return msgspec.convert(told["coverage"], Coverage)


def validate(config: pytest.Config) -> None:
    """Check the options of fuzzing, if any was given.  Raises ``pytest.UsageError``."""
    if not any(options.given(config, name)[1] for name in OPTIONS):
        return
    from conformance.fuzz.settings import parts_of, settings_of  # noqa: PLC0415

    settings = settings_of(config)
    parts_of(config)
    place = settings.database
    if "://" in place and not re.match(r"rediss?://|unix://", place):
        raise pytest.UsageError(f"--fuzz-database={place}: give a folder, or the address of a server as redis://HOST/0")
    if "://" in place:
        from conformance.fuzz.generated import server_of  # noqa: PLC0415
        from conformance.harness.errors import WrongUse  # noqa: PLC0415

        try:
            server_of(place)
        except WrongUse as problem:
            raise pytest.UsageError(str(problem)) from None


def register(config: pytest.Config) -> None:
    """Sum up fuzzing, unless this is a worker."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Fuzzing(), "seatrial-fuzzing")
