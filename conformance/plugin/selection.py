"""Which tests run on which runtime, and which can not tell anything here."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

from conformance.plugin.servers import BROKEN_SERVER
from conformance.plugin.session import BROKEN_ON_PURPOSE, LEVELS, Session

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.harness.cri.scene import CriScene
    from conformance.harness.cri.server import Server
    from conformance.harness.runtime import Runtime
    from conformance.harness.scene import Scene
    from conformance.requirements import Requirement

MARKERS = (
    "fuzz: a phase of fuzzing: many cases on one runtime",
    "musts(*ids, needs=()): the requirements that a test judges, and what the host must have for it to tell",
    "proved_by(*bugs): the deliberate faults of the reference runtime with which a test is proved able to fail",
)
UNPROVED = "no fault named"
#: What can be tried: the parameter that names it in a test, and the fixture by which a test tries it.
SUBJECTS = {"runtime": "scene", "server": "cri"}
#: The folders of tests that try one kind of subject only.
FOLDERS = {"oci": "runtime", "cri": "server"}


def requirements_of(item: pytest.Item) -> list[Requirement]:
    """The requirements that a test is bound to, in the order in which it names them."""
    from conformance.requirements import lookup  # noqa: PLC0415  # the catalogue is read when a test needs it

    names = [name for mark in item.iter_markers("musts") for name in mark.args]
    return [lookup(name) for name in dict.fromkeys(names)]


def level_of(requirements: list[Requirement]) -> str:
    """The strongest level among requirements; MUST for a test that is bound to none."""
    strongest = min((LEVELS.index(requirement.level.lower()) for requirement in requirements), default=0)
    return LEVELS[strongest].upper()


def is_trial_of(parameter: str, fixtures: Iterable[str]) -> bool:
    """Whether a test with these fixtures tries subjects of one kind: ``runtime`` or ``server``."""
    return {parameter, SUBJECTS[parameter]} <= set(fixtures)


def has_no_subject(path: Path, session: Session) -> bool:
    """Whether a folder or file belongs to tests of a kind of subject of which this run has none."""
    inside = path.parts[path.parts.index("conformance") + 1 :] if "conformance" in path.parts else ()
    parameter = FOLDERS.get(inside[0], "") if inside else ""
    return bool(parameter) and not session.subjects(parameter)


def scene_of(item: pytest.Item) -> Scene | CriScene | None:
    """The scene of a test that has begun; None for tests that try nothing."""
    arguments = getattr(item, "funcargs", {})
    return next((arguments[fixture] for fixture in SUBJECTS.values() if fixture in arguments), None)


def subjects_for(parameter: str, metafunc: pytest.Metafunc, session: Session) -> list[str]:
    """The names of the subjects to try a test function on; with ``--prove``, one broken reference per named fault."""
    if not session.prove or not session.subjects(parameter):
        return session.subjects(parameter)
    prefix = BROKEN_SERVER if parameter == "server" else BROKEN_ON_PURPOSE
    marks = [*metafunc.definition.iter_markers("proved_by"), *_marks_of_parameters(metafunc)]
    bugs = dict.fromkeys(bug for mark in marks for bug in mark.args)
    if unknown := [bug for bug in bugs if bug not in session.faults(parameter)]:
        raise pytest.Collector.CollectError(f"{metafunc.definition.nodeid}: the reference has no fault {unknown[0]}")
    return [prefix + bug for bug in bugs] or [prefix + UNPROVED]


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
    return bool(runtime_name(item))


def runtime_name(item: pytest.Item) -> str:
    """The name of the runtime or server that a test tries; "" for tests that try none."""
    callspec = getattr(item, "callspec", None)
    kinds = [name for name in SUBJECTS if is_trial_of(name, getattr(item, "fixturenames", ()))]
    names = [callspec.params.get(kind, "") for kind in kinds] if callspec is not None else []
    return names[0] if names and isinstance(names[0], str) else ""


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
    bug = runtime_name(item).partition("!")[2]
    bugs = [name for mark in item.iter_markers("proved_by") for name in mark.args]
    return bug in bugs or (bug == UNPROVED and not bugs)


def _skip_without_command(runtime: Runtime | Server, command: str) -> None:
    if not getattr(runtime, "knows", bool)(command):
        pytest.skip(f"unsupported: {runtime.name} has no command {command}")


def _skip_without(runtime: Runtime | Server, need: str) -> None:
    if (reason := runtime.profile.lacks(need, runtime.version)) is not None:
        pytest.skip(f"unsupported: {reason}")


def skip_what_cannot_be_told(item: pytest.Item, session: Session) -> None:
    """Skip a test if the host lacks what it needs, the runtime declines it, or the version does not require it."""
    if not _is_trial(item):
        return
    runtime = session.subject(runtime_name(item))
    for mark in item.iter_markers("musts"):
        for need in mark.kwargs.get("needs", ()):
            if need.startswith("command."):
                _skip_without_command(runtime, need.removeprefix("command."))
            elif need.startswith("runtime."):
                _skip_without(runtime, need.removeprefix("runtime."))
            elif (reason := session.host.lacks(need)) is not None:
                pytest.skip(f"not here: {reason}")
    requirements = requirements_of(item)
    held = [requirement for requirement in requirements if requirement.is_oci]
    if held and not any(requirement.holds_in(session.spec_version) for requirement in held):
        pytest.skip(f"not here: runtime-spec {session.spec_version} does not have this requirement")
    for requirement in requirements:
        if (reason := runtime.profile.declines(requirement.id, runtime.version)) is not None:
            pytest.skip(f"unsupported: {reason}")
