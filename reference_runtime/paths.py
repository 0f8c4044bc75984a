"""Paths inside the container: no symbolic link of the image leads out of its root directory."""

from __future__ import annotations

import errno
import os
import stat

from reference_runtime import faults
from reference_runtime.errors import RuntimeFault
from reference_runtime.libc import RESOLVE_IN_ROOT, openat2

_MOST_LINKS = 40


def find(root: int, path: str, flags: int = 0) -> int:
    """A descriptor (O_PATH) of a path below the root directory."""
    resolve = 0 if faults.has("mount-symlinks-escape") else RESOLVE_IN_ROOT
    return openat2(root, path.lstrip("/") or ".", os.O_PATH | flags, resolve)


def exists(root: int, path: str) -> bool:
    """Whether something is there, be it a link that only the kernel can follow, as those of /proc/self/fd."""
    try:
        os.close(find(root, path, os.O_NOFOLLOW))
    except OSError:
        return False
    return True


def place(root: int, path: str, directory: bool) -> int:
    """A descriptor of a path to mount on, made as an empty directory or file where there is none."""
    try:
        return find(root, path)
    except FileNotFoundError:
        parent, name = parent_of(root, path)
    try:
        if directory:
            os.mkdir(name, 0o755, dir_fd=parent)
        else:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644, dir_fd=parent))
    finally:
        os.close(parent)
    return find(root, path)


def parent_of(root: int, path: str) -> tuple[int, str]:
    """A descriptor of the directory that holds the last component, made if needed, and the name within it.

    A link whose target is missing is followed, so that the target is what gets made.
    """
    parts = [part for part in path.split("/") if part and part != "."]
    for _ in range(_MOST_LINKS):
        directory, done = _walk(root, parts[:-1])
        rest = parts[len(done) :]
        link = _link(directory, rest[0]) if rest else None
        if link is None:
            return _make(directory, rest[:-1]), rest[-1] if rest else "."
        os.close(directory)
        base = [] if link.startswith("/") else done
        parts = [*base, *(part for part in link.split("/") if part and part != "."), *rest[1:]]
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def _walk(root: int, parts: list[str]) -> tuple[int, list[str]]:
    """The deepest directory of a path that exists, and the part of the path that leads to it."""
    for length in range(len(parts), -1, -1):
        try:
            return find(root, "/".join(parts[:length]), os.O_DIRECTORY), parts[:length]
        except FileNotFoundError:
            continue
    raise RuntimeFault("the container's root directory has vanished")


def _link(directory: int, name: str) -> str | None:
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError:
        return None


def _make(directory: int, parts: list[str]) -> int:
    for part in parts:
        os.mkdir(part, 0o755, dir_fd=directory)
        inner = openat2(directory, part, os.O_PATH | os.O_DIRECTORY)
        os.close(directory)
        directory = inner
    return directory


def is_directory(descriptor: int) -> bool:
    """Whether the descriptor is of a directory."""
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def through(descriptor: int) -> str:
    """A path that leads to what a descriptor is of, for calls that take no descriptor."""
    return f"/proc/self/fd/{descriptor}"
