"""Limits of a container as the kernel holds them, found by way of a process in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.harness.cri.residue import pid_in
from conformance.harness.limits import LIMITS, UNLIMITED, V1_UNLIMITED, Limit

if TYPE_CHECKING:
    from conformance.harness.cri.objects import Container

SHARES = Limit("cpu", "cpu.shares", "cpu.weight")


def limit(container: Container, name: str) -> int:
    """The value of one limit of a running container, -1 for none.

    Skips the test where the container's process can not be seen from here.
    """
    where = SHARES if name == "cpu.shares" else LIMITS[name]
    for file, unified in _files(container, where):
        word = file.read_text().split()[where.field if unified else 0]
        value = UNLIMITED if word == "max" else int(word)
        return UNLIMITED if value >= V1_UNLIMITED else value
    return UNLIMITED


def needs_limit(container: Container, name: str) -> None:
    """Skip the test where no container has such a limit: the server's host may lack what this one has."""
    if not _files(container, LIMITS[name]):
        pytest.skip(f"not here: the kernel has no {name} for containers of this server")


def needs_usual_place(controller: str) -> None:
    """Skip the test where a controller is mounted elsewhere than most OCI runtimes look for it."""
    if not _mount_of(controller).is_relative_to("/sys/fs/cgroup"):
        pytest.skip(f"not here: the controller {controller} is not below /sys/fs/cgroup")


def _files(container: Container, where: Limit) -> list[tuple[Path, bool]]:
    """The files that hold a limit of a running container, the nearest first, and whether they are of v2."""
    pid = pid_in(dict(container.answer(verbose=True).info))
    if not pid or not Path(f"/proc/{pid}").exists():
        pytest.skip("not here: the server does not tell the pid of a container, or it is on another host")
    folders = _folders(pid, where.controller)
    found = [(folder / (where.v2 if unified else where.v1), unified) for folder, unified in folders]
    return [(file, unified) for file, unified in found if file.exists()]


def _folders(pid: int, controller: str) -> list[tuple[Path, bool]]:
    """The cgroups of a process that may have a limit: that of the v1 controller, then that of v2 and its parent."""
    found = []
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            found.append((_mount_of(controller) / path.lstrip("/"), False))
        elif not controllers:
            folder = _mount_of("") / path.lstrip("/")
            found += [(folder, True), (folder.parent, True)]
    return found


def _mount_of(controller: str) -> Path:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point, (kind, _, options) = line.split()[4], line.partition(" - ")[2].split()[:3]
        if (kind == "cgroup" and controller and re.search(rf"\b{controller}\b(?!,name=)", options)) and (
            controller in options.split(",")
        ):
            return Path(point)
        if kind == "cgroup2" and not controller:
            return Path(point)
    return Path("/nowhere")
