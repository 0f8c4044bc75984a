"""The fuzzer of one runtime in one process: tries cases, collects what is news, and knows when to stop."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.fuzz import judging
from conformance.fuzz.coverage import count, nothing_yet
from conformance.fuzz.findings import finding_of, signature_of
from conformance.fuzz.shrinking import minimised
from strategies.case import INVALID, Case
from strategies.joining import joined, packs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from conformance.fuzz.attempts import Attempt, Bench
    from conformance.fuzz.findings import Finding, Findings
    from conformance.fuzz.settings import Settings
    from conformance.harness.runtime import Runtime
    from reports.coverage import Coverage

#: How many further attempts the smallest form of a failure may take.
SHRINKING = 24


class Enough(Exception):
    """The time of a phase is over, or one finding was all that was wanted."""


@dataclass
class Fuzzer:
    """Tries cases on one runtime in a phase.

    ``ends`` is when to stop; with ``first_only`` the first finding is enough.
    """

    bench: Bench
    runtime: Runtime
    findings: Findings
    settings: Settings
    ends: float = float("inf")
    first_only: bool = False
    coverage: Coverage = field(default_factory=nothing_yet)
    progress: Callable[[Fuzzer], None] = lambda _: None
    phase: str = ""
    began: float = field(default_factory=time.monotonic)

    def run(self, cases: Iterable[Case]) -> None:
        """Try cases one by one."""
        for case in cases:
            self.try_case(case)

    def run_packed(self, cases: Iterable[Case]) -> None:
        """Try valid cases several at a time; those of a pack that fails without the one that is to blame, too."""
        for pack in self.settings.spread(packs(cases)):
            self._try_pack(pack)

    def _try_pack(self, pack: list[Case]) -> None:
        waiting = [pack]
        while waiting:
            pack = waiting.pop()
            to_blame = self.try_case(joined(pack))
            if to_blame is None:
                continue
            rest = [case for case in pack if not set(case.edits) & set(to_blame.edits)]
            if 0 < len(rest) < len(pack):
                waiting.append(rest)
            elif len(pack) > 1:  # nobody knows which of them it was
                half = len(pack) // 2
                waiting += [pack[half:], pack[:half]]

    def try_case(self, case: Case) -> Case | None:
        """Try one case; returns it if it fails, or the smallest that fails alike if it is news.  Raises ``Enough``."""
        self.check_time()
        if self.settings.steady and self.findings.is_known_to_hang(case.about):
            self.coverage.skipped += 1
            return None
        written = case.written()
        attempt = self._attempt(written)
        self.progress(self)
        if attempt.problem is None:
            return None
        return self._fail(case, attempt)

    def check_time(self) -> None:
        """Raise ``Enough`` when the time of the phase is over."""
        if time.monotonic() > self.ends:
            raise Enough

    def _attempt(self, written: dict[str, Any]) -> Attempt:
        bench = self.bench.impatient() if self.findings.is_known_to_hang(written["about"]) else self.bench
        attempt = judging.attempt(bench, self.runtime, written)
        refused = any(step.exit_status for step in attempt.journal.steps if "create" in step.argv)
        count(self.coverage, written["config"], refused=refused, skipped=bool(attempt.skipped))
        return attempt

    def _fail(self, case: Case, attempt: Attempt) -> Case:
        """Take a failure in: a new one is made smaller, run again and kept."""
        problem = attempt.problem
        assert problem is not None
        if self.findings.is_known(problem, requirements_of(case)) or not self.findings.is_news(problem):
            return case
        if not self.first_only:
            case, attempt = self._smallest(case, attempt)
        self.keep(attempt, "case", case.written(), case)
        return case

    def keep(
        self, attempt: Attempt, kind: str, written: dict[str, Any], case: Case, edits: Sequence[object] | None = None
    ) -> Finding | None:
        """Keep a failure that is news as a finding.  Raises ``Enough`` when one was all that was wanted."""
        finding = self._finding(attempt, kind, written, case, edits)
        if self.first_only:
            self.findings.take_as_it_is(finding)
            raise Enough
        from conformance.fuzz.replay import replayer  # noqa: PLC0415  # which imports the kinds of cases

        again = replayer(kind)
        return self.findings.take(
            finding, attempt.journal, lambda: again.attempt(self.bench, self.runtime, written).problem
        )

    def _finding(
        self, attempt: Attempt, kind: str, written: dict[str, Any], case: Case, edits: Sequence[object] | None = None
    ) -> Finding:
        assert attempt.problem is not None
        return finding_of(
            attempt.problem,
            attempt.journal,
            self.runtime,
            case.edits if edits is None else edits,
            kind=kind,
            case=written,
            requirements=requirements_of(case),
        )

    def _smallest(self, case: Case, attempt: Attempt) -> tuple[Case, Attempt]:
        """The smallest case that fails in the same way, within a budget."""
        assert attempt.problem is not None
        signature = signature_of(attempt.problem)
        seen = {id(case): attempt}
        kept = [case]  # for the ids to stay theirs

        def fails(candidate: Case) -> bool:
            tried = self._attempt(candidate.written())
            seen[id(candidate)] = tried
            kept.append(candidate)
            return tried.problem is not None and signature_of(tried.problem) == signature

        smallest = minimised(case, fails, attempts=SHRINKING)
        return smallest, seen[id(smallest)]

    @property
    def rate(self) -> float:
        """Cases in a second."""
        return self.coverage.cases / max(0.001, time.monotonic() - self.began)


def requirements_of(case: Case) -> list[str]:
    """The requirements that a case is about."""
    named = [case.requirement, "valid-values.invalid" if case.verdict == INVALID else ""]
    return [name for name in named if name]
