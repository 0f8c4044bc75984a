"""What the mount option tmpcopyup is for (config.md, "Linux mount options"): a tmpfs begins with what it covers."""

from __future__ import annotations

import os
import stat

from reference_runtime import paths

_PIECE = 1 << 20


def copy_tree(source: int, target: int) -> None:
    """Copies all entries of one directory into another, with their owners and modes; both are descriptors (O_PATH)."""
    for name in os.listdir(paths.through(source)):
        old, new = f"{paths.through(source)}/{name}", f"{paths.through(target)}/{name}"
        found = os.lstat(old)
        _copy(old, new, found)
        os.chown(new, found.st_uid, found.st_gid, follow_symlinks=False)
        if not stat.S_ISLNK(found.st_mode):
            os.chmod(new, stat.S_IMODE(found.st_mode))


def _copy(old: str, new: str, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        os.mkdir(new)
        inner = [os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW) for path in (old, new)]
        copy_tree(*inner)
        for descriptor in inner:
            os.close(descriptor)
    elif stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(old), new)
    elif stat.S_ISREG(found.st_mode):
        with open(old, "rb") as reader, open(new, "xb") as writer:
            while os.sendfile(writer.fileno(), reader.fileno(), None, _PIECE):
                pass
    else:
        os.mknod(new, found.st_mode, found.st_rdev)
