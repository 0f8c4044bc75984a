"""The images that are here: one record each in index.json, its root filesystem in a folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

from reference_runtime.cri import faults
from reference_runtime.cri.errors import NotFound
from reference_runtime.cri.images.blobs import Fetched, Fetcher
from reference_runtime.cri.images.reference import Reference, as_id, parse
from reference_runtime.cri.images.registry import Login


@dataclasses.dataclass
class Image:
    """An image: its names with tags and with digests, its size in bytes, its configuration (image-spec, config.md)."""

    id: str
    tags: list[str]
    digests: list[str]
    size: int
    config: dict[str, Any]
    annotations: dict[str, str]
    rootfs: str

    @property
    def settings(self) -> dict[str, Any]:
        """What a container is started with unless it says otherwise."""
        return self.config.get("config") or {}


class ImageStore:
    """All images, below one folder."""

    def __init__(self, folder: str, mirrors: dict[str, str]) -> None:
        self.folder = folder
        self._mirrors = mirrors
        self._roots = os.path.join(folder, "rootfs")
        os.makedirs(self._roots, mode=0o711, exist_ok=True)
        self._index = os.path.join(folder, "index.json")
        self._lock = threading.RLock()
        self._images: dict[str, Image] = {}
        self._wanted: dict[str, int] = {}
        for name in os.listdir(self._roots):
            # An earlier server was killed while it unpacked.
            if name.startswith(".new-"):
                shutil.rmtree(os.path.join(self._roots, name), ignore_errors=True)
        if os.path.exists(self._index):
            with open(self._index, encoding="utf-8") as file:
                self._images = {entry["id"]: Image(**entry) for entry in json.load(file)}

    def pull(self, reference: Reference, login: Login, going_on: Callable[[], None]) -> Image:
        """Fetches an image, as much of it as is not here yet."""
        known = self.find(str(reference))
        if known and faults.has("cri-pull-tag-not-moved"):
            return known
        fetcher = Fetcher(reference, login, self._mirrors, going_on)
        fetched = fetcher.describe()
        diffs = "\n".join(fetched.config.get("rootfs", {}).get("diff_ids") or [])
        rootfs = os.path.join(self._roots, hashlib.sha256(diffs.encode()).hexdigest())
        with self._lock:
            self._wanted[rootfs] = self._wanted.get(rootfs, 0) + 1
        try:
            if not os.path.isdir(rootfs) or faults.has("cri-pull-layers-again"):
                fetcher.unpack(fetched, rootfs)
            return self._add(reference, fetched, rootfs)
        finally:
            with self._lock:
                self._wanted[rootfs] -= 1

    def _add(self, reference: Reference, fetched: Fetched, rootfs: str) -> Image:
        with self._lock:
            image = self._images.get(fetched.id)
            if image is None:
                image = Image(fetched.id, [], [], fetched.size, fetched.config, fetched.annotations, rootfs)
                self._images[image.id] = image
            if reference.tag:
                for other in self._images.values():
                    # The name may have meant another image before.
                    other.tags = [tag for tag in other.tags if tag != str(reference)]
                image.tags.append(str(reference))
            digest = f"{reference.repository}@{fetched.digest}"
            if digest not in image.digests:
                image.digests.append(digest)
            self._save()
            return image

    def all(self) -> list[Image]:
        """Every image."""
        with self._lock:
            return list(self._images.values())

    def find(self, name: str) -> Image | None:
        """The image of an id, a name with a tag or with a digest."""
        with self._lock:
            image = self._images.get(as_id(name))
            if image or as_id(name):
                return image
            wanted = str(parse(name))
            return next((image for image in self._images.values() if wanted in image.tags + image.digests), None)

    def get(self, name: str) -> Image:
        """The image, which has to be here."""
        image = self.find(name)
        if image is None:
            raise NotFound(f"image {name!r} is not here: pull it first")
        return image

    def remove(self, name: str) -> None:
        """Forgets an image with all its names; its files go as soon as no container uses them."""
        with self._lock:
            image = self.find(name)
            if image is None:
                return
            if faults.has("cri-image-remove-one-tag") and len(image.tags) > 1 and not as_id(name):
                image.tags.remove(str(parse(name)))
            else:
                del self._images[image.id]
            self._save()

    def clean(self, used: set[str]) -> None:
        """Removes root filesystems of no image and no container."""
        with self._lock:
            kept = (
                used
                | {path for path, number in self._wanted.items() if number}
                | {image.rootfs for image in self._images.values()}
            )
            for name in os.listdir(self._roots):
                path = os.path.join(self._roots, name)
                if path not in kept and not name.startswith(".new-"):
                    shutil.rmtree(path, ignore_errors=True)

    def usage(self) -> tuple[int, int]:
        """Bytes and inodes that images take."""
        found = list(sizes(self.folder))
        return sum(found), len(found)

    def _save(self) -> None:
        with open(f"{self._index}.new", "w", encoding="utf-8") as file:
            json.dump([dataclasses.asdict(image) for image in self._images.values()], file)
        os.rename(f"{self._index}.new", self._index)


def sizes(folder: str) -> Iterator[int]:
    """Bytes on disk of each file and folder below a folder."""
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            try:
                yield os.lstat(os.path.join(parent, name)).st_blocks * 512
            except FileNotFoundError:
                continue
