"""Fetching an image: its manifest for this machine, its configuration, its layers laid over each other."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

from reference_runtime.cri import faults
from reference_runtime.cri.errors import Failed, NotFound
from reference_runtime.cri.images import layers
from reference_runtime.cri.images.reference import Reference
from reference_runtime.cri.images.registry import INDEXES, Login, Registry

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_MOST_MANIFEST = 4 << 20


@dataclasses.dataclass(frozen=True)
class Fetched:
    """An image as a registry has it.  ``digest`` is that of what its name leads to: a manifest, or an index."""

    id: str
    digest: str
    size: int
    config: dict[str, Any]
    annotations: dict[str, str]
    layers: list[dict[str, Any]]


class Fetcher:
    """Gets one image.  ``going_on`` is asked now and then whether anybody still wants it, and raises if not."""

    def __init__(
        self, reference: Reference, login: Login, mirrors: dict[str, str], going_on: Callable[[], None]
    ) -> None:
        self._reference = reference
        self._registry = Registry(reference, login, mirrors)
        self._going_on = going_on

    def describe(self) -> Fetched:
        """The image without its layers."""
        text, kind = self._registry.manifest(self._reference.version)
        digest = _digest(text, self._reference.digest, str(self._reference))
        manifest = _parsed(text, self._reference)
        if kind in INDEXES or "manifests" in manifest:
            entry = self._for_this_machine(manifest)
            text, _ = self._registry.manifest(entry["digest"])
            _digest(text, entry["digest"], str(self._reference))
            manifest = _parsed(text, self._reference)
        if "config" not in manifest or "layers" not in manifest:
            raise Failed(f"{self._reference}: the manifest is of an unknown kind {manifest.get('mediaType', kind)!r}")
        config = b"".join(self._registry.blob(manifest["config"]["digest"]))
        image_id = _digest(config, manifest["config"]["digest"], str(self._reference))
        size = len(text) + len(config) + sum(layer["size"] for layer in manifest["layers"])
        annotations = manifest.get("annotations") or {}
        return Fetched(image_id, digest, size, _parsed(config, self._reference), annotations, manifest["layers"])

    def _for_this_machine(self, index: dict[str, Any]) -> dict[str, Any]:
        wanted = _ARCHITECTURES.get(os.uname().machine, os.uname().machine)
        for entry in index.get("manifests") or []:
            if faults.has("cri-pull-index-wrong-machine"):
                wanted = "arm64" if wanted == "amd64" else "amd64"
                return next((each for each in index["manifests"] if each["platform"]["architecture"] == wanted), entry)
            platform = entry.get("platform") or {"os": "linux", "architecture": wanted}
            if platform.get("os") == "linux" and platform.get("architecture") == wanted:
                found: dict[str, Any] = entry
                return found
        raise NotFound(f"{self._reference}: there is no image for linux/{wanted}")

    def unpack(self, image: Fetched, target: str) -> None:
        """Makes ``target`` the root filesystem of the image, all of it or nothing."""
        with tempfile.TemporaryDirectory(dir=os.path.dirname(target), prefix=".new-") as folder:
            root = os.path.join(folder, "root")
            os.mkdir(root, 0o755)
            diffs = image.config.get("rootfs", {}).get("diff_ids") or []
            if len(diffs) != len(image.layers):
                raise Failed(f"{self._reference}: {len(image.layers)} layers, but {len(diffs)} of them are described")
            pairs = list(zip(image.layers, diffs, strict=True))
            for layer, diff in reversed(pairs) if faults.has("cri-layers-disordered") else pairs:
                archive = self._download(layer, folder)
                found = layers.apply(archive, root)
                os.unlink(archive)
                if found != diff:
                    raise Failed(f"{self._reference}: a layer is {found}, and should be {diff}")
            try:
                os.rename(root, target)
            except OSError:
                # Somebody else was faster with the same image.
                shutil.rmtree(root)

    def _download(self, layer: dict[str, Any], folder: str) -> str:
        path = os.path.join(folder, "layer")
        hashed = hashlib.new(layer["digest"].partition(":")[0])
        with open(path, "wb") as file:
            for piece in self._registry.blob(layer["digest"]):
                self._going_on()
                hashed.update(piece)
                file.write(piece)
        if hashed.hexdigest() != layer["digest"].partition(":")[2]:
            raise Failed(f"{self._reference}: layer {layer['digest']} is {hashed.hexdigest()}")
        return path


def _digest(text: bytes, wanted: str, name: str) -> str:
    """The digest of a document, which is the wanted one if one is wanted."""
    algorithm = wanted.partition(":")[0] if wanted else "sha256"
    found = f"{algorithm}:{hashlib.new(algorithm, text).hexdigest()}"
    if wanted and found != wanted:
        raise Failed(f"{name}: what should be {wanted} is {found}")
    return found


def _parsed(text: bytes, reference: Reference) -> dict[str, Any]:
    if len(text) > _MOST_MANIFEST:
        raise Failed(f"{reference}: a document of {len(text)} bytes is too long")
    try:
        document = json.loads(text)
    except ValueError as problem:
        raise Failed(f"{reference}: a document is no JSON: {problem}") from None
    if not isinstance(document, dict):
        raise Failed(f"{reference}: a document is no object")
    return document
