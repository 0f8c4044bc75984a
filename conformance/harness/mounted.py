"""What is mounted on the host."""

from __future__ import annotations

from pathlib import Path


def mount_points() -> frozenset[str]:
    """The mount points of this process, as /proc/PID/mountinfo escapes them (proc_pid_mountinfo(5))."""
    return frozenset(line.split(" ", 5)[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
