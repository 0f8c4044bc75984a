"""Device nodes and links (config-linux.md, "Devices" and "Default Devices"; runtime-linux.md, "Dev symbolic links")."""

from __future__ import annotations

import os
import stat

from reference_runtime import libc, paths
from reference_runtime.constants import DEFAULT_DEVICES, DEVICE_LINKS, NAMESPACES
from reference_runtime.errors import RuntimeFault
from reference_runtime.mount_options import ATTR_NOEXEC, ATTR_NOSUID, MS_PRIVATE, MS_REC, Options
from reference_runtime.ops.mounts import is_dev
from reference_runtime.plan import Call, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from reference_runtime.run import Run

_TYPES = {"c": stat.S_IFCHR, "u": stat.S_IFCHR, "b": stat.S_IFBLK, "p": stat.S_IFIFO}
_DEFAULT_MODE = 0o666


def _entries(run: Run) -> list[dict[str, Any]]:
    """The default devices that the configuration does not name itself, then those that it does."""
    configured = run.linux.get("devices", [])
    named = {os.path.normpath(device["path"]) for device in configured}
    defaults = [
        {"path": path, "type": "c", "major": major, "minor": minor, "fileMode": _DEFAULT_MODE}
        for path, (major, minor) in DEFAULT_DEVICES.items()
        if path not in named
    ]
    return [*defaults, *configured]


def plan_sources(run: Run) -> Iterator[Op]:
    """Steps in the runtime's namespaces: within a user namespace no node can be made, but one can be bound."""
    devices = [device for device in _entries(run) if device["type"] != "p"]
    if run.has_user_namespace() and devices:
        text = "make the devices where that is possible, and copy the mounts of them"
        yield Call("device-source", "", text, _make_sources, run, devices)


def _make_sources(run: Run, devices: list[dict[str, Any]]) -> None:
    """Makes the nodes on a filesystem that nobody else sees; without the right to, takes those of the host."""
    own, root = os.open("/proc/self/ns/mnt", os.O_RDONLY), os.open("/", os.O_PATH)
    try:
        libc.unshare(NAMESPACES["mount"])
        libc.mount("none", "/", "", MS_PRIVATE | MS_REC)
        libc.mount("tmpfs", run.rootfs, "tmpfs", 0, "mode=755")
        for index, device in enumerate(devices):
            _make_source(run, device, os.path.join(run.rootfs, str(index)))
    except PermissionError:
        for device in devices:
            _copy_of_host(run, device)
    finally:
        libc.setns(own, NAMESPACES["mount"], "the runtime's mount namespace")
        os.fchdir(root)
        os.chroot(".")


def _make_source(run: Run, device: dict[str, Any], place: str) -> None:
    os.mknod(place, _TYPES[device["type"]] | 0o600, os.makedev(device["major"], device["minor"]))
    os.chown(place, *(_host_id(run, kind, device.get(kind, 0)) for kind in ("uid", "gid")))
    os.chmod(place, device.get("fileMode", _DEFAULT_MODE))
    tree = libc.open_tree(place, libc.OPEN_TREE_CLONE)
    libc.mount_setattr(tree, attr_set=ATTR_NOSUID | ATTR_NOEXEC)
    run.trees[f"device {device['path']}"] = tree


def _host_id(run: Run, kind: str, number: int) -> int:
    """The id outside of the user namespace; -1, which changes nothing, when the configuration does not tell it."""
    for entry in run.linux.get(f"{kind}Mappings", ()):
        if 0 <= number - entry["containerID"] < entry["size"]:
            return int(entry["hostID"] + number - entry["containerID"])
    return -1


def _copy_of_host(run: Run, device: dict[str, Any]) -> None:
    path = device["path"]
    tree = libc.open_tree(path, libc.OPEN_TREE_CLONE)
    if not _matches(os.fstat(tree), device):
        raise RuntimeFault(f"linux.devices: {path} of the host is another device, and a user namespace can make none")
    libc.mount_setattr(tree, propagation=MS_PRIVATE)
    run.trees[f"device {path}"] = tree


def plan(run: Run) -> Iterator[Op]:
    """Steps in the container's namespaces, after all mounts."""
    for device in _entries(run):
        path = device["path"]
        if run.has_user_namespace() and device["type"] != "p":
            yield Call("device", path, f"bind a node to {path}", _bind, run, device)
        else:
            yield Node(run, device)
    for path, target in DEVICE_LINKS.items():
        yield Call("device-link", path, f"link {path} to {target}, if that exists", _link_if_there, run, path, target)
    if not _has_dev_of_host(run):
        yield Call("device-link", "/dev/ptmx", "link /dev/ptmx to pts/ptmx", _link_ptmx, run)


def _has_dev_of_host(run: Run) -> bool:
    mounts = run.config.get("mounts", ())
    return any(is_dev(mount["destination"]) and Options(mount.get("options", [])).bind for mount in mounts)


class Node(Op):
    """Makes a device node or a fifo."""

    __slots__ = ("device", "run")

    def __init__(self, run: Run, device: dict[str, Any]) -> None:
        super().__init__("device", device["path"])
        self.run = run
        self.device = device

    def describe(self) -> str:
        """What is made, with which numbers."""
        numbers = f" {self.device.get('major', 0)}:{self.device.get('minor', 0)}" if self.device["type"] != "p" else ""
        return f"make the device {self.subject} ({self.device['type']}{numbers})"

    def execute(self) -> None:
        """Makes it, or is content with a node that is there and the same.  RuntimeFault when another file is there."""
        parent, name = paths.parent_of(self.run.root, self.subject)
        try:
            self._make(parent, name)
        finally:
            os.close(parent)

    def _make(self, parent: int, name: str) -> None:
        number = os.makedev(self.device.get("major", 0), self.device.get("minor", 0))
        try:
            os.mknod(name, _TYPES[self.device["type"]] | 0o600, number, dir_fd=parent)
        except FileExistsError:
            if not _matches(os.stat(name, dir_fd=parent), self.device):
                raise RuntimeFault(f"linux.devices: {self.subject} is there already, and is another file") from None
            if "fileMode" not in self.device or self.subject in DEFAULT_DEVICES:
                return
        # mknod(2) is subject to the umask, and the configured mode is not.
        os.chown(name, self.device.get("uid", 0), self.device.get("gid", 0), dir_fd=parent)
        os.chmod(name, self.device.get("fileMode", _DEFAULT_MODE), dir_fd=parent)


def _check_same(run: Run, device: dict[str, Any]) -> None:
    found = paths.find(run.root, device["path"])
    same = _matches(os.fstat(found), device)
    os.close(found)
    if not same:
        raise RuntimeFault(f"linux.devices: {device['path']} is there already, and is another file")


def _matches(found: os.stat_result, device: dict[str, Any]) -> bool:
    if stat.S_IFMT(found.st_mode) != _TYPES[device["type"]]:
        return False
    return device["type"] == "p" or found.st_rdev == os.makedev(device["major"], device["minor"])


def _bind(run: Run, device: dict[str, Any]) -> None:
    path = device["path"]
    tree = run.trees.pop(f"device {path}")
    if path not in DEFAULT_DEVICES and paths.exists(run.root, path):
        _check_same(run, device)
    target = paths.place(run.root, path, directory=False)
    libc.move_mount(tree, target, path)
    os.close(target)
    os.close(tree)


def _link_if_there(run: Run, path: str, target: str) -> None:
    if paths.exists(run.root, target):
        _link(run, path, target)


def _link_ptmx(run: Run) -> None:
    _link(run, "/dev/ptmx", "pts/ptmx")


def _link(run: Run, path: str, target: str) -> None:
    """Makes a symbolic link, in place of a file if one is there."""
    parent = paths.place(run.root, os.path.dirname(path), directory=True)
    name = os.path.basename(path)
    try:
        if _link_target(parent, name) != target:
            _unlink_if_there(parent, name)
            os.symlink(target, name, dir_fd=parent)
    finally:
        os.close(parent)


def _link_target(parent: int, name: str) -> str | None:
    try:
        return os.readlink(name, dir_fd=parent)
    except OSError:
        return None


def _unlink_if_there(parent: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return
