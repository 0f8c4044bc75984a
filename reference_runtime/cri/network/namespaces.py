"""Network namespaces that stay while nobody is in them: each is bound to a file."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from reference_runtime import libc
from reference_runtime.mount_options import MS_BIND

_NEWNET = 0x40000000
_DETACH = 2
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
