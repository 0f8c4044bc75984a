"""Faults in devices, links, masked and read-only paths (config-linux.md, runtime-linux.md)."""

from __future__ import annotations

import os

from reference_runtime import libc
from reference_runtime.bugs.bend import all_but_last, around, change, drop, first, forgiving, keep, without
from reference_runtime.bugs.registry import Bug
from reference_runtime.constants import DEFAULT_DEVICES, DEVICE_LINKS
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _private(op: Any) -> None:
    if op.subject in DEFAULT_DEVICES:
        op.device = op.device | {"fileMode": 0o600}
    op.execute()


def _null_is_zero(op: Any) -> None:
    if op.subject == "/dev/null":
        op.device = op.device | {"minor": 5}
    op.execute()


def _directories(op: Any) -> None:
    if os.path.isdir(op.subject):
        op.execute()


def _files(op: Any) -> None:
    if not os.path.isdir(op.subject):
        op.execute()


def _existing(op: Any) -> None:
    if not os.path.exists(op.subject):
        raise RuntimeFault(f"{op.subject} does not exist")
    op.execute()


def _writable(op: Any) -> None:
    op.execute()
    if os.path.isdir(op.subject):
        libc.mount("tmpfs", op.subject, "tmpfs", 0)


BUGS = [
    *(
        Bug(f"device-{path[5:]}-missing", f"there is no {path}", plan=without("device", path))
        for path in DEFAULT_DEVICES
    ),
    *(
        Bug(f"link-{path[5:]}-missing", f"there is no {path}", plan=without("device-link", path))
        for path in (*DEVICE_LINKS, "/dev/ptmx")
    ),
    Bug("default-devices-missing", "there are no default devices", plan=without("device")),
    Bug("default-devices-private", "default devices are only for their owner", plan=around("device", _private)),
    Bug("default-devices-swapped", "/dev/null is what /dev/zero should be", plan=around("device", _null_is_zero)),
    Bug("devices-dropped", "configured devices are missing", config=drop("linux.devices")),
    Bug("devices-first-only", "only the first configured device is made", config=first("linux.devices")),
    Bug("devices-last-dropped", "the last configured device is missing", config=all_but_last("linux.devices")),
    Bug("devices-mode-ignored", "the mode of devices is 0666", config=drop("linux.devices.*.fileMode")),
    Bug(
        "devices-mode-masked",
        "the mode of devices is subject to the umask",
        config=change("linux.devices.*.fileMode", lambda mode: mode & ~0o022),
    ),
    Bug("devices-uid-ignored", "devices belong to root", config=drop("linux.devices.*.uid")),
    Bug("devices-gid-ignored", "devices belong to group 0", config=drop("linux.devices.*.gid")),
    Bug("devices-conflict-accepted", "another file in a device's place is no error", plan=forgiving("device")),
    Bug(
        "devices-type-unchecked",
        "a device of a type that is not known is left out",
        skips=("device type",),
        config=keep("linux.devices", lambda device: device["type"] in "cbup"),
    ),
    Bug("masked-paths-dropped", "no path is masked", config=drop("linux.maskedPaths")),
    Bug("masked-paths-first-only", "only the first path is masked", config=first("linux.maskedPaths")),
    Bug("masked-paths-last-dropped", "the last path is not masked", config=all_but_last("linux.maskedPaths")),
    Bug("masked-files-dropped", "files are not masked, only directories", plan=around("masked-path", _directories)),
    Bug("masked-directories-dropped", "directories are not masked, only files", plan=around("masked-path", _files)),
    Bug(
        "masked-missing-refused",
        "a path to be masked that is missing is an error",
        plan=around("masked-path", _existing),
    ),
    Bug("masked-directories-writable", "masked directories can be written to", plan=around("masked-path", _writable)),
    Bug("readonly-paths-dropped", "no path is made read-only", config=drop("linux.readonlyPaths")),
    Bug("readonly-paths-first-only", "only the first path is made read-only", config=first("linux.readonlyPaths")),
    Bug(
        "readonly-paths-last-dropped", "the last path is not made read-only", config=all_but_last("linux.readonlyPaths")
    ),
    Bug(
        "readonly-missing-refused",
        "a path to be made read-only that is missing is an error",
        plan=around("readonly-path", _existing),
    ),
]
