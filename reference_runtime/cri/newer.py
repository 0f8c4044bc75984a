"""The calls of runtime.v1 that came after the generated stubs: the six that stream lists, and the two about whole pods.

Their messages are declared here by hand: name, then each field with its number and type.
"""

from __future__ import annotations

from typing import Any

from cri_api.v1 import api_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "runtime.v1"
_FIELD = descriptor_pb2.FieldDescriptorProto

#: Message -> its fields: name, number, and the message that it holds, with a star if repeated; or text.
_MESSAGES: dict[str, list[tuple[str, int, str]]] = {
    "StreamPodSandboxesRequest": [("filter", 1, "PodSandboxFilter")],
    "StreamPodSandboxesResponse": [("pod_sandboxes", 1, "*PodSandbox")],
    "StreamContainersRequest": [("filter", 1, "ContainerFilter")],
    "StreamContainersResponse": [("containers", 1, "*Container")],
    "StreamContainerStatsRequest": [("filter", 1, "ContainerStatsFilter")],
    "StreamContainerStatsResponse": [("container_stats", 1, "*ContainerStats")],
    "StreamPodSandboxStatsRequest": [("filter", 1, "PodSandboxStatsFilter")],
    "StreamPodSandboxStatsResponse": [("pod_sandbox_stats", 1, "*PodSandboxStats")],
    "StreamPodSandboxMetricsRequest": [],
    "StreamPodSandboxMetricsResponse": [("pod_sandbox_metrics", 1, "*PodSandboxMetrics")],
    "StreamImagesRequest": [("filter", 1, "ImageFilter")],
    "StreamImagesResponse": [("images", 1, "*Image")],
}

#: Service -> call -> the first half of the names of its request and response.
STREAMS = {
    "RuntimeService": (
        "StreamPodSandboxes",
        "StreamContainers",
        "StreamContainerStats",
        "StreamPodSandboxStats",
        "StreamPodSandboxMetrics",
    ),
    "ImageService": ("StreamImages",),
}


def _declared() -> dict[str, Any]:
    """The classes of the messages above."""
    file = descriptor_pb2.FileDescriptorProto(
        name="seatrial/cri_newer.proto", package=_PACKAGE, syntax="proto3", dependency=[api_pb2.DESCRIPTOR.name]
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            label = _FIELD.LABEL_REPEATED if kind.startswith("*") else _FIELD.LABEL_OPTIONAL
            whole = f".{_PACKAGE}.{kind.removeprefix('*')}"
            message.field.add(name=field, number=number, label=label, type=_FIELD.TYPE_MESSAGE, type_name=whole)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    found = {name: pool.FindMessageTypeByName(f"{_PACKAGE}.{name}") for name in _MESSAGES}
    return {name: message_factory.GetMessageClass(message) for name, message in found.items()}


#: What each of the streams is called in the names of faults.
FAULTS = {
    "StreamPodSandboxes": "sandboxes",
    "StreamContainers": "containers",
    "StreamContainerStats": "container-stats",
    "StreamPodSandboxStats": "pod-stats",
    "StreamPodSandboxMetrics": "pod-metrics",
    "StreamImages": "images",
}

#: Fields that the stubs lack, by their numbers.
_IMAGE_REF = 20
_FEATURE_MOUNT_OPTIONS = 3

CLASSES: dict[str, Any] = _declared()


def tell_image_ref(spec: Any, image_id: str) -> None:
    """Sets ``ImageSpec.image_ref``: which image it was that was mounted."""
    raw = image_id.encode()
    spec.MergeFromString(_key(_IMAGE_REF, 2) + bytes([len(raw)]) + raw)


def tell_mount_options(features: Any) -> None:
    """Sets ``RuntimeFeatures.mount_options``."""
    features.MergeFromString(_key(_FEATURE_MOUNT_OPTIONS, 0) + b"\x01")


def _key(number: int, kind: int) -> bytes:
    """The varint before a field; two bytes are enough here."""
    key = number << 3 | kind
    return bytes([key]) if key < 0x80 else bytes([key & 0x7F | 0x80, key >> 7])


def items(name: str) -> str:
    """The one field of a response."""
    return _MESSAGES[f"{name}Response"][0][0]
