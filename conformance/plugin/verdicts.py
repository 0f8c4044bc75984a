"""From what happened in a test to a verdict, and from a verdict to pytest's report and a result record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.harness.errors import Violation
from conformance.plugin.selection import level_of, requirements_of, runtime_name
from conformance.plugin.session import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.harness.cri.server import Server
    from conformance.harness.runtime import Runtime
    from conformance.requirements import Requirement

#: What a report is called in the terminal: pytest's category, its letter, its word.
STATUS: dict[str, tuple[str, str, tuple[str, dict[str, bool]]]] = {
    "passed": ("passed", ".", ("PASSED", {"green": True})),
    "differs": ("passed", "d", ("DIFFERS", {"green": True})),
    "violated": ("failed", "F", ("VIOLATED", {"red": True})),
    "crashed": ("failed", "C", ("CRASHED", {"red": True})),
    "hung": ("failed", "H", ("HUNG", {"red": True})),
    "leaked": ("failed", "L", ("LEAKED", {"red": True})),
    "warned": ("warned", "w", ("WARNED", {"yellow": True})),
    "known": ("xfailed", "x", ("KNOWN", {"yellow": True})),
    "gone": ("failed", "X", ("NO LONGER KNOWN", {"red": True})),
    "freed": ("passed", "X", ("NO LONGER KNOWN", {"yellow": True})),
    "inherited": ("xfailed", "b", ("KNOWN FROM THE BASELINE", {"yellow": True})),
    "fixed": ("passed", "f", ("FIXED", {"green": True})),
    "unsupported": ("skipped", "u", ("UNSUPPORTED", {"yellow": True})),
    "not_here": ("skipped", "n", ("NOT HERE", {"yellow": True})),
    "broken": ("error", "E", ("BROKEN", {"red": True})),
}


#: The verdicts that accuse the runtime.
ACCUSING = frozenset({"violated", "crashed", "hung", "leaked"})
#: The longest text of one side of a comparison that goes into a record, in characters.
LONGEST = 2000


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> Any:
    """Call each verdict by its name."""
    shown = getattr(report, "seatrial_status", None)
    if shown is None or (report.when == "setup" and report.passed):
        return None
    return STATUS[shown]


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    """Keep both sides of the comparison that failed: what was expected, and what was observed."""
    expected = repr(right) if op == "==" else f"{op} {right!r}"
    config.stash[SESSION].compared = (expected[:LONGEST], repr(left)[:LONGEST])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Forget what the test before has compared."""
    item.config.stash[SESSION].compared = ("", "")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Judge a finished phase, and put the record on its report."""
    report: pytest.TestReport = yield  # type: ignore[assignment]  # the wrapped hook returns the report
    if runtime_name(item) and (call.when == "call" or (call.when == "setup" and call.excinfo is not None)):
        judge(item, call, report)
    return report  # type: ignore[return-value]  # as above


def judge(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Give a report its verdict, its outcome and its record."""
    from conformance.expectations import name_of  # noqa: PLC0415  # heavy: only for trials
    from conformance.plugin.recording import Judgement, record_of  # noqa: PLC0415
    from reports.record import PROPERTY, to_builtins  # noqa: PLC0415

    session = item.config.stash[SESSION]
    name = runtime_name(item)
    verdict, reason = verdict_of(call)
    if session.prove:
        prove(item, report, verdict)
        return
    requirements = requirements_of(item)
    accused = verdict if verdict in ACCUSING else ""
    expectation = session.expectations(name).find(item, [requirement.id for requirement in requirements], accused)
    findings = list(getattr(call.excinfo.value, "findings", ())) if call.excinfo is not None else []
    before = session.baseline.before(name, name_of(item), findings)
    if accused and (declined := beyond_its_claims(session.subject(name), requirements)):
        verdict = status = "unsupported"
        reason = f"{declined} ({reason.partition(chr(10))[0]})"
        skip(item, report, f"unsupported: {reason}")
    elif accused and expectation is not None:
        verdict = status = "known"
        excuse(report, f"{expectation.reason} ({reason})")
    elif accused:
        status = accuse(item, report, (verdict, reason), before)
    elif verdict == "passed" and expectation is not None and not expectation.sometimes:
        status = "freed" if session.baseline_file else "gone"
        reason = f"the known violation is gone, take it out of the expectations: {expectation.reason}"
        if status == "gone":
            report.outcome, report.longrepr = "failed", reason
    else:
        status = verdict
    judgement = Judgement(verdict, reason, call.duration, expectation, session.compared, before, findings)
    record = record_of(item, session, judgement)
    if status == verdict and record.is_fixed:
        status = "fixed"
    report.seatrial_status = status  # type: ignore[attr-defined]  # reports carry what plugins put on them
    report.user_properties.append((PROPERTY, to_builtins(record)))


def accuse(item: pytest.Item, report: pytest.TestReport, found: tuple[str, str], before: str) -> str:
    """What to call a violation that nobody listed; ``before`` is its verdict in the baseline, "" when there is none.

    What is a regression fails at every level; what was there before never does.
    """
    from reports.record import BREAKS, FLAKY, is_regression  # noqa: PLC0415  # heavy: only for trials

    verdict, reason = found
    level, strict = level_of(requirements_of(item)), item.config.stash[SESSION].strict
    if before and is_regression(before, verdict, level):
        return verdict
    if before in {*BREAKS, FLAKY}:
        finding = reason.partition("\n +")[0]
        excuse(report, f"known from the baseline ({finding})")
        return "inherited"
    if verdict == "violated" and level != "MUST" and not strict:
        excuse(report, reason)
        return "warned"
    return verdict


def verdict_of(call: pytest.CallInfo[None]) -> tuple[str, str]:
    """The verdict on a phase, and its reason in one paragraph."""
    if call.excinfo is None:
        return "passed", ""
    problem = call.excinfo.value
    if isinstance(problem, pytest.skip.Exception):
        word, _, reason = str(problem.msg).partition(": ")
        return {"unsupported": "unsupported", "differs": "differs"}.get(word, "not_here"), reason or word
    if isinstance(problem, Violation):
        return problem.verdict, str(problem)
    if isinstance(problem, AssertionError):
        return "violated", str(problem)
    return "broken", f"{type(problem).__name__}: {problem}"


def beyond_its_claims(runtime: Runtime | Server, requirements: list[Requirement]) -> str:
    """Why a runtime need not meet requirements that came later than the version it claims; "" when it must.

    What it does all the same, says its profile, is held against it.
    """
    if not runtime.claims or not requirements or any(each.holds_in(runtime.claims) for each in requirements):
        return ""
    if any(runtime.profile.does(each.id, runtime.version) for each in requirements):
        return ""
    newest = max(requirements, key=lambda each: each.since)
    claim = f"{newest.specification} {runtime.claims}"
    return f"{runtime.name} {runtime.version} claims {claim}; {newest.id} is of {newest.since}"


def skip(item: pytest.Item, report: pytest.TestReport, reason: str) -> None:
    """Make a failed report one that was skipped."""
    path, line, _ = item.location
    report.outcome, report.longrepr = "skipped", (path, line or 0, f"Skipped: {reason}")


def excuse(report: pytest.TestReport, reason: str) -> None:
    """Make a failed report one that was expected, in the way that pytest marks it."""
    report.outcome = "skipped"
    report.wasxfail = f"reason: {reason}"


def prove(item: pytest.Item, report: pytest.TestReport, verdict: str) -> None:
    """With a deliberate fault, only a violation is what we want to see.

    When the fixtures have seen it already there is nothing left to do: the test itself is not run without them.
    """
    if verdict in ACCUSING and report.when == "setup":
        skip(item, report, "the fault was noticed before the test began")
        report.seatrial_status = "passed"  # type: ignore[attr-defined]  # reports carry what plugins put on them
    elif verdict in ACCUSING:
        report.outcome, report.longrepr = "passed", None
    elif verdict in {"passed", "differs"}:
        bug = runtime_name(item).partition("!")[2]
        report.outcome, report.longrepr = "failed", f"this test does not notice the fault {bug!r}"
