"""Devices of a container, and what its cgroup lets it do with them."""

from __future__ import annotations

import os
import stat
from typing import Any

from reference_runtime.cri.errors import Invalid, NotFound

#: Every container has these anyway, from the runtime.
_NONE: dict[str, Any] = {"allow": False, "access": "rwm"}
_ALL: dict[str, Any] = {"allow": True, "access": "rwm"}


def of_container(config: Any, *, privileged: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The values of linux.devices and of linux.resources.devices."""
    nodes: dict[str, dict[str, Any]] = {}
    rules = [_NONE]
    if privileged:
        rules = [_ALL]
        nodes = {node["path"]: node for node in _below("/dev", "/dev")}
    for device in config.devices:
        if not set(device.permissions) <= set("rwm"):
            raise Invalid(f"device {device.host_path}: permissions are of r, w and m, not {device.permissions!r}")
        for node in _asked(device):
            nodes[node["path"]] = node
            numbers = {"type": node["type"], "major": node["major"], "minor": node["minor"]}
            rules.append({"allow": True, "access": device.permissions or "rwm", **numbers})
    return list(nodes.values()), rules


def _asked(device: Any) -> list[dict[str, Any]]:
    host, inside = os.path.realpath(device.host_path), device.container_path or device.host_path
    if not device.host_path or not os.path.exists(host):
        raise NotFound(f"device {device.host_path!r} does not exist on the host")
    if os.path.isdir(host):
        return _below(host, inside)
    node = _node(host, inside)
    if node is None:
        raise Invalid(f"device {device.host_path} is no device")
    return [node]


def _below(host: str, inside: str) -> list[dict[str, Any]]:
    """The devices in a folder.  Those that belong to terminals and shared memory are mounts of the container's own."""
    found = []
    for parent, folders, files in os.walk(host):
        folders[:] = [name for name in folders if name not in {"pts", "shm", "mqueue", "fd", ".udev"}]
        for name in files:
            path = os.path.join(parent, name)
            node = _node(path, os.path.join(inside, os.path.relpath(path, host)))
            if node and name not in {"console", "ptmx"} and not os.path.islink(path):
                found.append(node)
    return found


def _node(path: str, inside: str) -> dict[str, Any] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISCHR(found.st_mode) and not stat.S_ISBLK(found.st_mode):
        return None
    return {
        "path": inside,
        "type": "c" if stat.S_ISCHR(found.st_mode) else "b",
        "major": os.major(found.st_rdev),
        "minor": os.minor(found.st_rdev),
        "fileMode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
    }
