"""The calls of ImageService."""

from __future__ import annotations

import json
import time
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import faults
from reference_runtime.cri.errors import Invalid, NotFound
from reference_runtime.cri.handlers import unless_left
from reference_runtime.cri.images.reference import parse
from reference_runtime.cri.images.registry import Login, login_of
from reference_runtime.cri.images.store import Image
from reference_runtime.cri.node import Node


class ImagesService:
    """What a client can ask about images."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._remembered: Login | None = None

    def list_images(self, request: Any, _: Any) -> Any:
        """All images, or the one of the filter."""
        return api_pb2.ListImagesResponse(images=self._listed(request.filter))

    def stream_images(self, request: Any) -> list[Any]:
        """As list_images."""
        return self._listed(request.filter)

    def _listed(self, asked: Any) -> list[Any]:
        images = self._node.images
        if asked.image.image:
            found = images.find(asked.image.image)
            return [self._message(found)] if found else []
        return [self._message(image) for image in images.all()]

    def image_status(self, request: Any, _: Any) -> Any:
        """One image; an empty answer when it is not here."""
        if not request.image.image:
            raise Invalid("image.image is empty")
        image = self._node.images.find(request.image.image)
        if image is None and faults.has("cri-image-absent-refused"):
            raise NotFound(f"image {request.image.image!r} is not here")
        if image is None:
            return api_pb2.ImageStatusResponse()
        info = {"info": json.dumps({"imageSpec": image.config})} if request.verbose else {}
        return api_pb2.ImageStatusResponse(image=self._message(image), info=info)

    def pull_image(self, request: Any, context: Any) -> Any:
        """Fetches an image."""
        if not request.image.image:
            raise Invalid("image.image is empty")
        self._node.runtime(request.image.runtime_handler)
        login = login_of(request.auth)
        if faults.has("cri-auth-remembered"):
            login = self._remembered = login if login.basic and self._remembered is None else self._remembered or login
        image = self._node.images.pull(parse(request.image.image), login, unless_left(context))
        return api_pb2.PullImageResponse(image_ref=image.id)

    def remove_image(self, request: Any, _: Any) -> Any:
        """Removes an image with all its names; it need not be here."""
        if not request.image.image:
            raise Invalid("image.image is empty")
        if faults.has("cri-image-remove-breaks-container"):
            self._end_containers_of(request.image.image)
        self._node.images.remove(request.image.image)
        self.clean()
        return api_pb2.RemoveImageResponse()

    def _end_containers_of(self, name: str) -> None:
        image = self._node.images.find(name)
        for container in self._node.containers.every():
            if image and container.image_id == image.id:
                self._node.runtime(container.handler).kill(container.id, "SIGKILL")

    def clean(self) -> None:
        """Removes the files that nothing needs any more."""
        used = {container.rootfs for container in self._node.containers.every()}
        used |= {volume for container in self._node.containers.every() for volume in container.volumes}
        self._node.images.clean(used)

    def image_fs_info(self, _: Any, __: Any) -> Any:
        """What images take."""
        size, inodes = self._node.images.usage()
        usage = api_pb2.FilesystemUsage(
            timestamp=time.time_ns(),
            fs_id=api_pb2.FilesystemIdentifier(mountpoint=self._node.images.folder),
            used_bytes=api_pb2.UInt64Value(value=size),
            inodes_used=api_pb2.UInt64Value(value=inodes),
        )
        return api_pb2.ImageFsInfoResponse(image_filesystems=[usage], container_filesystems=[usage])

    def _message(self, image: Image) -> Any:
        message = api_pb2.Image(
            id=image.id,
            repo_tags=image.tags,
            repo_digests=image.digests,
            size=image.size,
            pinned=self._is_pause(image),
            spec=api_pb2.ImageSpec(image=image.id, annotations=image.annotations),
        )
        user = str(image.settings.get("User") or "").partition(":")[0]
        if user.isdigit():
            message.uid.value = int(user)
        else:
            message.username = user
        return message

    def _is_pause(self, image: Image) -> bool:
        name = self._node.settings.pause_image
        return bool(name) and self._node.images.find(name) is image
