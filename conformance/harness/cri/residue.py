"""What a server on this host may leave behind of removed sandboxes and containers: mounts, cgroups, namespaces."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.harness.cri import protocol

if TYPE_CHECKING:
    from conformance.harness.cri.client import Client

#: Namespaces whose processes tell whether something of a sandbox goes on.  The number of a namespace that has gone is
#: soon given to another one, so these are held; that of a network must not be held, or its devices would not go.
HELD = ("ipc", "uts")


class Residue:
    """What objects of one test have on this host while they are there, so that it can be looked for afterwards."""

    def __init__(self, server: int) -> None:
        self.server = server if Path(f"/proc/{server}").exists() else 0
        self.ids: list[str] = []
        self._parents: list[str] = []
        self._held: dict[int, int] = {}
        self._networks: set[str] = set()

    def follow(self, id: str) -> None:
        """Look for what has the id of an object in its name."""
        self.ids.append(id)

    def follow_parent(self, cgroup: str) -> None:
        """Look for what is below the cgroup that a sandbox was told to use: also of one that the server forgot."""
        if cgroup:
            self._parents.append(cgroup)

    def follow_sandbox(self, client: Client, id: str) -> None:
        """Look for the namespaces of a sandbox's process, too, where the server tells its pid."""
        if not self.server:
            return
        request = protocol.message("PodSandboxStatusRequest", {"pod_sandbox_id": id, "verbose": True})
        answer = client.call("PodSandboxStatus", request)
        pid = pid_in(dict(answer.message.info)) if answer.good else 0
        for kind in HELD:
            with suppress(OSError):
                self._hold(os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), kind)
        with suppress(OSError):
            network = Path(f"/proc/{pid}/ns/net").readlink()
            self._networks |= {line.split()[4] for line in _mounts(self.server) if f" {network} " in line}

    def _hold(self, descriptor: int, kind: str) -> None:
        inode = os.fstat(descriptor).st_ino
        if inode in self._held or inode == Path(f"/proc/self/ns/{kind}").stat().st_ino:
            os.close(descriptor)
        else:
            self._held[inode] = descriptor

    def left(self) -> list[str]:
        """What is still there; [] also when the server is on another host."""
        if not self.server or not Path(f"/proc/{self.server}").exists():
            return []
        mounts = _mounts(self.server)
        found = [f"mount {line.split()[4]}" for line in mounts if any(id in line for id in self.ids)]
        found += [f"mount {point}" for point in self._networks & {line.split()[4] for line in mounts}]
        found += [f"cgroup {path}" for path in _cgroups(self.server, self.ids)]
        found += [f"cgroup {path}" for path in _below(self.server, self._parents)]
        return [*dict.fromkeys(found), *_processes_in(set(self._held))]

    def close(self) -> None:
        """Let go of the namespaces."""
        while self._held:
            os.close(self._held.popitem()[1])


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


def _below(server: int, parents: list[str]) -> Iterator[str]:
    for root in _hierarchies(server):
        for parent in parents:
            folder = root / parent.lstrip("/")
            if folder.is_dir():
                yield from (f"{parent}/{entry.name}" for entry in folder.iterdir() if entry.is_dir())


def _processes_in(namespaces: set[int]) -> list[str]:
    """The processes that are in one of some namespaces."""
    found = set()
    for entry in os.scandir("/proc") if namespaces else ():
        if entry.name.isdigit():
            for kind in HELD:
                with suppress(OSError):
                    if Path(f"{entry.path}/ns/{kind}").stat().st_ino in namespaces:
                        found.add(f"process {entry.name} in the {kind} namespace of a sandbox")
    return sorted(found)
