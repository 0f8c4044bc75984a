"""Where the control group hierarchies are mounted, from /proc/self/mountinfo (proc_pid_mountinfo(5), cgroups(7))."""

from __future__ import annotations

import os

UNIFIED = "unified"

_CONTROLLERS = frozenset(
    {"blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "hugetlb", "memory", "misc"}
    | {"net_cls", "net_prio", "perf_event", "pids", "rdma"}
)
_USUAL_PLACE = "/sys/fs/cgroup"


class Mount:
    """One mounted hierarchy: its folder, its device number, its root in the hierarchy, and the names it serves.

    The names are version 1 controllers, ``name=systemd`` and the like, or ``unified`` alone for version 2.
    """

    __slots__ = ("device", "folder", "names", "root")

    def __init__(self, folder: str, device: str, root: str, names: list[str]) -> None:
        self.folder = folder
        self.device = device
        self.root = root
        self.names = names


def hierarchies(mountinfo: str) -> dict[str, str]:
    """Controller, ``name=…`` or ``unified`` -> the folder where its hierarchy can be reached best."""
    best: dict[str, Mount] = {}
    for mount in _mounts(mountinfo):
        for name in mount.names:
            if name not in best or _rank(mount) >= _rank(best[name]):
                best[name] = mount
    return {name: mount.folder for name, mount in best.items()}


def _mounts(mountinfo: str) -> list[Mount]:
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind not in {"cgroup", "cgroup2"}:
            continue
        _, _, device, root, folder = before.split(" ")[:5]
        names = [UNIFIED] if kind == "cgroup2" else _served(options)
        found.append(Mount(_unescaped(folder), device, root, names))
    return found


def _served(options: str) -> list[str]:
    return [name for name in options.split(",") if name in _CONTROLLERS or name.startswith("name=")]


def _rank(mount: Mount) -> tuple[bool, bool, bool]:
    """Of several mounts of a hierarchy, one that is not covered by another, whole, at the usual place, is best."""
    usual = mount.folder == _USUAL_PLACE or mount.folder.startswith(f"{_USUAL_PLACE}/")
    return _reachable(mount), mount.root == "/", usual


def _reachable(mount: Mount) -> bool:
    try:
        number = os.stat(mount.folder).st_dev
    except OSError:
        return False
    return mount.device == f"{os.major(number)}:{os.minor(number)}"


def _unescaped(path: str) -> str:
    """Mountinfo writes space, tab, newline and backslash as three octal digits after a backslash."""
    for code in ("040", "011", "012", "134"):
        path = path.replace(f"\\{code}", chr(int(code, 8)))
    return path
