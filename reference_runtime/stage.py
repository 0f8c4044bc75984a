"""The processes that become the container: a child that leaves the runtime's namespaces, and its child, the container.

The first exists since most namespaces can be entered by the caller itself, but a PID namespace only by its children.
It ends as soon as the second runs; the runtime, a subreaper meanwhile, is then the second one's parent.
"""

from __future__ import annotations

import gc
import os

from reference_runtime import documents, faults, libc, session
from reference_runtime.compiler import execute
from reference_runtime.hooks import run_hooks
from reference_runtime.link import End, report
from reference_runtime.ops import labels
from reference_runtime.ops.program import Execute
from reference_runtime.signals import end_on_signals, restore_defaults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from reference_runtime.compiler import Plan
    from reference_runtime.run import Run
    from reference_runtime.store import Container

_UMASK = 0o022


def fork_into(action: Callable[[], None], end: End, not_ours: tuple[int, ...] = ()) -> int:
    """Forks a process that runs ``action``, tells the other end what went wrong, and never returns.

    ``not_ours`` are the parent's ends of the pipes: as long as this process holds them, no end of them is seen.
    """
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for descriptor in not_ours:
            os.close(descriptor)
        action()
        code = 0
    except BaseException as problem:  # noqa: BLE001  # a forked process must not unwind into its parent's code
        report(end, problem)
    finally:
        os._exit(code)


def fork_and_tell(action: Callable[[], None], end: End) -> None:
    """Forks a process that runs ``action``, and tells its number before it says anything: both write to one pipe."""
    told, telling = os.pipe()

    def act() -> None:
        os.read(told, 1)
        os.close(told)
        action()

    pid = fork_into(act, end, (telling,))
    os.close(told)
    end.tell("pid", str(pid))
    os.close(telling)


class Stage:
    """The two processes of one creation.  ``fifos`` are the descriptors of the start fifo and the answer fifo."""

    def __init__(self, run: Run, plan: Plan, container: Container, fifos: tuple[int, int]) -> None:
        self.run = run
        self.plan = plan
        self.container = container
        self.fifos = fifos
        self.umask = 0

    def leave(self) -> None:
        """The first process: waits for its control group, leaves the namespaces, and starts the second."""
        run = self.run
        gc.disable()
        # What is made in the container has the modes that are written here, whatever the caller's umask.
        self.umask = os.umask(_UMASK)
        run.end().expect("grouped")
        execute(self.plan["outside"])
        execute(self.plan["namespaces"])
        fork_and_tell(self.become, run.end())

    def become(self) -> None:
        """The second process: makes the container around itself, waits to be started, and becomes the program."""
        run, end = self.run, self.run.end()
        session.begin(run)
        execute(self.plan["inside"])
        end.tell("mounted")
        end.expect("enter")
        run_hooks(run.config, "createContainer", self._state("creating"))
        execute(self.plan["root"])
        self._let_go_of_the_host()
        end.tell("created")
        end.expect("wait")
        end.close()
        self._wait()

    def _change_late(self, args: str) -> None:
        if args:
            self.plan["process"][-1] = Execute(self.run.process | {"args": documents.parse(args)})

    def _state(self, status: str) -> dict[str, Any]:
        """The state for hooks in the container's namespaces: the process id is the container's own view."""
        return self.container.state(status, os.getpid())

    def _let_go_of_the_host(self) -> None:
        """Takes the terminal, and closes every descriptor that the program and the waiting need not."""
        run, end = self.run, self.run.end()
        session.adopt_terminal(run)
        if faults.has("descriptors-leaked"):
            os.set_inheritable(run.root, True)
        if faults.has("descriptors-leaked") or faults.has("descriptors-inherited"):
            return
        begin = 3 + run.settings.preserved
        for kept in sorted({*self.fifos, end.reader, end.writer, *labels.files(run)}):
            if kept > begin:
                libc.close_range(begin, kept - 1)
            begin = max(begin, kept + 1)
        libc.close_range(begin)

    def _wait(self) -> None:
        """Waits for ``start``, then takes the last steps; nothing may be imported any more."""
        run = self.run
        run.link = End(*self.fifos)
        os.umask(self.umask)
        try:
            end_on_signals()
            self._change_late(run.link.expect("start"))
            run_hooks(run.config, "startContainer", self._state("created"))
            restore_defaults()
            execute(self.plan["process"])
        except BaseException as problem:  # noqa: BLE001  # the caller of start is to know, whatever it is
            report(run.link, problem)
            os._exit(1)
