"""Layers of an image: tar archives that are the same bytes on every machine (image-spec, layer.md)."""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
import zlib
from dataclasses import dataclass, field

TAR, GZIP = "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"
#: The longest stored block of a deflate stream, see RFC 1951, section 3.2.4.
BLOCK = 65535
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"


def digest_of(blob: bytes) -> str:
    """The digest by which a registry and a manifest know a blob."""
    return "sha256:" + hashlib.sha256(blob).hexdigest()


@dataclass(frozen=True)
class File:
    """One entry of a layer; ``kind`` is one of tarfile's types, ``link`` what a link leads to."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    kind: bytes = tarfile.REGTYPE
    link: str = ""


def folder(path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> File:
    """A folder."""
    return File(path, mode=mode, uid=uid, gid=gid, kind=tarfile.DIRTYPE)


def symlink(path: str, target: str) -> File:
    """A symbolic link."""
    return File(path, mode=0o777, kind=tarfile.SYMTYPE, link=target)


def whiteout(path: str) -> File:
    """What takes a path of a lower layer away (layer.md, Whiteouts)."""
    parent, _, name = path.rpartition("/")
    return File(f"{parent}/{WHITEOUT}{name}".lstrip("/"))


def opaque(path: str) -> File:
    """What hides all that lower layers have in a folder (layer.md, Opaque Whiteout)."""
    return File(f"{path}/{OPAQUE}")


@dataclass(frozen=True)
class Layer:
    """Entries in the order in which they are unpacked, and how they are packed."""

    files: tuple[File, ...] = ()
    media_type: str = GZIP
    tar: bytes = field(init=False, repr=False, compare=False)
    blob: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tar = _tar(self.files)
        object.__setattr__(self, "tar", tar)
        object.__setattr__(self, "blob", gzipped(tar) if self.media_type.endswith("gzip") else tar)

    @property
    def diff_id(self) -> str:
        """The digest of the unpacked archive, which the image's config names."""
        return digest_of(self.tar)

    @property
    def descriptor(self) -> dict[str, object]:
        """How a manifest names it."""
        return {"mediaType": self.media_type, "digest": digest_of(self.blob), "size": len(self.blob)}


def gzipped(content: bytes) -> bytes:
    """A gzip stream of stored blocks: what a compressor makes differs from version to version, this does not."""
    head = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    pieces = [content[start : start + BLOCK] for start in range(0, len(content), BLOCK)] or [b""]
    blocks = [
        struct.pack("<BHH", number == len(pieces) - 1, len(piece), len(piece) ^ 0xFFFF) + piece
        for number, piece in enumerate(pieces)
    ]
    return head + b"".join(blocks) + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def _tar(files: tuple[File, ...]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path)
            entry.size, entry.mode, entry.type, entry.linkname = len(file.content), file.mode, file.kind, file.link
            entry.uid, entry.gid = file.uid, file.gid
            archive.addfile(entry, io.BytesIO(file.content))
    return out.getvalue()
