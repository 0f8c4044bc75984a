"""Layers: tar archives that are laid over each other in one folder (image-spec, layer.md).

Names in an archive never lead out of the folder, whatever links there are: each is opened below the folder's root.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from typing import IO, cast

from reference_runtime import libc
from reference_runtime.cri import faults
from reference_runtime.cri.errors import Failed
from reference_runtime.cri.images import zstd

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_BLOCK = 1 << 18
_XATTR = "SCHILY.xattr."
_ZSTD = b"\x28\xb5\x2f\xfd"


def apply(archive: str, root: str) -> str:
    """Lays a layer over a folder; returns the digest of what it is uncompressed.  Failed when it is no layer."""
    with _uncompressed(archive) as stream:
        hashed = _Hashing(stream)
        try:
            with tarfile.open(fileobj=hashed, mode="r|") as tar:
                _Layer(root).lay(tar)
        except (tarfile.TarError, EOFError) as problem:
            raise Failed(f"a layer is no tar archive: {problem}") from None
        except OSError as problem:
            raise Failed(f"a layer can not be laid over the others: {problem}") from None
        hashed.drain()
    return f"sha256:{hashed.sum.hexdigest()}"


class _Hashing(io.RawIOBase):
    """A stream that is hashed while it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self.sum.update(piece)
        return piece

    def drain(self) -> None:
        """Reads what is behind the archive's end."""
        while self.read(_BLOCK):
            pass


@contextlib.contextmanager
def _uncompressed(path: str) -> Iterator[IO[bytes]]:
    """The archive without its compression, which its first bytes tell."""
    import bz2  # noqa: PLC0415  # rarely needed
    import gzip  # noqa: PLC0415

    with open(path, "rb") as file:
        head = file.read(4)
        file.seek(0)
        try:
            if head.startswith(b"\x1f\x8b"):
                yield cast("IO[bytes]", gzip.GzipFile(fileobj=file))
            elif head.startswith(b"BZh"):
                yield bz2.BZ2File(file)
            elif head == _ZSTD:
                with zstd.opened(file) as stream:
                    yield stream
            else:
                yield file
        except (gzip.BadGzipFile, OSError) as problem:
            if isinstance(problem, gzip.BadGzipFile):
                raise Failed(f"a layer is broken: {problem}") from None
            raise


class _Layer:
    """Lays one archive over a folder."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._times: list[tuple[str, float]] = []
        self._new: set[str] = set()

    def lay(self, tar: tarfile.TarFile) -> None:
        """Every entry in its order; the times of folders last, since what is put into them changes these."""
        self._fd = os.open(self._root, os.O_PATH | os.O_DIRECTORY)
        try:
            for entry in tar:
                self._put(tar, entry)
            for name, when in reversed(self._times):
                with contextlib.suppress(OSError), self._opened(name) as folder:
                    os.utime(f"/proc/self/fd/{folder}", (when, when))
        finally:
            os.close(self._fd)

    def _put(self, tar: tarfile.TarFile, entry: tarfile.TarInfo) -> None:
        name = os.path.normpath(f"/{entry.name}").lstrip("/")
        parent, last = os.path.split(name)
        with self._parent(parent) as folder:
            if last.startswith(_WHITEOUT) and faults.has("cri-whiteouts-kept"):
                return
            if last == _OPAQUE:
                self._empty(folder, parent)
            elif last.startswith(_WHITEOUT):
                _remove(folder, last.removeprefix(_WHITEOUT))
            elif not last:
                self._attributes(self._fd, ".", entry)
            else:
                self._new.add(name)
                self._make(tar, entry, folder, last)

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        folder = libc.openat2(self._fd, name or ".", os.O_PATH | os.O_DIRECTORY)
        try:
            yield folder
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _parent(self, name: str) -> Iterator[int]:
        """The folder that an entry is in; archives need not have it themselves."""
        if not os.path.lexists(os.path.join(self._root, name)):
            upper, last = os.path.split(name)
            with self._parent(upper) as folder, contextlib.suppress(FileExistsError):
                os.mkdir(last, 0o755, dir_fd=folder)
        with self._opened(name) as folder:
            yield folder

    def _empty(self, folder: int, name: str) -> None:
        """An opaque folder hides what lower layers have in it, not what this one has."""
        for child in os.listdir(f"/proc/self/fd/{folder}"):
            if os.path.join(name, child) not in self._new:
                _remove(folder, child)

    def _make(self, tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: int, name: str) -> None:
        if entry.isdir():
            if not _is_folder(folder, name):
                _remove(folder, name)
                os.mkdir(name, dir_fd=folder)
            self._times.append((entry.name, entry.mtime))
        else:
            _remove(folder, name)
            self._make_other(tar, entry, folder, name)
        if not entry.islnk():
            self._attributes(folder, name, entry)

    def _make_other(self, tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: int, name: str) -> None:
        if entry.issym():
            os.symlink(entry.linkname, name, dir_fd=folder)
        elif entry.islnk():
            target = os.path.normpath(f"/{entry.linkname}").lstrip("/")
            with self._opened(os.path.dirname(target)) as source:
                os.link(os.path.basename(target), name, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)
        elif entry.ischr() or entry.isblk():
            kind = stat.S_IFCHR if entry.ischr() else stat.S_IFBLK
            os.mknod(name, kind | 0o600, os.makedev(entry.devmajor, entry.devminor), dir_fd=folder)
        elif entry.isfifo():
            os.mkfifo(name, 0o600, dir_fd=folder)
        else:
            _write(tar.extractfile(entry), folder, name)

    def _attributes(self, folder: int, name: str, entry: tarfile.TarInfo) -> None:
        os.chown(name, entry.uid, entry.gid, dir_fd=folder, follow_symlinks=False)
        if not entry.issym():
            os.chmod(name, entry.mode & 0o7777, dir_fd=folder)
        for key, value in entry.pax_headers.items():
            if key.startswith(_XATTR):
                raw = value.encode("utf-8", "surrogateescape")
                place = f"/proc/self/fd/{folder}/{name}"
                os.setxattr(place, key.removeprefix(_XATTR), raw, follow_symlinks=False)
        os.utime(name, (entry.mtime, entry.mtime), dir_fd=folder, follow_symlinks=False)


def _write(content: IO[bytes] | None, folder: int, name: str) -> None:
    target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    with open(target, "wb") as file:
        if content:
            shutil.copyfileobj(content, file, _BLOCK)


def _is_folder(folder: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _remove(folder: int, name: str) -> None:
    """Removes whatever is there under a name."""
    if _is_folder(folder, name):
        shutil.rmtree(name, dir_fd=folder)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
