"""What the monitor asks the control groups of its container."""

from __future__ import annotations

import os
import signal

from reference_runtime.cgroups.mounts import UNIFIED, hierarchies


def folders_of(pid: int) -> dict[str, str]:
    """Controller (``unified`` for version 2) -> folder of the group of a process."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        mounted = hierarchies(file.read())
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split(":", 2) for line in file]
    found = {}
    for _, names, path in lines:
        for name in names.split(",") if names else [UNIFIED]:
            if name in mounted:
                found[name] = mounted[name] + path
    return found


def out_of_memory(folders: dict[str, str]) -> bool:
    """Whether the kernel has killed a process of the group since it ran out of memory."""
    if "memory" in folders:
        return _count(os.path.join(folders["memory"], "memory.oom_control")) > 0
    return _count(os.path.join(folders.get(UNIFIED, ""), "memory.events")) > 0


def _count(path: str) -> int:
    try:
        with open(path, encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("oom_kill "))
    except (OSError, ValueError):
        return 0


def kill_all(folders: dict[str, str]) -> None:
    """Kills whatever is left in a container whose first process has ended; in a PID namespace of its own nothing is."""
    folder = folders.get("pids") or folders.get("freezer") or folders.get(UNIFIED)
    if not folder or folder.rstrip("/").endswith("cgroup"):
        return
    try:
        with open(os.path.join(folder, "cgroup.procs"), encoding="ascii") as file:
            pids = [int(line) for line in file]
    except OSError:
        return
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
