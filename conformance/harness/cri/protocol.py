"""The messages and calls of CRI v1, as the newest api.proto has them.

The package container-runtime-interface-api has those of Kubernetes 1.34.  What came later is added here, field by
field, to a description of our own, from which all message classes are made; so requests can be written as the JSON,
or YAML, that crictl takes, and every server can be asked everything.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # nothing forks here, and grpc warns loudly where something may
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from cri_api.v1 import api_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

PACKAGE = "runtime.v1"
#: A protobuf message: its classes are made when they are needed, so there is no better type.
Message = Any

_FIELD = descriptor_pb2.FieldDescriptorProto
_STRING, _BOOL, _MESSAGE, _MAP = _FIELD.TYPE_STRING, _FIELD.TYPE_BOOL, _FIELD.TYPE_MESSAGE, "map of strings"

#: Fields that are younger than the package: message, name, number, type, repeated.
_FIELDS: tuple[tuple[str, str, int, Any, bool], ...] = (
    ("ImageSpec", "image_ref", 20, _STRING, False),
    ("Mount", "mount_options", 11, _STRING, True),
    ("RuntimeFeatures", "user_namespaces_host_network", 2, _BOOL, False),
    ("RuntimeFeatures", "mount_options", 3, _BOOL, False),
)
#: Messages that are younger: their fields by name, number, type, and whether there may be several.  A type that is a
#: text is a message, or a map of texts.
_MESSAGES: dict[str, tuple[tuple[str, int, Any, bool], ...]] = {
    "CheckpointPodRequest": (
        ("pod_sandbox_id", 1, _STRING, False),
        ("output_path", 2, _STRING, False),
        ("container_ids", 3, _STRING, True),
        ("options", 4, _MAP, True),
    ),
    "CheckpointPodResponse": (),
    "RestorePodRequest": (
        ("checkpoint_path", 1, _STRING, False),
        ("config", 2, "PodSandboxConfig", False),
        ("runtime_handler", 3, _STRING, False),
        ("options", 4, _MAP, True),
        ("container_configs", 5, "ContainerConfig", True),
    ),
    "RestoredContainer": (("name", 1, _STRING, False), ("container_id", 2, _STRING, False)),
    "RestorePodResponse": (
        ("pod_sandbox_id", 1, _STRING, False),
        ("restored_containers", 2, "RestoredContainer", True),
    ),
}
#: Calls of theirs with one answer each.
_CALLS = ("CheckpointPod", "RestorePod")
#: Lists as streams: service, call, type of the filter, name and type of the items.
_STREAMS: tuple[tuple[str, str, str, str, str], ...] = (
    ("RuntimeService", "StreamPodSandboxes", "PodSandboxFilter", "pod_sandboxes", "PodSandbox"),
    ("RuntimeService", "StreamContainers", "ContainerFilter", "containers", "Container"),
    ("RuntimeService", "StreamContainerStats", "ContainerStatsFilter", "container_stats", "ContainerStats"),
    ("RuntimeService", "StreamPodSandboxStats", "PodSandboxStatsFilter", "pod_sandbox_stats", "PodSandboxStats"),
    ("RuntimeService", "StreamPodSandboxMetrics", "", "pod_sandbox_metrics", "PodSandboxMetrics"),
    ("ImageService", "StreamImages", "ImageFilter", "images", "Image"),
)
#: The first minor release of Kubernetes that has a call; those that are not here were there when v1 began, in 1.20.
SINCE = {
    "PodSandboxStats": "1.23",
    "ListPodSandboxStats": "1.23",
    "CheckpointContainer": "1.25",
    "GetContainerEvents": "1.26",
    "ListMetricDescriptors": "1.26",
    "ListPodSandboxMetrics": "1.26",
    "RuntimeConfig": "1.28",
    "UpdatePodSandboxResources": "1.33",
    **{call: "1.36" for _, call, *_ in _STREAMS},
    **dict.fromkeys(_CALLS, "1.37"),
}


@dataclass(frozen=True)
class Method:
    """One call: its service, the names of its messages, and whether the answer is a stream."""

    name: str
    service: str
    request: str
    response: str
    streams: bool = False

    @property
    def path(self) -> str:
        """Its path in HTTP/2."""
        return f"/{PACKAGE}.{self.service}/{self.name}"


@cache
def file() -> Any:
    """The description of all messages."""
    document = descriptor_pb2.FileDescriptorProto()
    api_pb2.DESCRIPTOR.CopyToProto(document)
    del document.dependency[:]
    document.ClearField("options")
    document.name = "seatrial/cri.proto"
    messages = {message.name: message for message in document.message_type}
    for message, name, number, kind, repeated in _FIELDS:
        if all(field.name != name for field in messages[message].field):
            _add(messages[message], name, number, kind, repeated=repeated)
    for _, call, filters, items, kind_of_item in _STREAMS:
        if f"{call}Request" in messages:
            continue
        request = document.message_type.add(name=f"{call}Request")
        if filters:
            _add(request, "filter", 1, _MESSAGE, of=filters)
        response = document.message_type.add(name=f"{call}Response")
        _add(response, items, 1, _MESSAGE, of=kind_of_item, repeated=True)
    for name, fields in _MESSAGES.items():
        if name not in messages:
            _declare(document.message_type.add(name=name), fields)
    for each in document.message_type:
        for field in each.field:
            field.ClearField("options")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(document)
    return pool.FindFileByName(document.name)


def _add(message: Any, name: str, number: int, kind: Any, *, of: str = "", repeated: bool = False) -> None:  # noqa: PLR0913  # what makes a field
    label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, type=kind, label=label)
    if of:
        field.type_name = f".{PACKAGE}.{of}"


def _declare(message: Any, fields: tuple[tuple[str, int, Any, bool], ...]) -> None:
    """Give a new message its fields."""
    for name, number, kind, repeated in fields:
        if kind is _MAP:
            entry = message.nested_type.add(name=f"{name.title()}Entry")
            entry.options.map_entry = True
            _declare(entry, (("key", 1, _STRING, False), ("value", 2, _STRING, False)))
            _add(message, name, number, _MESSAGE, of=f"{message.name}.{entry.name}", repeated=True)
        elif isinstance(kind, str):
            _add(message, name, number, _MESSAGE, of=kind, repeated=repeated)
        else:
            _add(message, name, number, kind, repeated=repeated)


@cache
def methods() -> dict[str, Method]:
    """Every call by its name."""
    found = {
        method.name: Method(
            method.name, service.name, method.input_type.name, method.output_type.name, method.server_streaming
        )
        for service in file().services_by_name.values()
        for method in service.methods
    }
    for call in _CALLS:
        found.setdefault(call, Method(call, "RuntimeService", f"{call}Request", f"{call}Response"))
    for service, call, *_ in _STREAMS:
        found.setdefault(call, Method(call, service, f"{call}Request", f"{call}Response", streams=True))
    return found


@cache
def message_class(name: str) -> Any:
    """The class of a message, such as ``PodSandboxConfig``."""
    return message_factory.GetMessageClass(file().message_types_by_name[name])


def message(name: str, document: dict[str, Any] | None = None) -> Message:
    """A message from a document in crictl's shape.  Raises ``json_format.ParseError`` for what does not fit."""
    return json_format.ParseDict(document or {}, message_class(name)())


def document(message: Message) -> dict[str, Any]:
    """A message as a document in crictl's shape, without what has its default."""
    found: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return found


def enum_name(message: Message, field: str) -> str:
    """The name of an enum field's value; the number in words when it has none."""
    value = getattr(message, field)
    named = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(value)
    return named.name if named else f"unknown value {value}"


def is_json(text: str) -> bool:
    """Whether a text is JSON, as what a status adds when it is verbose."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
