"""Misuses the command line, and demands that what is an error is one, and that an error changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.fuzz.machine.oracles import Misused, NotClean
from conformance.harness.errors import Crashed, Hung, Leaked, OperationFailed, Violation
from conformance.harness.refusal import refused
from conformance.harness.state import read_state
from strategies.edits import do
from strategies.misuse import ACCEPTED, REFUSED

if TYPE_CHECKING:
    from conformance.harness.container import Container
    from conformance.harness.scene import Scene
    from strategies.misuse import Misuse


def misuse(scene: Scene, case: Misuse) -> None:
    """Try one command line.  Raises ``Misused``, ``NotClean``, ``Hung`` or ``Crashed`` when the runtime is to blame."""
    container = scene.bring(case.state) if case.state else scene.container(do("wait"))
    folder = container.bundle.folder / "scratch"
    places = {"id": container.id, "bundle": str(container.bundle.folder), "folder": str(folder)}
    script = f"mkdir -p scratch/pid; cd scratch; {_filled(case.prepare, places)}"
    container.prepare(script)
    words = [_filled(word, places) for word in case.words]
    if case.verdict == ACCEPTED:
        _demand_success(container, case, words)
    else:
        _demand_refusal(container, case, words)


def _filled(text: str, places: dict[str, str]) -> str:
    for name, place in places.items():
        text = text.replace(f"{{{name}}}", place)
    return text


def _demand_success(container: Container, case: Misuse, words: list[str]) -> None:
    """The command line is unusual and good: it must do what it says."""
    try:
        container.call(*words)
    except OperationFailed as refusal:
        raise Misused(f"{case.what}: it was refused", str(refusal), case.requirement) from None
    _demand_container(container, case, words)


def _demand_refusal(container: Container, case: Misuse, words: list[str]) -> None:
    """It must be an error that says why and changes nothing; where it may be accepted, a container must be sound."""
    status, before = 1, _state(container)
    try:
        with refused(container):
            done = container.ask(*words)
            status = done.exit_status
            container.scene.accepted(done)
    except (Crashed, Hung):
        raise
    except Leaked as left:
        raise NotClean(f"{case.what}: refused, it leaves behind", str(left).split("; "), "errors.no-change") from None
    except Violation as problem:
        if status != 0 or case.verdict == REFUSED:
            about = f"{case.what}: {str(problem).partition(':')[0]}"
            raise Misused(about, str(problem), case.requirement or "errors.no-change") from None
    if status == 0 and container.id not in words and _state(container) != before:
        about = f"{case.what}: it was accepted, and has changed another container"
        raise Misused(about, f"from {before} to {_state(container)}", case.requirement or "errors.no-change")
    if status == 0 and words[0] == "create" and _is_there(container, words[-1]):
        _demand_container(container, case, words)


def _state(container: Container) -> str:
    """The status of a container, or "" when there is none."""
    done = container.ask("state", container.id)
    return str(done.json().get("status")) if done.exit_status == 0 else ""


def _is_there(container: Container, name: str) -> bool:
    """Whether there is a container; what begins with a dash may have been a flag that asks for something else."""
    return not name.startswith("-") or container.ask("state", name).exit_status == 0


def _demand_container(container: Container, case: Misuse, words: list[str]) -> None:
    """There must be a container under the id that was given, with the bundle and the pid file that were given."""
    scene, name = container.scene, words[-1]
    state = read_state(scene.accepted(scene.call("state", name)).stdout, scene.journal)
    bundle = Path(words[words.index("--bundle") + 1])
    if state.id != name:
        raise Misused(f"{case.what}: the state has another id", repr(state.id), "state.id")
    if not state.bundle.startswith("/") or not Path(state.bundle).samefile(bundle):
        raise Misused(f"{case.what}: the state has another bundle", repr(state.bundle), "state.bundle")
    if case.verdict == ACCEPTED and "--pid-file" in words:
        written = Path(words[words.index("--pid-file") + 1]).read_text()
        if written.strip() != str(state.pid):
            raise Misused(f"{case.what}: the pid file has another number", repr(written))
    scene.accepted(scene.call("delete", "--force", name))
    container.deleted = name == container.id
