"""The container's root: a mount of its own, entered by pivot_root(2), then closed where the configuration says so."""

from __future__ import annotations

import os

from reference_runtime import libc, paths
from reference_runtime.errors import RuntimeFault
from reference_runtime.mount_options import (
    ATTR_RDONLY,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    PROPAGATION,
)
from reference_runtime.plan import Call, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from reference_runtime.run import Run

_MNT_DETACH = 2


def plan_source(run: Run) -> Iterator[Op]:
    """Steps in the runtime's namespaces."""
    yield Call("root-source", "/", f"copy the mount of {run.rootfs} for /", _copy, run)
    if run.linux.get("maskedPaths"):
        yield Call("mask-source", "/dev/null", "copy the mount of /dev/null for masked files", _copy_null, run)


def plan_mount(run: Run) -> Iterator[Op]:
    """The first steps in the container's namespaces."""
    if run.namespace("mount") == "":
        yield Call("host-propagation", "/", "receive no mounts from the host, and send none", _leave_peers)
    yield Call("root", "/", f"mount the copy on {run.rootfs}", _attach, run)


def plan_enter(run: Run) -> Iterator[Op]:
    """The last steps before the container is created."""
    if run.namespace("mount") == "" and run.settings.pivot:
        yield Call("pivot", "/", "make it the root by pivot_root, and detach the host's", _pivot, run)
    else:
        yield Call("pivot", "/", "make it the root by chroot", _chroot, run)
    propagation = _propagation(run)
    if propagation:
        yield Call("root-propagation", propagation, f"make the root {propagation}", _spread, propagation)
    for path in run.linux.get("readonlyPaths", ()):
        yield Call("readonly-path", path, f"make {path} read-only", _make_readonly, path)
    for path in run.linux.get("maskedPaths", ()):
        yield Call("masked-path", path, f"mask {path}", _mask, run, path)
    if run.config["root"].get("readonly"):
        yield Call("readonly-root", "/", "make the root read-only", _close_root)


def _propagation(run: Run) -> str:
    """By the specification's own name: of a root that is a mount of its own, the recursive one says no more."""
    return str(run.linux.get("rootfsPropagation") or "").removeprefix("r")


def _copy(run: Run) -> None:
    tree = libc.open_tree(run.rootfs, libc.OPEN_TREE_CLONE | libc.AT_RECURSIVE)
    if _propagation(run) != "slave":
        libc.mount_setattr(tree, propagation=MS_PRIVATE, recursive=True)
    else:
        # pivot_root(2) takes no shared root, and a slave receives what the host mounts below the original.
        libc.mount_setattr(tree, propagation=PROPAGATION["slave"], recursive=True)
    run.trees["/"] = tree


def _copy_null(run: Run) -> None:
    tree = libc.open_tree("/dev/null", libc.OPEN_TREE_CLONE)
    libc.mount_setattr(tree, propagation=MS_PRIVATE)
    run.trees["/dev/null"] = tree


def _leave_peers() -> None:
    libc.mount("none", "/", "", MS_PRIVATE | MS_REC)


def _attach(run: Run) -> None:
    tree = run.trees.pop("/")
    try:
        target = os.open(run.rootfs, os.O_PATH | os.O_DIRECTORY)
    except PermissionError:
        # A user namespace may have no right to pass the folders above; on top of the root it is as good.
        target = os.open("/", os.O_PATH | os.O_DIRECTORY)
    except OSError as problem:
        raise RuntimeFault(f"root.path: {run.rootfs}: {problem.strerror} in the mount namespace") from None
    libc.move_mount(tree, target, run.rootfs)
    os.close(target)
    run.root = tree


def _pivot(run: Run) -> None:
    """Both roots on one place, then the upper one, the host's, goes (pivot_root(2), "pivot_root(".", ".")")."""
    os.fchdir(run.root)
    libc.pivot_root(".", ".")
    libc.umount2(".", _MNT_DETACH)
    os.chdir("/")


def _chroot(run: Run) -> None:
    os.fchdir(run.root)
    os.chroot(".")


def _spread(propagation: str) -> None:
    root = os.open("/", os.O_PATH | os.O_DIRECTORY)
    libc.mount_setattr(root, propagation=PROPAGATION[propagation])
    os.close(root)


def _make_readonly(path: str) -> None:
    """Mounts a path on itself, read-only with all below; a path that does not exist needs no protection."""
    try:
        tree = libc.open_tree(path, libc.OPEN_TREE_CLONE | libc.AT_RECURSIVE)
    except (FileNotFoundError, NotADirectoryError):
        return
    libc.mount_setattr(tree, attr_set=ATTR_RDONLY, propagation=MS_PRIVATE, recursive=True)
    _cover(path, tree)


def _cover(path: str, tree: int) -> None:
    target = os.open(path, os.O_PATH)
    libc.move_mount(tree, target, path)
    os.close(target)
    os.close(tree)


def _mask(run: Run, path: str) -> None:
    """Hides a directory below an empty one, anything else below /dev/null; a path that does not exist is hidden."""
    try:
        target = os.open(path, os.O_PATH)
    except (FileNotFoundError, NotADirectoryError):
        return
    if paths.is_directory(target):
        libc.mount("tmpfs", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    else:
        libc.move_mount(_null(run), target, path)
    os.close(target)


def _null(run: Run) -> int:
    """A detached mount of /dev/null: first the one from the host, then copies of it, once it is attached here."""
    if "/dev/null" in run.trees:
        run.descriptors["/dev/null"] = run.trees.pop("/dev/null")
        return run.descriptors["/dev/null"]
    return libc.open_tree("", libc.OPEN_TREE_CLONE | libc.AT_EMPTY_PATH, run.descriptors["/dev/null"])


def _close_root() -> None:
    root = os.open("/", os.O_PATH | os.O_DIRECTORY)
    libc.mount_setattr(root, attr_set=ATTR_RDONLY)
    os.close(root)
