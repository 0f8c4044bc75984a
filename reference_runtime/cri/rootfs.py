"""The root filesystem of a container: an overlay on its image's, or a copy where there can be no overlay.

In a user namespace the image's files belong to the users inside: by a mapped mount below the overlay, or in the copy.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator

from reference_runtime import libc
from reference_runtime.cri import faults
from reference_runtime.cri.errors import Failed
from reference_runtime.cri.spec.mappings import Mappings
from reference_runtime.mount_options import ATTR_IDMAP, MS_BIND

_DETACH = 2
_CAPABILITY = "security.capability"


def make(image: str, target: str, own: str, mapped: Mappings | None = None, userns: str = "") -> None:
    """Shows the image at ``target``; what is written goes below ``own``.

    With a user namespace, ``mapped`` are its mappings and ``userns`` its file.
    """
    os.makedirs(target, exist_ok=True)
    upper, work = os.path.join(own, "upper"), os.path.join(own, "work")
    for folder in (upper, work):
        os.makedirs(folder, exist_ok=True)
    shutil.copystat(image, upper)
    os.chown(upper, *_owner(os.stat(image), mapped))
    if faults.has("cri-rootfs-shared"):
        libc.mount(image, target, "none", MS_BIND)
        return
    try:
        with _lower(image, os.path.join(own, "lower"), userns) as lower:
            libc.mount("overlay", target, "overlay", 0, f"lowerdir={lower},upperdir={upper},workdir={work}")
    except OSError:
        _copy(image, target)
        give(target, mapped)


@contextlib.contextmanager
def _lower(image: str, place: str, userns: str) -> Iterator[str]:
    """Where the image's files are with the owners that they shall have (mount_setattr(2), MOUNT_ATTR_IDMAP)."""
    if not userns:
        yield image
        return
    os.makedirs(place, exist_ok=True)
    tree, namespace = libc.open_tree(image, libc.OPEN_TREE_CLONE), os.open(userns, os.O_RDONLY)
    target = os.open(place, os.O_PATH | os.O_DIRECTORY)
    try:
        libc.mount_setattr(tree, attr_set=ATTR_IDMAP, userns=namespace)
        libc.move_mount(tree, target, place)
    finally:
        for descriptor in (tree, namespace, target):
            os.close(descriptor)
    try:
        yield place
    finally:
        # The overlay has a copy of its own.
        unmount(place)


def give(folder: str, mapped: Mappings | None) -> None:
    """Gives a copy of an image's files to those in a user namespace whom they belong to there."""
    if mapped is None:
        return
    given: set[int] = set()
    for parent, folders, files in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in folders + files)):
            found = os.lstat(path)
            if found.st_ino not in given:
                given.add(found.st_ino)
                _give(path, found, mapped)


def _give(path: str, found: os.stat_result, mapped: Mappings) -> None:
    capability = None
    with contextlib.suppress(OSError):
        capability = os.getxattr(path, _CAPABILITY, follow_symlinks=False)
    os.chown(path, *_owner(found, mapped), follow_symlinks=False)
    # A change of the owner takes away what a program gives to those who run it.
    if not stat.S_ISLNK(found.st_mode):
        os.chmod(path, stat.S_IMODE(found.st_mode))
    if capability:
        os.setxattr(path, _CAPABILITY, capability, follow_symlinks=False)


def _owner(found: os.stat_result, mapped: Mappings | None) -> tuple[int, int]:
    if mapped is None:
        return found.st_uid, found.st_gid
    return mapped.users.outside(found.st_uid), mapped.groups.outside(found.st_gid)


def _copy(image: str, target: str) -> None:
    done = subprocess.run(["cp", "-a", f"{image}/.", target], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"the root filesystem can not be copied: {done.stderr.strip()}")


def unmount(target: str) -> None:
    """Takes a mount away, if there is one."""
    with contextlib.suppress(OSError):
        libc.umount2(target, _DETACH)


def remove(folder: str) -> None:
    """Removes a folder with whatever is mounted in it."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        places = [line.split(" ")[4] for line in file]
    for place in reversed(places):
        if place.startswith(f"{folder}/"):
            unmount(place)
    shutil.rmtree(folder, ignore_errors=True)


def copy_place(root: str, place: str, target: str) -> None:
    """Copies a folder of an image, if the image has it, to where a volume begins with it."""
    os.makedirs(target)
    folder = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        source = libc.openat2(folder, place.lstrip("/") or ".", os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return
    finally:
        os.close(folder)
    try:
        _copy(f"/proc/{os.getpid()}/fd/{source}", target)
    finally:
        os.close(source)


def make_folder(root: str, place: str, mapped: Mappings | None) -> None:
    """Makes a folder in a root filesystem, which no link leads out of, with those above it."""
    owner = mapped.root if mapped else (0, 0)
    folder = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        parts = [part for part in place.split("/") if part]
        for number, part in enumerate(parts):
            parent = libc.openat2(folder, "/".join(parts[:number]) or ".", os.O_PATH | os.O_DIRECTORY)
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=parent)
                    os.chown(part, *owner, dir_fd=parent, follow_symlinks=False)
            finally:
                os.close(parent)
    finally:
        os.close(folder)
