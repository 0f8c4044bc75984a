"""The last steps of all: the filter of system calls, and the program."""

from __future__ import annotations

import errno
import os

from reference_runtime import libc
from reference_runtime.errors import RuntimeFault
from reference_runtime.plan import Call, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from reference_runtime.run import Run

#: The search path of execvp(3) for a process without one of its own (confstr(3), _CS_PATH).
_DEFAULT_PATH = "/bin:/usr/bin"
_SHELL = "/bin/sh"
_NEW_LISTENER = 1 << 3  # SECCOMP_FILTER_FLAG_NEW_LISTENER, linux/seccomp.h


def plan(run: Run) -> Iterator[Op]:
    """Steps after which nothing but the program runs; what a filter forbids must come before it."""
    yield Call("announce", "", "tell the runtime that the program is next", _announce, run)
    if "seccomp" in run.linux:
        yield Filter(run, run.linux["seccomp"])
    yield Execute(run.process)


def _announce(run: Run) -> None:
    run.end().tell("running")


class Filter(Op):
    """Installs ``linux.seccomp``; it is compiled, and so judged, when the plan is made."""

    __slots__ = ("flags", "install", "listens", "program", "run")

    def __init__(self, run: Run, seccomp: dict[str, Any]) -> None:
        super().__init__("seccomp", str(seccomp.get("defaultAction", "")))
        from reference_runtime.seccomp import compile_filter, install  # noqa: PLC0415  # few processes have a filter

        self.run = run
        self.program, self.flags = compile_filter(seccomp, libc.MACHINE)
        self.install = install
        self.listens = bool(self.flags & _NEW_LISTENER)

    def describe(self) -> str:
        """What the filter does by default, and how long it is."""
        return f"filter system calls, {self.subject} by default ({len(self.program) // 8} instructions)"

    def execute(self) -> None:
        """Installs it.  With a listener, waits until the runtime has taken that from this process."""
        if self.listens:
            self.run.end().tell("listener", str(_next_descriptor()))
        self.install(self.program, self.flags)
        if self.listens:
            self.run.end().expect("taken")


def _next_descriptor() -> int:
    """The number that the kernel gives to the next descriptor of this process: where the listener will be."""
    descriptor = os.open("/", os.O_PATH)
    os.close(descriptor)
    return descriptor


class Execute(Op):
    """Executes the program as execvp(3) does; returns only by raising RuntimeFault."""

    __slots__ = ("args", "candidates", "env")

    def __init__(self, process: dict[str, Any]) -> None:
        super().__init__("execute", process["args"][0])
        self.args: list[str] = process["args"]
        self.env: list[str] = process.setdefault("env", [])
        self.candidates = _candidates(self.args[0], self.env)

    def describe(self) -> str:
        """The words of the command line."""
        return f"execute {self.args}"

    def execute(self) -> None:
        """Tries every place; a file without permission is the better explanation than one that is not there."""
        reason = errno.ENOENT
        for path in self.candidates:
            number = self._try(path)
            if number == errno.ENOEXEC:
                number = self._try_as_script(path)
            if number not in {errno.ENOENT, errno.ENOTDIR}:
                reason = number
            if number not in {errno.ENOENT, errno.ENOTDIR, errno.EACCES}:
                break
        raise RuntimeFault(f"process.args: {self.args[0]}: {os.strerror(reason)}")

    def _try(self, path: str) -> int:
        try:
            libc.execve(path, self.args, self.env)
        except OSError as problem:
            return problem.errno or 0
        return 0

    def _try_as_script(self, path: str) -> int:
        try:
            libc.execve(_SHELL, [_SHELL, path, *self.args[1:]], self.env)
        except OSError:
            return errno.ENOEXEC
        return 0


def _candidates(name: str, env: list[str]) -> list[str]:
    if "/" in name or not name:
        return [name]
    found = [entry[5:] for entry in env if entry.startswith("PATH=")]
    folders = (found[0] if found else _DEFAULT_PATH).split(":")
    return [os.path.join(folder or ".", name) for folder in folders]
