"""``start``, ``kill`` and ``delete`` (runtime.md, "Operations"): what each needs, what each does."""

from __future__ import annotations

import os

from reference_runtime import faults
from reference_runtime.errors import Missing, Pretended, RuntimeFault
from reference_runtime.link import End, HookFault
from reference_runtime.store import ANSWER_FIFO, START_FIFO, Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KILL = 9
_ALIVE = ("created", "running", "paused")


def demand(container: Container, operation: str, wanted: tuple[str, ...]) -> str:
    """The container's status.  RuntimeFault when the operation is not for that one.

    The fault ``OPERATION-accepts-STATUS`` lets it pass, ``OPERATION-refuses-STATUS`` does not.
    """
    status = container.status()
    if status not in wanted and faults.has(f"{operation}-accepts-{status}"):
        if operation in {"start", "kill"}:
            raise Pretended
    elif status not in wanted or faults.has(f"{operation}-refuses-{status}"):
        raise RuntimeFault(f"{operation}: container {container.id} is {status}, and has to be {' or '.join(wanted)}")
    return status


def seize(container: Container, operation: str, wanted: tuple[str, ...]) -> None:
    """Locks a container for an operation that is for some statuses only.

    It is asked before too: who comes while the container is being created is refused, and does not wait for its end.
    """
    demand(container.load(), operation, wanted)
    demand(container.lock(), operation, wanted)


def start(container: Container) -> None:
    """Runs the program of a created container, then the poststart hooks."""
    try:
        seize(container, "start", ("created",))
    except RuntimeFault:
        if faults.has("concurrent-start-accepted") and container.status() == "running" and container.is_new():
            raise Pretended from None
        raise
    config = container.config()
    if "process" not in config and faults.has("start-needs-no-process"):
        raise Pretended
    if "process" not in config:
        raise RuntimeFault(f"container {container.id} can not be started: its configuration has no process")
    try:
        _release(container, config)
        container.unlock()
        _run_poststart(container, config)
    except HookFault:
        # The lifecycle goes on at its step 12: the container is destroyed.
        if not faults.has("failed-start-keeps-container"):
            _destroy(container)
        raise


def _run_poststart(container: Container, config: dict[str, Any]) -> None:
    if config.get("hooks", {}).get("poststart"):
        from reference_runtime.hooks import run_hooks  # noqa: PLC0415  # few containers have them

        run_hooks(config, "poststart", container.state("running"))


def _destroy(container: Container) -> None:
    from reference_runtime.undoing import destroy  # noqa: PLC0415  # needs more modules than the usual start

    destroy(container, hooks=True)


def _release(container: Container, config: dict[str, Any]) -> None:
    """Tells the waiting process to go on, and waits until it has executed the program: its end of the fifo closes."""
    answer = os.open(container.file(ANSWER_FIFO), os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(answer, True)
    end = End(answer, os.open(container.file(START_FIFO), os.O_RDWR))
    try:
        end.tell("start", _late_changes(container))
        see_off(end, container.pid, container.state("created"), config)
    finally:
        end.close()
        os.unlink(container.file(START_FIFO))
        os.unlink(container.file(ANSWER_FIFO))


def _late_changes(container: Container) -> str:
    """What a runtime that reads the bundle again would find there: the words of the command line."""
    if not faults.has("args-reread-at-start"):
        return ""
    from reference_runtime import documents  # noqa: PLC0415  # a healthy start reads nothing

    config = documents.read(os.path.join(container.document["bundle"], "config.json"))
    return documents.text(config["process"]["args"], " ")


def see_off(end: End, pid: int, state: dict[str, Any], config: dict[str, Any]) -> None:
    """Waits until a process has executed its program: then its end of the pipe closes by itself."""
    end.expect("running")
    if faults.has("seccomp-listener-always") and config["linux"].get("seccomp", {}).get("listenerPath"):
        from reference_runtime.seccomp import listener  # noqa: PLC0415  # few filters have one

        listener.send(config["linux"]["seccomp"]["listenerPath"], 0, state)
    while (message := end.hear()) != ("", ""):
        word, rest = message
        if word != "listener":
            raise RuntimeFault(rest)
        _hand_listener_over(pid, int(rest), state, config["linux"]["seccomp"])
        end.tell("taken")


def _hand_listener_over(pid: int, number: int, state: dict[str, Any], seccomp: dict[str, Any]) -> None:
    """Takes the descriptor of a filter's notifications out of the process, and sends it to the agent."""
    from reference_runtime.seccomp import listener  # noqa: PLC0415  # few filters have one

    taken = listener.take(pid, number)
    try:
        listener.send(seccomp.get("listenerPath", ""), taken, state, seccomp.get("listenerMetadata", ""))
    except RuntimeFault:
        if faults.has("seccomp-listener-failure-ignored"):
            return
        os.kill(pid, _KILL)
        raise
    finally:
        os.close(taken)


def kill(container: Container, signal: int, *, everyone: bool = False) -> None:
    """Sends a signal to the container process, or to every process of the container."""
    container.load()
    if everyone and container.status() != "creating":
        _cgroup(container).kill_all(signal)
        return
    demand(container, "kill", _ALIVE)
    if faults.has("kill-does-nothing"):
        return
    if not faults.active:
        _send(container, signal)
        return
    _send_bent(container, signal)


def _send(container: Container, signal: int) -> None:
    """The descriptor makes sure that the number still is the container's process when the signal is sent."""
    descriptor = _pidfd(container)
    try:
        if container.alive():
            os.kill(container.pid, signal)
    finally:
        os.close(descriptor)


def _send_bent(container: Container, signal: int) -> None:
    for bug in faults.active.values():
        signal = bug.signal or signal
    if faults.has("kill-reaches-everyone"):
        _cgroup(container).kill_all(signal)
    elif container.alive():
        _send(container, signal)


def _pidfd(container: Container) -> int:
    try:
        return os.pidfd_open(container.pid)
    except ProcessLookupError:
        raise RuntimeFault(f"container {container.id} has just stopped") from None


def _cgroup(container: Container) -> Any:
    from reference_runtime.cgroups import Cgroup  # noqa: PLC0415  # state and kill do not need it

    return Cgroup.from_json(container.document["cgroup"])


def delete(container: Container, *, force: bool = False) -> None:
    """Removes a stopped container, and with ``force`` any that there is."""
    from reference_runtime.undoing import destroy  # noqa: PLC0415  # not for start and kill

    if not force:
        seize(container, "delete", ("stopped",))
    elif not _seize_what_is_left(container):
        return
    destroy(container, hooks=True, bent=force)


def _seize_what_is_left(container: Container) -> bool:
    """Locks a container whatever its status; False when there is none.

    A directory without a document is what a creation leaves that was killed at its very beginning: it just goes.
    """
    try:
        container.lock()
    except Missing:
        if os.path.isdir(container.path):
            container.remove()
        return False
    return True


def pause(container: Container) -> None:
    """Freezes every process."""
    seize(container, "pause", ("running", "created"))
    _cgroup(container).freeze()


def resume(container: Container) -> None:
    """Thaws every process."""
    seize(container, "resume", ("paused",))
    _cgroup(container).thaw()
