"""The end of a container: its processes, control groups, mounts and files go (runtime.md, "Delete")."""

from __future__ import annotations

import errno
import os
import select

from reference_runtime import faults, libc, messages
from reference_runtime.cgroups import Cgroup
from reference_runtime.constants import NAMESPACES
from reference_runtime.errors import RuntimeFault
from reference_runtime.hooks import run_hooks
from reference_runtime.link import HookFault, explain
from reference_runtime.store import Container, birth, containers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MNT_DETACH = 2
_KILL = 9


def destroy(container: Container, *, hooks: bool, bent: bool = False) -> None:
    """Undoes the creation, whatever it had reached, and runs the poststop hooks if they are due.

    The container is locked by the caller; it is free for others before its hooks run.  ``bent`` is for those
    deliberate faults that only delete with force has.
    """
    document = container.document
    if bent and faults.active:
        _bend(container)
    config = container.config() if hooks else {}
    state = container.state("stopped") if hooks else {}
    if hooks and faults.has("poststop-before-delete"):
        run_poststop(config, state)
        hooks = False
    _kill(container)
    if "cgroup" in document:
        _remove_cgroup(Cgroup.from_json(document["cgroup"]))
    _unmount(document.get("mounted", ""), document.get("mounted_in", ""))
    if not faults.has("delete-keeps-directory"):
        container.remove()
    if faults.has("delete-removes-config"):
        os.unlink(os.path.join(document["bundle"], "config.json"))
    container.unlock()
    if hooks:
        run_poststop(config, state)


def _bend(container: Container) -> None:
    """The deliberate faults of delete with force."""
    if faults.has("force-kills-others"):
        for other in containers(container.root):
            _kill(other)
    cut_short = container.document.get("status") == "creating"
    if faults.has("force-keeps-cgroup") or (cut_short and faults.has("killed-create-keeps-cgroup")):
        container.document.pop("cgroup", None)


def _remove_cgroup(cgroup: Cgroup) -> None:
    if cgroup.processes():
        cgroup.kill_all(_KILL)
    if faults.has("delete-keeps-parent-cgroups"):
        cgroup.made = [folder for folder in cgroup.made if folder in cgroup.paths.values()]
    if not faults.has("delete-keeps-cgroup"):
        cgroup.delete()


def run_poststop(config: dict[str, Any], state: dict[str, Any]) -> None:
    """Runs the poststop hooks: one that fails is a warning, and the others run all the same."""
    listed = config.get("hooks", {}).get("poststop", [])
    for hook in listed:
        try:
            run_hooks({"hooks": {"poststop": [hook]}}, "poststop", state)
        except HookFault as problem:
            messages.warn(explain(problem))
            if faults.has("poststop-stops-at-failure"):
                return


def _kill(container: Container) -> None:
    """Kills the container process and waits until it is gone; reaps it if it is our own child."""
    pid = container.pid
    if pid and birth(pid) == container.document.get("birth"):
        descriptor = os.pidfd_open(pid)
        os.kill(pid, _KILL)
        if "cgroup" in container.document:
            Cgroup.from_json(container.document["cgroup"]).let_die()
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        waiting.poll(10_000)
        os.close(descriptor)
    reap()


def wait_for_children() -> None:
    """Waits until every child has ended."""
    try:
        while os.waitpid(-1, 0):
            pass
    except ChildProcessError:
        return


def reap() -> None:
    """Takes the exit status of every child that has ended: orphans of the container become ours."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _unmount(path: str, namespace: str) -> None:
    """Detaches what a container without a mount namespace of its own has mounted in another, if that is still there."""
    if not path or (namespace and not os.path.exists(namespace)):
        return
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            if namespace:
                libc.setns(os.open(namespace, os.O_RDONLY), NAMESPACES["mount"], namespace)
            libc.umount2(path, _MNT_DETACH)
            code = 0
        except OSError as problem:
            # EINVAL: nothing is mounted there, as when the creation failed before that.
            code = 0 if problem.errno in {errno.EINVAL, errno.ENOENT} else 1
        finally:
            os._exit(code)
    if os.waitpid(pid, 0)[1]:
        raise RuntimeFault(f"{path} can not be unmounted")
