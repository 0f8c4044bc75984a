"""Hooks (config.md, "POSIX-platform Hooks"): programs that run at moments of the lifecycle, with the state on stdin."""

from __future__ import annotations

import os
import select
import time

from reference_runtime import documents, faults
from reference_runtime.libc import execve
from reference_runtime.link import HookFault, explain
from reference_runtime.signals import restore_defaults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_OUTPUT = 2000


def run_hooks(config: dict[str, Any], kind: str, state: dict[str, Any]) -> None:
    """Runs the hooks of one kind in the listed order.  HookFault names the first that fails; later ones do not run."""
    hooks = config.get("hooks", {}).get(kind, [])
    for bug in faults.active.values():
        if bug.told:
            bug.told(state)
    text = documents.text(state, " ")
    for index, hook in enumerate(hooks):
        problem = _run(hook, text)
        if problem and not faults.has("hooks-failure-ignored"):
            raise HookFault(f"hooks.{kind}[{index}]: {hook['path']} {problem}")


def _run(hook: dict[str, Any], state: str) -> str:
    """Runs one hook to its end; returns what went wrong, or "".

    Its standard streams are files in memory: nobody has to read or write while it runs.
    """
    stdin, output = _filled_file(state), os.memfd_create("output")
    pid = os.fork()
    if pid == 0:
        _become(hook, stdin, output)
    os.close(stdin)
    try:
        return _outcome(pid, hook.get("timeout"), output)
    finally:
        os.close(output)


def _filled_file(text: str) -> int:
    descriptor = os.memfd_create("state")
    os.write(descriptor, b"" if faults.has("hooks-stdin-empty") else text.encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _become(hook: dict[str, Any], stdin: int, output: int) -> None:
    """Turns a forked process into the hook; never returns."""
    try:
        os.setpgid(0, 0)
        for source, target in ((stdin, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        restore_defaults()
        execve(hook["path"], hook.get("args") or [hook["path"]], hook.get("env", []))
    except Exception as problem:  # noqa: BLE001  # the forked process has nobody else to tell
        os.write(2, explain(problem).encode("utf-8", "replace"))
    os._exit(127)


def _outcome(pid: int, timeout: int | None, output: int) -> str:
    if timeout is not None and not _ends_within(pid, timeout):
        os.killpg(pid, 9)
        os.waitpid(pid, 0)
        return f"did not end within its timeout of {timeout} s"
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == 0:
        return ""
    said = os.pread(output, _MOST_OUTPUT, 0).decode("utf-8", "replace").strip()
    ended = f"exited with {code}" if code > 0 else f"was killed by signal {-code}"
    return f"{ended}: {said}" if said else ended


def _ends_within(pid: int, seconds: int) -> bool:
    """Waits for the end of a child; its descriptor becomes readable then (pidfd_open(2))."""
    deadline = time.monotonic() + seconds
    descriptor = os.pidfd_open(pid)
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    try:
        while (left := deadline - time.monotonic()) > 0:
            # poll(2) counts milliseconds in 32 bits.
            if waiting.poll(min(left * 1000, 1_000_000_000)):
                return True
        return False
    finally:
        os.close(descriptor)
