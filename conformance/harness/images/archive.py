"""Images in one file: an OCI layout that is a docker archive at once, for `ctr images import` and `podman load`."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable
from pathlib import Path

from conformance.harness.errors import WrongUse
from conformance.harness.images.image import MANIFEST, Image, encoded
from conformance.harness.images.layer import digest_of
from conformance.harness.images.samples import NAMES, sample

#: The name under which exported images are imported: no registry can have it.
EXPORTED = "localhost/seatrial"
#: A full name: host, path and tag.
NAME = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+:[\w][\w.-]{0,127}")


def write_archive(path: Path, images: Iterable[tuple[str, Image]]) -> None:
    """Write images, each under a full name with its tag."""
    named = list(images)
    blobs = {digest_of(blob): blob for _, image in named for blob in [image.manifest, *image.blobs()]}
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, "oci-layout", encoded({"imageLayoutVersion": "1.0.0"}))
        _add(archive, "index.json", encoded(_index(named)))
        _add(archive, "manifest.json", encoded([_docker_entry(name, image) for name, image in named]))
        for digest, blob in sorted(blobs.items()):
            _add(archive, _place(digest), blob)


def export(path: Path, pause: str = "") -> list[str]:
    """Write all images of the suite, the pause image under a name of its own when one is given; returns the names.

    Raises ``WrongUse`` for a name that none is, and when the file can not be written.
    """
    if pause and not NAME.fullmatch(pause):
        raise WrongUse(f"--pause={pause}: give a full name with its tag, as registry.k8s.io/pause:3.9")
    named = [(f"{EXPORTED}/{name}:1", sample(name)) for name in NAMES]
    named += [(pause, sample("pause"))] if pause else []
    try:
        write_archive(path, named)
    except OSError as problem:
        raise WrongUse(f"{path} can not be written: {problem.strerror}") from None
    return [name for name, _ in named]


def _index(named: list[tuple[str, Image]]) -> dict[str, object]:
    return {"schemaVersion": 2, "manifests": [_entry(name, image) for name, image in named]}


def _entry(name: str, image: Image) -> dict[str, object]:
    names = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    kind = image.media_type if image.docker else MANIFEST
    digest = digest_of(image.manifest)
    return {"mediaType": kind, "digest": digest, "size": len(image.manifest), "annotations": names}


def _docker_entry(name: str, image: Image) -> dict[str, object]:
    layers = [_place(digest_of(layer.blob)) for layer in image.layers]
    return {"Config": _place(digest_of(image.config)), "RepoTags": [name], "Layers": layers}


def _place(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
