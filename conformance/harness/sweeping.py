"""Removes, and prints, the cgroups of trials whose guardian was killed.

A program of its own, since it looks from a mount namespace of its own at hierarchies that the host has not mounted.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from conformance.harness import guardian

TRIAL_CGROUP = re.compile(r"seatrial-\d+-[0-9a-f]{4}")
#: Of a containerd or CRI-O of the suite's own; all that was in it ends with the process that started it.
SERVER_CGROUP = re.compile(r"seatrial-(containerd|crio)-\d+")


def clean_up_after_others() -> None:
    """Remove the cgroups of trials that nobody guards, also in hierarchies that the host does not see mounted."""
    guardian.check(guardian.libc.unshare(guardian.CLONE_NEWNS), "unshare")
    guardian.mount("none", "/", None, guardian.MS_REC | guardian.MS_PRIVATE)
    workspace = tempfile.mkdtemp(prefix="seatrial-sweeping-")
    known = guardian.hierarchies()
    adopted = guardian.adopt_controllers_of_v2(known, workspace)
    for hierarchy in known + adopted:
        for entry in entries(hierarchy.point):
            if is_abandoned(entry) and Path(entry.path).exists():  # its guardian may have removed it just now
                end_processes(entry.path)
                guardian.remove_cgroup(entry.path)
                print(entry.path)
    for hierarchy in adopted:
        guardian.give_back(hierarchy)
    shutil.rmtree(workspace, ignore_errors=True)


def is_abandoned(entry: os.DirEntry[str]) -> bool:
    """Whether something in a hierarchy is the cgroup of a trial, or of a server of ours, that has ended."""
    if TRIAL_CGROUP.fullmatch(entry.name):
        return not is_guarded(Path(guardian.RUN, entry.name.removeprefix("seatrial-")))
    return bool(SERVER_CGROUP.fullmatch(entry.name)) and not is_starter(entry.name) and not has_processes(entry.path)


def entries(directory: str) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing when it is a hierarchy of another trial that is just going."""
    try:
        return list(os.scandir(directory))
    except FileNotFoundError:
        return []


def is_starter(cgroup: str) -> bool:
    """Whether the process is to be seen that has started a server in a cgroup; from elsewhere it is not."""
    pid = cgroup.rpartition("-")[2]
    return "conformance.harness.cri" in " ".join(read_lines(f"/proc/{pid}/cmdline"))


def is_guarded(link: Path) -> bool:
    """Whether the guardian that a trial's link leads to is still there; the link is there before its cgroups are."""
    try:
        pid = link.readlink().parts[2]
        return link.name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def has_processes(directory: str, seconds: float = 1.0) -> bool:
    """Whether something goes on below a cgroup; what is just ending is waited for."""
    deadline = time.monotonic() + seconds
    while any(read_lines(f"{path}/cgroup.procs") for path, _, _ in os.walk(directory)):
        if time.monotonic() > deadline:
            return True
        select.select([], [], [], 0.01)
    return False


def read_lines(path: str) -> list[str]:
    """The lines of a file; none when it has gone."""
    try:
        return Path(path).read_text().split()
    except OSError:
        return []


def end_processes(directory: str) -> None:
    """Kill every process below a cgroup, frozen ones too."""
    for path, _, _ in os.walk(directory):
        for line in read_lines(f"{path}/cgroup.procs"):
            with suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)
    guardian.thaw(directory)


if __name__ == "__main__":
    clean_up_after_others()
