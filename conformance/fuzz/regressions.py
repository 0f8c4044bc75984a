"""Do again what was promoted to ``conformance/regressions/``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from conformance.fuzz.findings import Finding
from conformance.fuzz.replay import regressions, replayer
from strategies.case import Case

if TYPE_CHECKING:
    from conformance.fuzz.fuzzer import Fuzzer


def run_regressions(fuzzer: Fuzzer) -> None:
    """Do each one again.  Skips the test when there is none."""
    files = regressions()
    if not files:
        pytest.skip("not here: no finding was promoted to conformance/regressions/ yet")
    for file in files:
        fuzzer.check_time()
        finding = msgspec.convert(json.loads(file.read_text()), Finding)
        attempt = replayer(finding.kind).attempt(fuzzer.bench, fuzzer.runtime, finding.case)
        problem = attempt.problem
        if problem is None or fuzzer.findings.is_known(problem, finding.requirements):
            continue
        if fuzzer.findings.is_news(problem):
            fuzzer.keep(attempt, finding.kind, finding.case, Case(), finding.edits)
