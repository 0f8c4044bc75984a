"""Which tests run on which runtime, and which can not tell anything here."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

from conformance.plugin.session import BROKEN_ON_PURPOSE, LEVELS, Session

if TYPE_CHECKING:
    from conformance.harness.runtime import Runtime
    from conformance.requirements import Requirement

MARKERS = (
    "fuzz: a phase of fuzzing: many cases on one runtime",
    "musts(*ids, needs=()): the requirements that a test judges, and what the host must have for it to tell",
    "proved_by(*bugs): the deliberate faults of the reference runtime with which a test is proved able to fail",
)
UNPROVED = "no fault named"


def requirements_of(item: pytest.Item) -> list[Requirement]:
    """The requirements that a test is bound to, in the order in which it names them."""
    from conformance.requirements import lookup  # noqa: PLC0415  # the catalogue is read when a test needs it

    names = [name for mark in item.iter_markers("musts") for name in mark.args]
    return [lookup(name) for name in dict.fromkeys(names)]


def level_of(requirements: list[Requirement]) -> str:
    """The strongest level among requirements; MUST for a test that is bound to none."""
    strongest = min((LEVELS.index(requirement.level.lower()) for requirement in requirements), default=0)
    return LEVELS[strongest].upper()


def runtimes_for(metafunc: pytest.Metafunc, session: Session) -> list[str]:
    """The names of the runtimes to try a test function on; with ``--prove``, one broken reference per named fault."""
    if not session.prove:
        return session.runtimes
    marks = [*metafunc.definition.iter_markers("proved_by"), *_marks_of_parameters(metafunc)]
    bugs = dict.fromkeys(bug for mark in marks for bug in mark.args)
    if unknown := [bug for bug in bugs if bug not in session.faults]:
        raise pytest.Collector.CollectError(f"{metafunc.definition.nodeid}: the reference has no fault {unknown[0]}")
    return [BROKEN_ON_PURPOSE + bug for bug in bugs] or [BROKEN_ON_PURPOSE + UNPROVED]


def _marks_of_parameters(metafunc: pytest.Metafunc) -> list[pytest.Mark]:
    """The ``proved_by`` marks that stand on single parameters."""
    parametrizations = metafunc.definition.iter_markers("parametrize")
    values = [value for mark in parametrizations for value in mark.args[1]]
    marks = [getattr(mark, "mark", mark) for value in values for mark in getattr(value, "marks", ())]
    return [mark for mark in marks if mark.name == "proved_by"]


def select(config: pytest.Config, session: Session, items: list[pytest.Item]) -> None:
    """Keep what was asked for.  Raises ``pytest.UsageError`` when a test names a requirement that does not exist."""
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        wanted = not _is_trial(item) or _is_wanted(item, session)
        (kept if wanted else left_out).append(item)
    if left_out:
        items[:] = kept
        config.hook.pytest_deselected(items=left_out)


def _is_trial(item: pytest.Item) -> bool:
    return {"scene", "runtime"} <= set(getattr(item, "fixturenames", ())) and hasattr(item, "callspec")


def runtime_name(item: pytest.Item) -> str:
    """The name of the runtime that a test tries; "" for tests that try none."""
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("runtime", "")) if _is_trial(item) and callspec is not None else ""


def _is_wanted(item: pytest.Item, session: Session) -> bool:
    from conformance.requirements import UnknownRequirement  # noqa: PLC0415

    try:
        requirements = requirements_of(item)
    except UnknownRequirement as problem:
        raise pytest.UsageError(f"{item.nodeid}: {problem}") from None
    if session.prove and not _is_proved_by(item):
        return False
    if LEVELS.index(level_of(requirements).lower()) > LEVELS.index(session.level):
        return False
    names = [requirement.id for requirement in requirements]
    patterns = session.requirements
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _is_proved_by(item: pytest.Item) -> bool:
    """Whether the fault that a broken reference has is one that this very test, with its parameters, is to notice."""
    bug = runtime_name(item).removeprefix(BROKEN_ON_PURPOSE)
    bugs = [name for mark in item.iter_markers("proved_by") for name in mark.args]
    return bug in bugs or (bug == UNPROVED and not bugs)


def _skip_without_command(runtime: Runtime, command: str) -> None:
    if not runtime.knows(command):
        pytest.skip(f"unsupported: {runtime.name} has no command {command}")


def _skip_without(runtime: Runtime, need: str) -> None:
    if (reason := runtime.profile.lacks(need, runtime.version)) is not None:
        pytest.skip(f"unsupported: {reason}")


def skip_what_cannot_be_told(item: pytest.Item, session: Session) -> None:
    """Skip a test if the host lacks what it needs, the runtime declines it, or the version does not require it."""
    if not _is_trial(item):
        return
    runtime = session.runtime(runtime_name(item))
    for mark in item.iter_markers("musts"):
        for need in mark.kwargs.get("needs", ()):
            if need.startswith("command."):
                _skip_without_command(runtime, need.removeprefix("command."))
            elif need.startswith("runtime."):
                _skip_without(runtime, need.removeprefix("runtime."))
            elif (reason := session.host.lacks(need)) is not None:
                pytest.skip(f"not here: {reason}")
    requirements = requirements_of(item)
    if requirements and not any(requirement.holds_in(session.spec_version) for requirement in requirements):
        pytest.skip(f"not here: runtime-spec {session.spec_version} does not have this requirement")
    for requirement in requirements:
        if (reason := runtime.profile.declines(requirement.id, runtime.version)) is not None:
            pytest.skip(f"unsupported: {reason}")
