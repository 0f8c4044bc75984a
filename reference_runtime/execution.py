"""``exec``: one more process in a container that runs."""

from __future__ import annotations

import os

from reference_runtime import faults, libc, lifecycle, messages, session
from reference_runtime.cgroups import Cgroup
from reference_runtime.compiler import execute
from reference_runtime.constants import NAMESPACE_FILES, NAMESPACES
from reference_runtime.errors import RuntimeFault
from reference_runtime.link import End, pair
from reference_runtime.ops import labels, process
from reference_runtime.ops.namespaces import root_ids, take_ids
from reference_runtime.run import Run
from reference_runtime.signals import restore_defaults
from reference_runtime.stage import fork_and_tell, fork_into
from reference_runtime.undoing import wait_for_children
from reference_runtime.validate.numbers import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from reference_runtime.plan import Op
    from reference_runtime.run import Settings
    from reference_runtime.store import Container

_PR_SET_DUMPABLE = 4
#: The user namespace comes last: with it go the rights to enter the others.
_ORDER = ("cgroup", "ipc", "uts", "network", "pid", "time", "mount", "user")


def start_process(container: Container, config: dict[str, Any], settings: Settings, group: str) -> int:
    """Runs ``config["process"]`` in a container; returns its process id once its program is executed.

    ``group`` is a control group below the container's own.
    """
    run = Run(container.id, config, settings)
    execution = _Execution(container, run, _group_below(container, group))
    for warning in run.warnings:
        messages.warn(warning)
    return execution.execute()


def _group_below(container: Container, group: str) -> Cgroup:
    saved = container.document["cgroup"]
    path = os.path.normpath(f"{saved['path']}/{group}")
    if path != saved["path"] and not path.startswith(saved["path"] + "/"):
        raise RuntimeFault(f"--cgroup {group}: it is not below the container's own group")
    cgroup = Cgroup(saved["mounts"], path)
    missing = [folder for folder in cgroup.paths.values() if not os.path.isdir(folder)]
    if missing and (group or not cgroup.paths):
        raise RuntimeFault(f"--cgroup {group}: there is no control group {missing[0]}")
    return cgroup


class _Execution:
    """Both sides of one ``exec``.  Everything that can fail by itself is planned before a process is made."""

    def __init__(self, container: Container, run: Run, cgroup: Cgroup) -> None:
        self.container = container
        self.run = run
        self.cgroup = cgroup
        self.namespaces = _open_namespaces(container.pid)
        self.ids = root_ids(run, container.pid)
        self.root = os.open(f"/proc/{container.pid}/root", os.O_PATH | os.O_DIRECTORY)
        self.outside = [*process.plan_outside(run)]
        self.labels = [*labels.plan_open(run)]
        self.inside = [*process.plan_inside(run)]
        self.last: list[Op] = [*labels.plan_apply(run), *process.plan_last(run)]
        self.open_pair = _terminal_opener(run)
        self.affinity = run.process.get("execCPUAffinity", {})

    def execute(self) -> int:
        """The runtime's side."""
        libc.adopt_orphans()
        here, there = pair()
        self.run.link = there
        child = fork_into(self._enter, there, (here.reader, here.writer))
        there.close()
        try:
            return self._lead_in(here, child)
        except BaseException:
            # Without us they end, and nobody but us is there to take notice of that.
            here.close()
            wait_for_children()
            raise

    def _lead_in(self, here: End, child: int) -> int:
        """Takes the first process into the container, and the second until it is the program."""
        here.expect("placed")
        if not faults.has("exec-outside-cgroup"):
            self.cgroup.join(child)
        here.tell("grouped")
        pid = int(here.expect("pid"))
        os.waitpid(child, 0)
        lifecycle.see_off(here, pid, self.container.state() | {"pid": pid}, self.run.config)
        return pid

    def _enter(self) -> None:
        """The first process: from the runtime's namespaces into the container's."""
        end = self.run.end()
        _stay_on(self.affinity.get("initial", ""))
        execute(self.outside)
        end.tell("placed")
        end.expect("grouped")
        # Who is in the container already must not look into this process (ptrace(2)).
        libc.prctl(_PR_SET_DUMPABLE, 0)
        for kind, descriptor in self.namespaces:
            if kind == "user":
                _enter_root(self.root)
            libc.setns(descriptor, NAMESPACES[kind], f"the container's {kind} namespace")
        if "user" in dict(self.namespaces):
            take_ids(*self.ids)
        else:
            _enter_root(self.root)
        fork_and_tell(self._become, end)

    def _become(self) -> None:
        """The second process: what the configuration says, then the program."""
        run = self.run
        session.begin(run)
        self._open_terminal()
        _stay_on(self.affinity.get("final", ""))
        execute(self.labels)
        execute(self.inside)
        if not faults.has("exec-descriptors-inherited"):
            libc.close_range(3 + run.settings.preserved, flags=libc.CLOSE_RANGE_CLOEXEC)
        restore_defaults()
        if faults.has("exec-stdin-empty"):
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        if faults.has("exec-stderr-is-stdout"):
            os.dup2(1, 2)
        execute(self.last)

    def _open_terminal(self) -> None:
        if self.open_pair is None:
            return
        self.run.root = os.open("/", os.O_PATH | os.O_DIRECTORY)
        self.open_pair(self.run)
        session.adopt_terminal(self.run)


def _terminal_opener(run: Run) -> Callable[[Run], None] | None:
    """What opens the terminal; imported while the files to import from are in sight."""
    if not run.process.get("terminal"):
        return None
    from reference_runtime.terminal import open_pair  # noqa: PLC0415  # few processes have a terminal

    return open_pair


def _enter_root(root: int) -> None:
    """The container's root need not be that of its mount namespace."""
    os.fchdir(root)
    os.chroot(".")


def _stay_on(processors: str) -> None:
    if processors:
        try:
            os.sched_setaffinity(0, listed(processors, "process.execCPUAffinity"))
        except OSError as problem:
            raise RuntimeFault(f"process.execCPUAffinity: {processors}: {problem.strerror}") from None


def _open_namespaces(pid: int) -> list[tuple[str, int]]:
    """The container's namespaces that are not the runtime's own, in the order in which they are to be entered."""
    found = []
    for kind in _ORDER:
        if faults.has(f"exec-outside-{kind}-namespace"):
            continue
        file = NAMESPACE_FILES.get(kind, kind)
        try:
            descriptor = os.open(f"/proc/{pid}/ns/{file}", os.O_RDONLY)
        except FileNotFoundError:
            continue
        if os.fstat(descriptor).st_ino != os.stat(f"/proc/self/ns/{file}").st_ino:
            found.append((kind, descriptor))
    return found
