"""The entries of ``mounts`` (config.md, "Mounts").

Sources of bind mounts are copied (open_tree(2)) before the process leaves the runtime's namespaces: that is where their
paths mean what the configuration means, and where their propagation to and from the host is still whole.  The copies
are attached inside of the container, in the listed order, together with the filesystems that are mounted afresh.
"""

from __future__ import annotations

import os

from reference_runtime import libc, paths
from reference_runtime.errors import RuntimeFault
from reference_runtime.mount_options import (
    ATTR_IDMAP,
    ATTR_RDONLY,
    MS_BIND,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    Options,
)
from reference_runtime.ops import cgroup_mounts
from reference_runtime.ops.idmap import user_namespace_for
from reference_runtime.plan import Call, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from reference_runtime.run import Run


def plan_sources(run: Run) -> Iterator[Op]:
    """Steps in the runtime's namespaces."""
    for index, entry in enumerate(run.config.get("mounts", ())):
        options = Options(entry.get("options", []))
        if options.bind and not options.flags & MS_REMOUNT:
            yield CopyTree(run, f"mounts[{index}]", entry, options)


def plan(run: Run) -> Iterator[Op]:
    """Steps in the container's namespaces, before its root is entered."""
    for index, entry in enumerate(run.config.get("mounts", ())):
        options = Options(entry.get("options", []))
        if options.flags & MS_REMOUNT:
            yield Remount(run, entry, options)
        elif options.bind:
            yield Attach(run, f"mounts[{index}]", entry, options)
        elif entry.get("type") == "cgroup" and cgroup_mounts.needed(run):
            yield from cgroup_mounts.plan(run, entry, options)
        elif entry.get("type", "none") == "none" and options.propagation:
            yield Call(
                "mount",
                entry["destination"],
                f"change the propagation of {entry['destination']}",
                _spread,
                run,
                entry["destination"],
                options,
            )
        else:
            yield NewFilesystem(run, entry, options)


class CopyTree(Op):
    """Copies the mount, or with rbind the mounts, at the source of a bind mount."""

    __slots__ = ("entry", "name", "options", "run")

    def __init__(self, run: Run, name: str, entry: dict[str, Any], options: Options) -> None:
        super().__init__("mount-source", entry["destination"])
        self.run = run
        self.name = name
        self.entry = entry
        self.options = options

    @property
    def recursive(self) -> bool:
        """Whether the mounts below the source are wanted too."""
        return bool(self.options.flags & MS_REC)

    def describe(self) -> str:
        """What is copied, and what becomes of the copy."""
        below = " and all mounts below" if self.recursive else ""
        return f"copy the mount {self.entry['source']}{below} for {self.subject}"

    def execute(self) -> None:
        """Copies, maps ids, sets attributes and leaves the host's peer groups, as far as the options want it."""
        source = os.path.join(self.run.settings.bundle, self.entry["source"])
        tree = libc.open_tree(source, libc.OPEN_TREE_CLONE | (libc.AT_RECURSIVE if self.recursive else 0))
        self.run.trees[self.name] = tree
        if not self.options.propagation:
            libc.mount_setattr(tree, propagation=MS_PRIVATE, recursive=True)
        self._map_ids(tree)
        _set_attributes(tree, self.options)

    def _map_ids(self, tree: int) -> None:
        if not self.options.idmap and not self.entry.get("uidMappings"):
            return
        namespace = user_namespace_for(self.run, self.entry)
        recursive = self.options.idmap == ["ridmap"]
        libc.mount_setattr(tree, attr_set=ATTR_IDMAP, userns=namespace, recursive=recursive)
        os.close(namespace)


def _set_attributes(tree: int, options: Options, hide: int = 0) -> None:
    """Sets the attributes of a mount and those of all below it; ``hide`` are those to leave for later."""
    for (sets, clears), recursive in ((options.attributes, False), (options.recursive, True)):
        if sets & ~hide or clears:
            libc.mount_setattr(tree, attr_set=sets & ~hide, attr_clr=clears, recursive=recursive)


class Attach(Op):
    """Attaches a copied tree inside of the container."""

    __slots__ = ("entry", "name", "options", "run")

    def __init__(self, run: Run, name: str, entry: dict[str, Any], options: Options) -> None:
        super().__init__("mount", entry["destination"])
        self.run = run
        self.name = name
        self.entry = entry
        self.options = options

    def describe(self) -> str:
        """Where what is attached."""
        return f"bind {self.entry['source']} to {self.subject} ({','.join(self.entry.get('options', []))})"

    def execute(self) -> None:
        """Makes the place if needed, attaches, and sets the propagation."""
        tree = self.run.trees.pop(self.name)
        target = paths.place(self.run.root, self.subject, paths.is_directory(tree))
        libc.move_mount(tree, target, self.subject)
        _propagate(tree, self.options)
        _reopen_root(self.run, self.subject)
        os.close(target)
        os.close(tree)


class NewFilesystem(Op):
    """Mounts a filesystem by its type."""

    __slots__ = ("entry", "options", "run")

    def __init__(self, run: Run, entry: dict[str, Any], options: Options) -> None:
        super().__init__("mount", entry["destination"])
        self.run = run
        self.entry = entry
        self.options = options

    def describe(self) -> str:
        """What is mounted where, how."""
        options = ",".join(self.entry.get("options", [])) or "defaults"
        return f"mount {self.entry.get('type', 'none')} at {self.subject} ({options})"

    def execute(self) -> None:
        """Makes the place if needed and mounts; /dev becomes read-only only once the devices are in it."""
        kind = self.entry.get("type", "none")
        target = paths.place(self.run.root, self.subject, directory=True)
        flags = self.options.flags & ~(MS_RDONLY if is_dev(self.subject) else 0)
        try:
            libc.mount(
                self.entry.get("source", kind),
                paths.through(target),
                kind,
                flags,
                _labelled(self.run, self.options.data),
            )
        except OSError as problem:
            os.close(target)
            raise RuntimeFault(f"mounts: {kind} at {self.subject}: {problem.strerror}") from None
        _reopen_root(self.run, self.subject)
        mounted = paths.find(self.run.root, self.subject)
        if self.options.copy_up and kind == "tmpfs":
            from reference_runtime.ops.copyup import copy_tree  # noqa: PLC0415  # few mounts want it

            copy_tree(target, mounted)
        os.close(target)
        hide = ATTR_RDONLY if is_dev(self.subject) else 0
        if self.options.recursive != (0, 0):
            _set_attributes(mounted, self.options, hide)
        _propagate(mounted, self.options)
        os.close(mounted)


def _labelled(run: Run, data: str) -> str:
    """The data of mount(2) with the SELinux context of ``linux.mountLabel``."""
    label = run.linux.get("mountLabel")
    return ",".join(filter(None, (data, f'context="{label}"' if label else "")))


class Remount(Op):
    """Changes a mount that an earlier entry made."""

    __slots__ = ("entry", "options", "run")

    def __init__(self, run: Run, entry: dict[str, Any], options: Options) -> None:
        super().__init__("mount", entry["destination"])
        self.run = run
        self.entry = entry
        self.options = options

    def describe(self) -> str:
        """What is changed, to what."""
        return f"remount {self.subject} ({','.join(self.entry['options'])})"

    def execute(self) -> None:
        """With ``bind`` the mount alone changes, without it the filesystem too (mount(2))."""
        target = paths.find(self.run.root, self.subject)
        try:
            libc.mount("none", paths.through(target), "", self.options.flags & ~MS_REC, self.options.data)
        except OSError as problem:
            raise RuntimeFault(f"mounts: remount of {self.subject}: {problem.strerror}") from None
        _propagate(target, self.options)
        os.close(target)


def _spread(run: Run, destination: str, options: Options) -> None:
    target = paths.find(run.root, destination)
    _propagate(target, options)
    os.close(target)


def _propagate(tree: int, options: Options) -> None:
    for flags in options.propagation:
        libc.mount_setattr(tree, propagation=flags & ~MS_REC, recursive=bool(flags & MS_REC))


def _reopen_root(run: Run, destination: str) -> None:
    """After a mount onto the container's root, the root is what lies on top of it."""
    if not destination.strip("/."):
        os.close(run.root)
        run.root = os.open(run.rootfs, os.O_PATH | os.O_DIRECTORY)


def is_dev(destination: str) -> bool:
    """Whether the destination is /dev, whatever the number of slashes."""
    return [part for part in destination.split("/") if part not in {"", "."}] == ["dev"]


def plan_late(run: Run) -> Iterator[Op]:
    """What had to wait for the devices: a /dev that is read-only."""
    for entry in run.config.get("mounts", ()):
        options = Options(entry.get("options", []))
        readonly = (options.flags & MS_RDONLY) or (options.recursive[0] & ATTR_RDONLY)
        if is_dev(entry["destination"]) and readonly and not options.flags & MS_BIND:
            yield Call("readonly-dev", "/dev", "make /dev read-only", _make_readonly, run, entry["destination"])


def _make_readonly(run: Run, destination: str) -> None:
    mounted = paths.find(run.root, destination)
    libc.mount_setattr(mounted, attr_set=ATTR_RDONLY)
    os.close(mounted)
