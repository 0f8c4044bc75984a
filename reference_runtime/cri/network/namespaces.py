"""Network namespaces, and user namespaces that own some, that stay while nobody is in them: each is bound to a file."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from reference_runtime import libc
from reference_runtime.cri.errors import Failed
from reference_runtime.mount_options import MS_BIND

_NEWNET = 0x40000000
_DETACH = 2
_HOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "holder.py")
_Result = TypeVar("_Result")


def in_thread(function: Callable[[], _Result]) -> _Result:
    """Runs a function in a thread of its own, which may enter namespaces and takes them with it when it ends."""
    results: list[_Result] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as problem:  # noqa: BLE001  # is raised again, where it was asked for
            failures.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def make(path: str) -> None:
    """A new namespace, bound to a new file."""

    def bind() -> None:
        libc.unshare(_NEWNET)
        libc.mount(f"/proc/self/task/{threading.get_native_id()}/ns/net", path, "none", MS_BIND)

    with open(path, "xb"):
        pass
    in_thread(bind)


def make_owned(path: str, owner: str, mappings: dict[str, Any]) -> None:
    """A new network namespace and the user namespace that owns it, with these mappings, each bound to a new file."""
    argv = [os.path.realpath(sys.executable), "-I", "-S", _HOLDER]
    for file in (owner, path):
        with open(file, "xb"):
            pass
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stderr
        if not holder.stdout.read(4):
            problem = holder.stderr.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise Failed(f"no user namespace can be made: {problem}")
        _map(holder.pid, mappings)
        libc.mount(f"/proc/{holder.pid}/ns/user", owner, "none", MS_BIND)
        libc.mount(f"/proc/{holder.pid}/ns/net", path, "none", MS_BIND)
        holder.communicate()


def _map(pid: int, mappings: dict[str, Any]) -> None:
    for kind in ("uid", "gid"):
        lines = [f"{each['containerID']} {each['hostID']} {each['size']}" for each in mappings[f"{kind}Mappings"]]
        try:
            with open(f"/proc/{pid}/{kind}_map", "w", encoding="ascii") as file:
                file.write("\n".join(lines))
        except OSError as problem:
            raise Failed(f"the {kind} mappings {', '.join(lines)!r} are refused: {problem.strerror}") from None


def inside(path: str, function: Callable[[], Any]) -> Any:
    """Runs a function in a namespace."""

    def run() -> Any:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            libc.setns(descriptor, _NEWNET, path)
        finally:
            os.close(descriptor)
        return function()

    return in_thread(run)


def remove(path: str) -> None:
    """Lets a namespace go; it ends with its last process."""
    if path and os.path.exists(path):
        with contextlib.suppress(OSError):
            libc.umount2(path, _DETACH)
        os.unlink(path)
