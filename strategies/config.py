"""The config.json that every trial starts from, and what a root filesystem must hold for it."""

from __future__ import annotations

from typing import Any

#: Empty directories of the root filesystem, besides the probe at /probe; mounts and tests need them.  Some runtimes
#: create what is missing, others refuse (crun without /dev), so none is left to them.
ROOTFS_DIRECTORIES = ("/proc", "/dev", "/sys", "/tmp", "/run", "/mnt")  # noqa: S108  # a name inside the container


def base_config() -> dict[str, Any]:
    """The smallest config in which a probe can tell much, made anew for each caller.

    - /proc, since the probe reads it, and since runc can start nothing without it.
    - /dev as a tmpfs, since the default devices (config-linux.md, Default Devices) would be left behind in the root
      filesystem otherwise.
    - The namespaces that the host is kept from harm by; the trial has a network of its own around all containers.
    - No capabilities, no limits, no cgroup: what is not in the config can not hide what an edit adds.
    """
    return {
        "ociVersion": "1.0.0",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": ["/probe", "report"],
            "env": ["PATH=/"],
            "cwd": "/",
        },
        "root": {"path": "rootfs"},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {
                "destination": "/dev",
                "type": "tmpfs",
                "source": "tmpfs",
                "options": ["nosuid", "mode=755", "size=64k"],
            },
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")]},
    }
