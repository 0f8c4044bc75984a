"""The kinds of namespaces: their names in a config and in /proc, and how a container gets one of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.harness.errors import Violation
from conformance.requirements.binding import musts, proved_by
from strategies.edits import gid_mapping, namespace, uid_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.harness.container import Container
    from conformance.harness.observed import Inside
    from conformance.harness.trial import Trial
    from strategies.edit import Edit

#: The types of a config, and the file of each in /proc/PID/ns.
FILES = {
    "pid": "pid",
    "network": "net",
    "mount": "mnt",
    "ipc": "ipc",
    "uts": "uts",
    "user": "user",
    "cgroup": "cgroup",
    "time": "time",
}
#: A user namespace whose ids are those of nobody outside; users and groups differ, lest one is taken for the other.
MAPPED = (namespace("user"), uid_mapping(0, 100000, 65536), gid_mapping(0, 200000, 65536))


def kinds(*names: str, also: tuple[str, ...] = (), proofs: tuple[str, ...] = ()) -> list[Any]:
    """Parameters, one for each type of namespace, bound to its requirement and to what the host must have for it.

    ``also`` are further requirements, older than time namespaces: a runtime that knows none is not held to them there.
    ``proofs`` are names of faults, in which ``{}`` stands for the type.
    """
    return [pytest.param(name, marks=_marks(name, also, proofs), id=name) for name in names or FILES]


def _marks(name: str, also: tuple[str, ...], proofs: tuple[str, ...]) -> list[pytest.MarkDecorator]:
    bound = musts(f"namespaces.{name}", *(() if name == "time" else also), needs=f"namespace.{name}")
    return [bound, proved_by(*(proof.format(name) for proof in proofs))] if proofs else [bound]


def new(kind: str) -> tuple[Edit, ...]:
    """The edits for a new namespace of a type."""
    return MAPPED if kind == "user" else (namespace(kind),)


def inodes(trial: Trial, pid: int | None = None, only: Iterable[str] = FILES) -> dict[str, int]:
    """The namespaces of a process of the trial, or of the runtime, by their types.  ``Violation`` when it is gone."""
    try:
        return {kind: trial.namespace(FILES[kind], pid) for kind in only}
    except FileNotFoundError:
        raise Violation(f"there is no process {pid}, which should be the container's") from None


def seen(inside: Inside, kind: str) -> int | None:
    """The namespace of a type that a program saw itself in; None when it could not see it."""
    return (inside.namespaces or {}).get(FILES[kind])


def process_status(container: Container) -> str:
    """What /proc/PID/status says of the container's process.  ``Violation`` when it is gone."""
    try:
        return container.read(container.proc / "status")
    except OSError:
        raise Violation(f"there is no process {container.pid}, which should be the container's") from None


def ids_outside(container: Container) -> list[list[int]]:
    """The user ids of the container's process, its group ids and its groups, as the trial sees them."""
    lines = re.findall(r"^(?:Uid|Gid|Groups):(.*)$", process_status(container), re.MULTILINE)
    return [[int(word) for word in line.split()] for line in lines]


def keep(container: Container, kind: str, script: str = "true") -> str:
    """Make a namespace that is kept by a file in the bundle's folder, run a command in it, and return the path."""
    name, option = f"kept.{kind}", {"network": "net"}.get(kind, kind)
    mapped = "--map-root-user" if kind == "user" else ""
    container.prepare(f"touch {name} && unshare --{option}=$PWD/{name} {mapped} sh -euc '{script}'")
    return str(container.bundle.folder / name)


def inode(trial: Trial, path: str) -> int:
    """The namespace that a path in the runtime's mount namespace stands for."""
    return Path(f"/proc/{trial.pid}/root{path}").stat().st_ino
