"""What a server on this host may leave behind of removed sandboxes and containers: mounts, cgroups, namespaces."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.harness.cri import protocol

if TYPE_CHECKING:
    from conformance.harness.cri.client import Client

#: Namespaces that a sandbox has of its own, and that somebody may forget to unmount.
KINDS = ("net", "ipc", "uts")


def residue(server: int, ids: list[str], namespaces: Iterable[int]) -> list[str]:
    """What is there of objects with these ids, as the process of the server sees it; [] when that is elsewhere."""
    if not server or not Path(f"/proc/{server}").exists():
        return []
    found = [f"mount {line.split()[4]}" for line in _mounts(server) if any(id in line for id in ids)]
    found += [f"cgroup {path}" for path in _cgroups(server, ids)]
    found += [f"namespace {number}" for number in _held(server, set(namespaces))]
    return found


def namespaces_of(client: Client, sandbox: str) -> set[int]:
    """The namespaces of a sandbox's process, where the server tells its pid: extra information, so maybe none."""
    request = protocol.message("PodSandboxStatusRequest", {"pod_sandbox_id": sandbox, "verbose": True})
    answer = client.call("PodSandboxStatus", request)
    pid = pid_in(dict(answer.message.info)) if answer.good else 0
    found = set()
    for kind in KINDS:
        with suppress(OSError):
            inode = Path(f"/proc/{pid}/ns/{kind}").stat().st_ino
            if inode != Path(f"/proc/self/ns/{kind}").stat().st_ino:
                found.add(inode)
    return found


def pid_in(info: dict[str, str]) -> int:
    """The pid in a status's extra information; 0 when there is none."""
    for text in info.values():
        with suppress(ValueError):
            document: Any = json.loads(text)
            pid = document.get("pid") if isinstance(document, dict) else None
            if isinstance(pid, int) and pid > 0:
                return pid
    return 0


def remove_cgroups(server: int, name: str) -> None:
    """Remove the cgroups that sandboxes had as parents: they are the kubelet's to remove, so they are ours."""
    for root in _hierarchies(server):
        for path, _, _ in os.walk(root / name, topdown=False):
            with suppress(OSError):  # of a container that could not be removed: its test has told
                Path(path).rmdir()


def _hierarchies(server: int) -> list[Path]:
    """The folders where hierarchies of cgroups are mounted, as the server sees them."""
    root = Path(f"/proc/{server}/root/sys/fs/cgroup")
    if not server or not root.is_dir():
        return []
    return [root] if (root / "cgroup.procs").exists() else [each for each in root.iterdir() if each.is_dir()]


def _mounts(server: int) -> list[str]:
    return Path(f"/proc/{server}/mountinfo").read_text(errors="replace").splitlines()


def _cgroups(server: int, ids: list[str]) -> Iterator[str]:
    root = f"/proc/{server}/root/sys/fs/cgroup"
    for path, folders, _ in os.walk(root):
        for name in folders:
            if any(id in name for id in ids):
                yield f"{path}/{name}".removeprefix(root)


def _held(server: int, wanted: set[int]) -> list[str]:
    """The namespaces among those wanted that a process is in, or that a mount keeps."""
    if not wanted:
        return []
    held = {f"net:[{inode}]": inode for inode in wanted}
    found = {name for name in held for line in _mounts(server) if f" {name} " in line}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            for kind in KINDS:
                with suppress(OSError):
                    if Path(f"{entry.path}/ns/{kind}").stat().st_ino in wanted:
                        found.add(f"{kind} of process {entry.name}")
    return sorted(found)
