"""Images in a folder, as the registry serves them: every process of a run can add some."""

from __future__ import annotations

from pathlib import Path

from conformance.harness.images.image import Image
from conformance.harness.images.layer import digest_of


class Store:
    """Blobs by digest, and for every repository manifests by digest and tags that name one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, image: Image, repository: str, tag: str = "1") -> None:
        """Make an image available under a name and tag, in the place of another one of that tag."""
        for blob in image.blobs():
            self._write(f"blobs/{digest_of(blob)}", blob)
        for media_type, content in {(image.media_type, image.manifest), image.top}:
            self._write(f"manifests/{repository}/{digest_of(content)}", media_type.encode() + b"\n" + content)
        self._write(f"tags/{repository}/{tag}", image.digest.encode())

    def blob(self, digest: str) -> bytes | None:
        """The content of a blob; None when there is none."""
        return self._read(f"blobs/{digest}")

    def manifest(self, repository: str, reference: str) -> tuple[str, bytes] | None:
        """Media type and content of a manifest, by its digest or by a tag; None when there is none."""
        tagged = self._read(f"tags/{repository}/{reference}")
        found = self._read(f"manifests/{repository}/{tagged.decode() if tagged else reference}")
        if found is None:
            return None
        media_type, _, content = found.partition(b"\n")
        return media_type.decode(), content

    def _read(self, path: str) -> bytes | None:
        if ".." in path.split("/"):
            return None
        try:
            return (self.folder / path).read_bytes()
        except OSError:
            return None

    def _write(self, path: str, content: bytes) -> None:
        target = self.folder / path
        if target.exists() and target.read_bytes() == content:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{id(content):x}")
        fresh.write_bytes(content)
        fresh.rename(target)
