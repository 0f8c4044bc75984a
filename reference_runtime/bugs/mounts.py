"""Faults in the root and the mounts (config.md, "Root" and "Mounts")."""

from __future__ import annotations

import os

from reference_runtime import libc, paths
from reference_runtime.bugs.bend import (
    all_but_last,
    around,
    change,
    drop,
    first,
    forgiving,
    keep,
    lose,
    put,
    reverse,
    without,
)
from reference_runtime.bugs.registry import Bug
from reference_runtime.mount_options import ALL, ATTR_RDONLY, PROPAGATION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STRUCTURAL = {"bind", "rbind", "remount"}
_IGNORABLE = [option for option in ALL if option not in _STRUCTURAL]

_OPTIONS = "mounts.*.options"


def _of_filesystem(option: str) -> bool:
    return option not in ALL


def _without_propagation(option: str) -> bool:
    return option not in PROPAGATION


def _first_wins(options: list[str]) -> list[str]:
    return [option for option in reversed(options) if option in ALL] + list(filter(_of_filesystem, options))


def _existing(op: Any) -> None:
    os.close(paths.find(op.run.root, op.subject))
    op.execute()


def _recursive(_: Any) -> None:
    root = os.open("/", os.O_PATH)
    libc.mount_setattr(root, attr_set=ATTR_RDONLY, recursive=True)
    os.close(root)


BUGS = [
    *(
        Bug(
            f"mount-{option}-ignored",
            f"the mount option {option} is ignored",
            config=lose(_OPTIONS, option),
        )
        for option in _IGNORABLE
    ),
    Bug(
        "mount-options-dropped",
        "all mount options but bind and rbind are ignored",
        config=keep(_OPTIONS, _STRUCTURAL.__contains__),
    ),
    Bug("mount-options-first-only", "only the first mount option counts", config=first(_OPTIONS)),
    Bug("mount-options-first-wins", "of contradicting options the first counts", config=change(_OPTIONS, _first_wins)),
    Bug("mount-propagation-ignored", "propagation of mounts is ignored", config=keep(_OPTIONS, _without_propagation)),
    Bug(
        "mount-data-dropped",
        "options of the filesystem are ignored",
        config=keep(_OPTIONS, lambda option: not _of_filesystem(option)),
    ),
    Bug(
        "mount-rbind-not-recursive",
        "rbind is bind",
        config=change(_OPTIONS, lambda options: ["bind" if option == "rbind" else option for option in options]),
    ),
    Bug(
        "mount-bind-recursive",
        "bind is rbind",
        config=change(_OPTIONS, lambda options: ["rbind" if option == "bind" else option for option in options]),
    ),
    Bug(
        "mount-recursive-only-top",
        "recursive options change the upper mount alone",
        config=change(
            _OPTIONS,
            lambda options: [
                option[1:]
                if option.startswith("r") and option[1:] in ALL and option not in {"ro", "rw"} | _STRUCTURAL
                else option
                for option in options
            ],
        ),
    ),
    Bug(
        "mounts-dropped",
        "there are no mounts but /proc and /dev",
        config=keep("mounts", lambda mount: mount["destination"] in {"/proc", "/dev"}),
    ),
    Bug("mounts-last-dropped", "the last mount is missing", config=all_but_last("mounts")),
    Bug("mounts-reversed", "mounts are made in reverse order", config=reverse("mounts")),
    Bug(
        "mounts-sorted",
        "mounts are made in the order of their destinations",
        config=change("mounts", lambda mounts: sorted(mounts, key=lambda mount: str(mount["destination"]))),
    ),
    Bug(
        "mount-type-ignored",
        "every filesystem but proc is a tmpfs",
        config=change("mounts.*.type", lambda kind: kind if kind in {"proc", "devpts", "none", "bind"} else "tmpfs"),
    ),
    Bug(
        "mount-idmap-ignored",
        "ids of mounts are not mapped",
        config=lambda config: (
            drop("mounts.*.uidMappings", "mounts.*.gidMappings")(config),
            keep(_OPTIONS, lambda option: option not in {"idmap", "ridmap"})(config),
        )[0],
    ),
    Bug(
        "mount-idmap-needs-no-mappings",
        "idmap without mappings is no error",
        skips=("mounts",),
        config=keep(_OPTIONS, lambda option: option not in {"idmap", "ridmap"}),
    ),
    Bug(
        "mount-gid-mappings-are-uid",
        "groups of mounts are mapped as users are",
        config=change(
            "mounts.*", lambda mount: mount | ({"gidMappings": mount["uidMappings"]} if "uidMappings" in mount else {})
        ),
    ),
    Bug(
        "mount-bind-missing-source-accepted",
        "a bind mount whose source is missing is left out",
        plan=forgiving("mount-source", "mount"),
    ),
    Bug(
        "mount-relative-source-from-root",
        "relative sources are looked up in /",
        config=change("mounts.*.source", lambda path: path if path.isalnum() else f"/{path.lstrip('/')}"),
    ),
    Bug("mount-symlinks-escape", "symbolic links at a destination lead out of the container"),
    Bug("mount-destination-not-made", "a destination that is missing is an error", plan=around("mount", _existing)),
    Bug("root-readonly-ignored", "the root can be written to", config=drop("root.readonly")),
    Bug("root-always-readonly", "the root can not be written to", config=put("root.readonly", True)),
    Bug(
        "root-readonly-recursive",
        "a read-only root makes every mount read-only",
        plan=around("readonly-root", _recursive),
    ),
    Bug("root-not-pivoted", "the host's mounts can still be seen", plan=without("pivot")),
    Bug("rootfs-propagation-dropped", "rootfsPropagation is ignored", config=drop("linux.rootfsPropagation")),
    Bug(
        "rootfs-propagation-unchecked",
        "any rootfsPropagation will do",
        skips=("propagation",),
        config=keep("linux", lambda name: name != "rootfsPropagation"),
    ),
    Bug(
        "rootfs-propagation-always-shared", "the root is always shared", config=put("linux.rootfsPropagation", "shared")
    ),
    Bug(
        "proc-missing",
        "there is no /proc",
        config=keep("mounts", lambda mount: mount["destination"] != "/proc"),
        plan=without("default-filesystem", "/proc"),
    ),
    Bug(
        "default-filesystems-missing",
        "no filesystems are mounted but those of the config",
        plan=without("default-filesystem"),
    ),
]
