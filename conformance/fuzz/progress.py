"""A live line on a terminal: how fast, what was found, what was covered."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from conformance.fuzz.fuzzer import Fuzzer

#: How often the line changes on a terminal, and how often there is a new one elsewhere, in seconds.
LIVE, PLAIN = 0.5, 30.0


class Progress:
    """Called after every case; prints when it is time to."""

    def __init__(self, config: pytest.Config, phase: str) -> None:
        self._phase = phase
        self._capture: Any = config.pluginmanager.get_plugin("capturemanager")
        self._quiet = hasattr(config, "workerinput") or config.option.verbose < 0
        self._began = self._last = time.monotonic()

    def __call__(self, fuzzer: Fuzzer) -> None:
        """Print, if it is time to."""
        now = time.monotonic()
        if self._quiet or now - self._last < LIVE:
            return
        if self._capture is None:
            self._print(fuzzer, now)
        else:
            with self._capture.global_and_fixture_disabled():
                self._print(fuzzer, now)

    def _print(self, fuzzer: Fuzzer, now: float) -> None:
        live = sys.stdout.isatty()
        if live or now - self._last >= PLAIN:
            self._last = now
            coverage, found = fuzzer.coverage, fuzzer.findings
            text = (
                f"fuzzing {fuzzer.runtime.name}, {self._phase}: {coverage.cases} cases, {fuzzer.rate:.0f}/s, "
                f"{len(found.believed)} findings, {len(found.known)} known, "
                f"{len(coverage.fields)} fields, {coverage.values} values"
            )
            print(f"\r{text}\x1b[K" if live else f"\n{text}", end="\r" if live else "", flush=True)
