"""Where the images of a run come from: the suite's registry, or images that were imported before the run."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from conformance.harness.cri import protocol
from conformance.harness.cri.claim import Claim
from conformance.harness.cri.cleaning import REGISTRY
from conformance.harness.cri.client import Client
from conformance.harness.errors import WrongUse
from conformance.harness.images.archive import EXPORTED
from conformance.harness.images.image import Image
from conformance.harness.images.registry import Registry
from conformance.harness.images.samples import NAMES, sample
from conformance.harness.images.store import Store


@dataclass(frozen=True)
class Supply:
    """How to name images.

    ``registry`` is the address of the suite's registry, whose images lie in ``folder``; "" when the server can not
    pull from it, for the reason ``why``.  ``guarded`` has the addresses of those that want credentials, by their kind.
    """

    registry: str
    folder: str
    why: str = ""
    guarded: tuple[tuple[str, str], ...] = ()

    def reference(self, name: str) -> str:
        """The full name of an image of the suite."""
        return f"{self.registry}/seatrial/{name}:1" if self.registry else f"{EXPORTED}/{name}:1"

    def add(self, image: Image, tag: str = "1", guard: str = "") -> str:
        """Serve one more image, and return its full name, at a guarded registry when ``guard`` names its kind."""
        self.store.add(image, f"seatrial/{image.name}", tag)
        return f"{dict(self.guarded).get(guard, self.registry)}/seatrial/{image.name}:{tag}"

    def was_asked(self, reference: str) -> bool:
        """Whether the registry of an image has seen any request: not, where a server insists on HTTPS."""
        address = reference.partition("/")[0]
        with suppress(FileNotFoundError):
            lines = (Path(self.folder) / "requests.jsonl").read_text().splitlines()
            return any(json.loads(line)["registry"] == address for line in lines)
        return False

    @property
    def store(self) -> Store:
        """The registry's images."""
        return Store(Path(self.folder))


#: Where registries listen that want credentials: at the port of the open one if it is free there.
GUARDED = {"basic": "127.0.0.2", "token": "127.0.0.3"}


class Harbour:
    """The registries of a run, in the process that outlives all others of it."""

    def __init__(self, address: str) -> None:
        """Raises ``WrongUse`` when the address is none, or taken."""
        host, _, port = address.rpartition(":")
        self._claim = Claim.new(REGISTRY)
        self.folder = self._claim.folder
        self._servers: list[str] = []
        try:
            self.registry = Registry(self.folder, host, int(port))
        except (OSError, ValueError, OverflowError) as problem:
            self._claim.release()
            why = getattr(problem, "strerror", "") or "it must be HOST:PORT, with port 0 for any"
            raise WrongUse(f"--cri-registry={address}: {why}") from None
        self.guarded = {kind: self._guarded(kind, place, int(port)) for kind, place in GUARDED.items()}
        for name in NAMES:
            self.registry.store.add(sample(name), f"seatrial/{name}")

    def _guarded(self, kind: str, host: str, port: int) -> Registry:
        for attempt in (port, 0):
            with suppress(OSError):
                return Registry(self.folder, host, attempt, kind)
        self.registry.close()
        self._claim.release()
        raise WrongUse(f"no registry can listen at {host}: bring the loopback interface up")

    def supply(self, client: Client, image: str, option: str) -> Supply:
        """Find out whether a server can pull from the registry.

        Raises ``WrongUse`` when it can not, and the images were not imported either.
        """
        guarded = tuple((kind, registry.address) for kind, registry in self.guarded.items())
        pulling = Supply(self.registry.address, str(self.folder), guarded=guarded)
        wanted = pulling.reference("probe")
        request = protocol.message("PullImageRequest", {"image": {"image": wanted, "user_specified_image": wanted}})
        self._servers.append(client.address)
        self._claim.write(registries=self.registries, servers=self._servers)
        answer = client.call("PullImage", request)
        if answer.good:
            return pulling
        why = " ".join(answer.text.split())[:200] or answer.code
        imported = Supply("", str(self.folder), f"it can not pull from the suite's registry: {why}")
        present = protocol.message("ImageStatusRequest", {"image": {"image": image or imported.reference("probe")}})
        status = client.call("ImageStatus", present)
        if status.good and status.message.HasField("image"):
            return imported
        raise WrongUse(
            f"{option}: {imported.why}; and the suite's images are not imported: "
            "write them with `seatrial images export FILE.tar`, then `ctr -n k8s.io images import FILE.tar`"
        )

    def close(self, client: Client | None = None) -> None:
        """Close the registry, after taking its images out of a server."""
        if client is not None:
            remove_images(client, self.registries)
        for registry in (self.registry, *self.guarded.values()):
            registry.close()
        self._claim.release()

    @property
    def registries(self) -> list[str]:
        """The addresses of all registries."""
        return [registry.address for registry in (self.registry, *self.guarded.values())]


def remove_images(client: Client, registries: list[str]) -> list[str]:
    """Remove all images of a server that came from some registries; returns their names."""
    listed = client.call("ListImages", protocol.message("ListImagesRequest"))
    ours = tuple(f"{registry}/" for registry in registries)
    removed = []
    for image in listed.message.images if listed.good else ():
        names = [name for name in [*image.repo_tags, *image.repo_digests] if name.startswith(ours)]
        if names:
            client.call("RemoveImage", protocol.message("RemoveImageRequest", {"image": {"image": image.id}}))
            removed.append(names[0])
    return removed
