"""An image: layers, config and manifest, as image-spec's config.md, manifest.md and image-index.md have them."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass, field
from typing import Any

from conformance.harness.images.layer import DOCKER_GZIP, Layer, digest_of

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
MANIFEST, INDEX, CONFIG = f"{OCI}manifest.v1+json", f"{OCI}index.v1+json", f"{OCI}config.v1+json"
DOCKER_MANIFEST, DOCKER_CONFIG = (
    f"{DOCKER}distribution.manifest.v2+json",
    f"{DOCKER}container.image.v1+json",
)
#: The names of architectures that Go has, and images with it.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
CREATED = "2020-01-01T00:00:00Z"


def architecture() -> str:
    """This machine's, as images name it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def encoded(document: object) -> bytes:
    """JSON in one way only, so that equal images have equal digests."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


@dataclass(frozen=True)
class Image:
    """One image for this machine.

    ``settings`` is the ``config`` object of the image's config: User, Env, Entrypoint, Cmd and so on.  ``docker`` gives
    it the media types that were there before OCI's; without ``history`` its config has none.  ``others`` are
    architectures that an index names beside this machine's, for which there is a manifest but no image: with any,
    the image is an index.
    """

    name: str
    layers: tuple[Layer, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    docker: bool = False
    history: bool = True
    typed: bool = True
    others: tuple[str, ...] = ()

    @property
    def config(self) -> bytes:
        """The image's config: its digest is what most servers take as the image's id."""
        document: dict[str, Any] = {
            "created": CREATED,
            "architecture": architecture(),
            "os": "linux",
            "config": self.settings,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
        }
        if self.history:
            document["history"] = [
                {"created": CREATED, "created_by": f"layer {layer.diff_id}"} for layer in self.layers
            ]
        return encoded(document)

    @property
    def manifest(self) -> bytes:
        """The manifest of this machine's image."""
        kind = DOCKER_CONFIG if self.docker else CONFIG
        layers = [layer.descriptor | ({"mediaType": DOCKER_GZIP} if self.docker else {}) for layer in self.layers]
        document: dict[str, Any] = {
            "schemaVersion": 2,
            "config": {"mediaType": kind, "digest": digest_of(self.config), "size": len(self.config)},
            "layers": layers,
        }
        if self.typed:
            document["mediaType"] = self.media_type
        if self.annotations:
            document["annotations"] = self.annotations
        return encoded(document)

    @property
    def media_type(self) -> str:
        """Of the manifest."""
        return DOCKER_MANIFEST if self.docker else MANIFEST

    @property
    def index(self) -> bytes:
        """An index of this machine's manifest and of those of other machines, which lead nowhere."""
        entries = [
            {
                "mediaType": MANIFEST,
                "digest": digest_of(other.encode()),
                "size": len(other),
                "platform": {"architecture": other, "os": "linux"},
            }
            for other in self.others
        ]
        own = {"architecture": architecture(), "os": "linux"}
        entries.append(
            {
                "mediaType": self.media_type,
                "digest": digest_of(self.manifest),
                "size": len(self.manifest),
                "platform": own,
            }
        )
        return encoded({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})

    @property
    def top(self) -> tuple[str, bytes]:
        """Media type and content of what a tag leads to."""
        return (INDEX, self.index) if self.others else (self.media_type, self.manifest)

    @property
    def id(self) -> str:
        """The digest of the config."""
        return digest_of(self.config)

    @property
    def digest(self) -> str:
        """The digest by which the image can be pulled."""
        return digest_of(self.top[1])

    def blobs(self) -> list[bytes]:
        """What the manifest leads to: config and layers."""
        return [self.config, *(layer.blob for layer in self.layers)]
