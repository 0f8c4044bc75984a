"""Faults in the places, options and propagation of mounts, and in devices (config.md, config-linux.md)."""

from __future__ import annotations

from reference_runtime import paths
from reference_runtime.bugs.bend import add, around, both, change, drop, lose, put
from reference_runtime.bugs.registry import Bug
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_OPTIONS = "mounts.*.options"
_RESTRICTIONS = ["ro", "nosuid", "nodev", "noexec", "nosymfollow"]
_RARE = {"async", "defaults", "iversion", "loud", "mand", "noiversion", "nolazytime", "nomand", "silent"}
_OTHER_TIMES = {
    "noatime": "relatime",
    "nodiratime": "diratime",
    "relatime": "strictatime",
    "strictatime": "noatime",
}
_PROPAGATION = {"private", "rprivate", "rshared", "rslave", "runbindable", "shared", "slave", "unbindable"}


def _words(function: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    return lambda options: [function(option) for option in options]


def _restricted(options: list[str]) -> list[str]:
    return [*options, *_RESTRICTIONS] if {"bind", "rbind"} & set(options) else options


def _first_of_filesystem(options: list[str]) -> list[str]:
    found = [option for option in options if "=" in option]
    return [option for option in options if option not in found[1:]]


def _refuse_existing(op: Any) -> None:
    if paths.exists(op.run.root, op.subject):
        raise RuntimeFault(f"linux.devices: {op.subject} is there already")
    op.execute()


BUGS = [
    Bug("root-path-ignored", "the root is always the folder rootfs", config=put("root.path", "rootfs")),
    Bug(
        "mount-always-restricted",
        "nothing in a bind mount can be written, executed or opened as a device",
        config=change(_OPTIONS, _restricted),
    ),
    Bug(
        "mount-rare-options-unknown",
        "options that can not be seen inside go to the filesystem",
        config=change(_OPTIONS, _words(lambda option: f"unknown-{option}" if option in _RARE else option)),
    ),
    Bug("mount-remount-ignored", "remount makes one more mount", config=lose(_OPTIONS, "remount")),
    Bug(
        "mount-access-times-mixed",
        "options of access times stand for one another",
        config=change(_OPTIONS, _words(lambda option: _OTHER_TIMES.get(option, option))),
    ),
    Bug(
        "mount-ro-recursive",
        "ro is rro",
        config=change(_OPTIONS, _words(lambda option: "rro" if option == "ro" else option)),
    ),
    Bug(
        "mount-propagation-always-rshared",
        "every propagation is rshared",
        config=change(_OPTIONS, _words(lambda option: "rshared" if option in _PROPAGATION else option)),
    ),
    Bug(
        "mount-private-unbindable",
        "private is unbindable",
        config=change(_OPTIONS, _words(lambda option: "unbindable" if option == "private" else option)),
    ),
    Bug(
        "mount-data-first-only",
        "only the first option of the filesystem counts",
        config=change(_OPTIONS, _first_of_filesystem),
    ),
    Bug(
        "mount-mappings-alone-accepted",
        "mappings of users without those of groups, or the other way round, are passed over",
        skips=("mounts",),
        config=both(drop("mounts.*.uidMappings", "mounts.*.gidMappings"), lose(_OPTIONS, "idmap")),
    ),
    Bug("mount-label-ignored", "mounts have no label", config=drop("linux.mountLabel")),
    Bug(
        "rootfs-propagation-always-slave", "the root is always a slave", config=put("linux.rootfsPropagation", "slave")
    ),
    Bug(
        "rootfs-propagation-always-unbindable",
        "the root is always unbindable",
        config=put("linux.rootfsPropagation", "unbindable"),
    ),
    Bug(
        "devices-owner-shifted",
        "devices belong to the next user and group",
        config=both(add("linux.devices.*.uid", 1), add("linux.devices.*.gid", 1)),
    ),
    Bug("devices-existing-refused", "the requested device itself is an error", plan=around("device", _refuse_existing)),
]
