"""Mounts of type ``cgroup``: on a version 1 host they stand for all hierarchies, each in a directory of its own."""

from __future__ import annotations

import os

from reference_runtime import libc, paths
from reference_runtime.mount_options import (
    ATTR_NODEV,
    ATTR_NOEXEC,
    ATTR_NOSUID,
    ATTR_RDONLY,
    MS_PRIVATE,
    MS_RDONLY,
    Options,
)
from reference_runtime.plan import Call, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from reference_runtime.run import Run

UNIFIED = "unified"


def needed(run: Run) -> bool:
    """Whether this host needs more for such a mount than the kernel's own filesystem type."""
    return run.cgroup is not None


def plan_sources(run: Run) -> Iterator[Op]:
    """Steps in the runtime's namespaces: the group's folders are copied there, for want of a namespace of its own."""
    if not any(entry.get("type") == "cgroup" for entry in run.config.get("mounts", ())):
        return
    if run.cgroup is None or run.namespace("cgroup") is not None:
        return
    for folder in dict.fromkeys(run.cgroup.paths.values()):
        yield Call("mount-source", folder, f"copy the mount {folder}", _copy, run, folder)


def _copy(run: Run, folder: str) -> None:
    tree = libc.open_tree(folder, libc.OPEN_TREE_CLONE)
    libc.mount_setattr(tree, propagation=MS_PRIVATE)
    run.trees[folder] = tree


def plan(run: Run, entry: dict[str, Any], options: Options) -> Iterator[Op]:
    """Steps in the container's namespaces."""
    place = entry["destination"]
    if run.cgroup.version == 2:
        yield Call(
            "mount", place, f"mount cgroup2 at {place}", _mount, run, place, UNIFIED, run.cgroup.paths[UNIFIED], options
        )
        return
    yield Call(
        "mount", place, f"mount a tmpfs for the cgroup hierarchies at {place}", _mount_parent, run, place, options
    )
    for folder, names in _hierarchies(run.cgroup).items():
        where = f"{place}/{','.join(name.removeprefix('name=') for name in names)}"
        yield Call(
            "mount",
            where,
            f"mount the cgroup hierarchy of {','.join(names)} at {where}",
            _mount,
            run,
            where,
            ",".join(names),
            folder,
            options,
        )
        for name in names if len(names) > 1 else ():
            yield Call("mount", f"{place}/{name}", f"link {place}/{name} to it", _link, run, place, name, names)
    if options.flags & MS_RDONLY:
        yield Call("mount", place, f"make {place} read-only", _finish, run, place)


def _hierarchies(cgroup: Any) -> dict[str, list[str]]:
    """The group's folder in each hierarchy, and the names that the hierarchy serves."""
    folders: dict[str, list[str]] = {}
    for name, folder in cgroup.paths.items():
        folders.setdefault(folder, []).append(name)
    return folders


def _mount_parent(run: Run, place: str, options: Options) -> None:
    target = paths.place(run.root, place, directory=True)
    libc.mount("tmpfs", paths.through(target), "tmpfs", options.flags & ~MS_RDONLY, "mode=755")
    os.close(target)


def _mount(run: Run, where: str, names: str, folder: str, options: Options) -> None:
    """A hierarchy: as the container's cgroup namespace shows it, or else only the container's own part of it."""
    target = paths.place(run.root, where, directory=True)
    if run.namespace("cgroup") is not None:
        kind = "cgroup2" if names == UNIFIED else "cgroup"
        # The names begin with name= where no controller has them: then the kernel wants none=.
        data = "" if names == UNIFIED else f"none,{names}" if names.startswith("name=") else names
        libc.mount(kind, paths.through(target), kind, options.flags, data)
    else:
        tree = run.trees.pop(folder)
        readonly = ATTR_RDONLY if options.flags & MS_RDONLY else 0
        libc.mount_setattr(tree, attr_set=ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC | readonly)
        libc.move_mount(tree, target, where)
        os.close(tree)
    os.close(target)


def _link(run: Run, place: str, name: str, names: list[str]) -> None:
    directory = paths.find(run.root, place)
    os.symlink(",".join(names), name, dir_fd=directory)
    os.close(directory)


def _finish(run: Run, place: str) -> None:
    mounted = paths.find(run.root, place)
    libc.mount_setattr(mounted, attr_set=ATTR_RDONLY)
    os.close(mounted)
