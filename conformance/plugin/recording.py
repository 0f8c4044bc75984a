"""From a judged test to its result record, and the folder that shows a violation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.expectations import name_of
from conformance.harness.observed import first_report
from conformance.harness.reproduction import Story
from conformance.plugin import fuzzing
from conformance.plugin.selection import requirements_of, runtime_name, scene_of
from conformance.requirements.catalogue import CRI_VERSION
from reports import record as records
from reports.allure import difference
from strategies.config import base_config

if TYPE_CHECKING:
    import pytest

    from conformance.expectations import Expectation
    from conformance.harness.cri.scene import CriScene
    from conformance.harness.cri.server import Server
    from conformance.harness.runtime import Runtime
    from conformance.harness.scene import Scene
    from conformance.plugin.session import Session
    from conformance.requirements import Requirement
    from reports.coverage import Coverage

#: How much of a runtime's output goes into a record, in characters from each end.
EXCERPT = 4000
#: How many commands go into a record: a test that tries many containers is not told in full.
CALLS = 50


def record_of(item: pytest.Item, session: Session, judgement: Judgement) -> records.Record:
    """The record of one test on one runtime; a violation also leaves its folder."""
    runtime = session.subject(runtime_name(item))
    scene = scene_of(item)
    requirements = [_requirement(requirement) for requirement in requirements_of(item)]
    record = records.Record(
        test=name_of(item),
        runtime=_runtime(runtime),
        verdict=records.Verdict(judgement.verdict),
        level=records.strongest(requirement.level for requirement in requirements),
        requirements=requirements,
        title=sentence_of(item),
        reason=judgement.reason,
        duration=round(judgement.duration, 4),
        spec_version=session.spec_version if all(each.is_oci for each in requirements_of(item)) else CRI_VERSION,
        needs=[need for mark in item.iter_markers("musts") for need in mark.kwargs.get("needs", ())],
        host=session.host.facts(),
        expectation=_expectation(judgement.expectation),
        baseline=judgement.before,
        findings=judgement.findings,
        coverage=_coverage(item),
    )
    if scene is None or judgement.verdict in {"unsupported", "not_here"}:
        return record
    try:
        if judgement.verdict in {"passed", "differs"}:
            return msgspec.structs.replace(record, **_tried(scene))
        return _with_evidence(record, session, scene, judgement)
    except Exception as problem:  # noqa: BLE001  # the verdict stands, and the run goes on, whatever a runtime printed
        return msgspec.structs.replace(record, log=f"the evidence could not be gathered: {problem!r}")


class Judgement(msgspec.Struct, frozen=True):
    """What was decided about a test.

    ``compared`` is what the failed assert expected and observed, ``before`` the verdict in the baseline, ``findings``
    the signatures of what a test of many cases found.
    """

    verdict: str
    reason: str
    duration: float
    expectation: Expectation | None = None
    compared: tuple[str, str] = ("", "")
    before: str = ""
    findings: list[str] = []


def sentence_of(item: pytest.Item) -> str:
    """The first paragraph of a test's docstring, on one line."""
    text = getattr(getattr(item, "function", None), "__doc__", None) or ""
    return " ".join(text.strip().split("\n\n")[0].split())


def _with_evidence(
    record: records.Record, session: Session, scene: Scene | CriScene, judgement: Judgement
) -> records.Record:
    journal = scene.journal
    expected, observed = judgement.compared
    config = next(reversed(journal.configs.values()), None)
    return msgspec.structs.replace(
        record,
        expected=journal.expected or expected,
        observed=journal.observed or observed,
        config=config,
        difference=_excerpt(difference(base_config(), config)) if config and "ociVersion" in config else "",
        probe=first_report(scene.printed()),
        log=_excerpt("\n".join(step.output for step in journal.steps if step.output)),
        reproduction=_reproduction(record, session, scene),
        **_tried(scene),
    )


def _tried(scene: Scene | CriScene) -> dict[str, Any]:
    journal = scene.journal
    return {"edits": [_excerpt(edit) for edit in journal.edits], "argv": journal.calls()[:CALLS]}


def folder_name(item: pytest.Item) -> str:
    """A name for a folder that belongs to a test."""
    return _folder_name(name_of(item))


def _folder_name(test: str) -> str:
    return re.sub(r"[^\w.-]+", "-", test.removeprefix("conformance/").replace(".py", "")).strip("-")


def _reproduction(record: records.Record, session: Session, scene: Scene | CriScene) -> str:
    """The path of the folder's ``run.sh``; "" when nothing was called, or the folder can not be written."""
    if record.verdict is records.Verdict.BROKEN or not (scene.journal.configs or scene.journal.steps):
        return ""
    folder = Path(session.findings) / record.runtime.name / _folder_name(record.test)
    lines = [f"{each.id} ({each.level}): {each.text} {each.url}" for each in record.requirements]
    story = Story(record.test, record.title, lines, record.reason)
    try:
        return str(scene.reproduce(folder, story))
    except OSError:
        return ""


def _requirement(requirement: Requirement) -> records.Requirement:
    return records.Requirement(
        id=requirement.id,
        level=requirement.level,
        text=requirement.text,
        section=requirement.section,
        page=requirement.page,
        url=requirement.url,
        specification=requirement.specification,
    )


def _runtime(runtime: Runtime | Server) -> records.Runtime:
    return records.Runtime(
        name=runtime.name,
        path=runtime.path,
        version=runtime.version,
        package_version=runtime.package,
        sha256=runtime.sha256,
        arguments=runtime.arguments,
    )


def _expectation(entry: Expectation | None) -> records.Expectation | None:
    if entry is None:
        return None
    return records.Expectation(reason=entry.reason, link=entry.link, sometimes=entry.sometimes)


def _coverage(item: pytest.Item) -> Coverage | None:
    """What a test of many cases has tried."""
    told = [told for name, told in item.user_properties if name == fuzzing.PROPERTY and isinstance(told, dict)]
    return fuzzing.coverage_of(told[-1]).shortened() if told else None


def _excerpt(text: str) -> str:
    return text if len(text) <= 2 * EXCERPT else f"{text[:EXCERPT]}\n…\n{text[-EXCERPT:]}"
