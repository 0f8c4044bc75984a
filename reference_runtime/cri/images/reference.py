"""Names of images: ``[host[:port]/]path[:tag][@digest]``, with the parts that are usually left out."""

from __future__ import annotations

import dataclasses
import re

from reference_runtime.cri.errors import Invalid

_DEFAULT_HOST, _DEFAULT_FOLDER, _DEFAULT_TAG = "docker.io", "library", "latest"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclasses.dataclass(frozen=True)
class Reference:
    """A whole name.  With a digest the tag says nothing, and is empty."""

    host: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def repository(self) -> str:
        """The name without tag and digest."""
        return f"{self.host}/{self.path}"

    @property
    def version(self) -> str:
        """What a registry is asked for."""
        return self.digest or self.tag

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"


def parse(name: str) -> Reference:
    """The reference that a name means.  Invalid when it means none."""
    rest, _, digest = name.partition("@")
    if "@" in name and not _DIGEST.fullmatch(digest):
        raise Invalid(f"image {name!r}: {digest!r} is no digest")
    host, rest = _split_host(rest)
    path, colon, tag = rest.partition(":")
    if host == _DEFAULT_HOST and "/" not in path:
        path = f"{_DEFAULT_FOLDER}/{path}"
    if not _HOST.fullmatch(host) or not _PATH.fullmatch(path):
        raise Invalid(f"image {name!r} is no name of an image")
    if colon and not _TAG.fullmatch(tag):
        raise Invalid(f"image {name!r}: {tag!r} is no tag")
    return Reference(host, path, "" if digest else tag or _DEFAULT_TAG, digest)


def _split_host(name: str) -> tuple[str, str]:
    """The first part is a host if it looks like one: with a dot, a port, or ``localhost``."""
    first, slash, rest = name.partition("/")
    if slash and (set(".:") & set(first) or first == "localhost"):
        return first, rest
    return _DEFAULT_HOST, name


def as_id(name: str) -> str:
    """The id that a name may be, as ``sha256:…``; empty when it can be none."""
    found = _ID.fullmatch(name)
    return f"sha256:{found[1]}" if found else ""
