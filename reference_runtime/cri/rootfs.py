"""The root filesystem of a container: an overlay on its image's, or a copy where there can be no overlay."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess

from reference_runtime import libc
from reference_runtime.cri import faults
from reference_runtime.cri.errors import Failed
from reference_runtime.mount_options import MS_BIND

_DETACH = 2


def make(image: str, target: str, own: str) -> None:
    """Shows the image at ``target``; what is written goes below ``own``."""
    os.makedirs(target, exist_ok=True)
    upper, work = os.path.join(own, "upper"), os.path.join(own, "work")
    for folder in (upper, work):
        os.makedirs(folder, exist_ok=True)
    shutil.copystat(image, upper)
    os.chown(upper, os.stat(image).st_uid, os.stat(image).st_gid)
    if faults.has("cri-rootfs-shared"):
        libc.mount(image, target, "none", MS_BIND)
        return
    try:
        libc.mount("overlay", target, "overlay", 0, f"lowerdir={image},upperdir={upper},workdir={work}")
    except OSError:
        _copy(image, target)


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


def make_folder(root: str, place: str) -> None:
    """Makes a folder in a root filesystem, which no link leads out of, with those above it."""
    folder = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        parts = [part for part in place.split("/") if part]
        for number, part in enumerate(parts):
            parent = libc.openat2(folder, "/".join(parts[:number]) or ".", os.O_PATH | os.O_DIRECTORY)
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=parent)
            finally:
                os.close(parent)
    finally:
        os.close(folder)
