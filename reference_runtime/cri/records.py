"""What the server knows of each sandbox and container, and keeps on disk, so that it survives a restart."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import shutil
import threading
from typing import Any, TypeVar

from cri_api.v1 import api_pb2

from reference_runtime.cri import faults
from reference_runtime.cri.errors import NotFound
from reference_runtime.cri.spec.mappings import Mappings, of_pod

_RECORD = "record.json"
#: Making a sandbox or a container takes no longer, in seconds.
_PATIENCE = 60.0


@dataclasses.dataclass
class Sandbox:
    """A sandbox.  ``pid`` is the pause process, times are nanoseconds.

    ``netns`` and ``userns`` are the files that its namespaces are bound to, or empty when they are the host's.
    """

    id: str
    config: api_pb2.PodSandboxConfig
    handler: str
    created_at: int
    ready: bool = True
    pid: int = 0
    monitor: int = 0
    netns: str = ""
    userns: str = ""
    addresses: list[str] = dataclasses.field(default_factory=list)
    forwarder: int = 0
    cgroup_parent: str = ""
    cgroups: dict[str, str] = dataclasses.field(default_factory=dict)
    our_groups: list[str] = dataclasses.field(default_factory=list)
    lock: threading.RLock = dataclasses.field(default_factory=threading.RLock, repr=False, compare=False)

    @property
    def key(self) -> str:
        """What no two sandboxes share."""
        metadata = self.config.metadata
        return "_".join((metadata.name, metadata.namespace, metadata.uid, str(metadata.attempt)))

    @property
    def namespaces(self) -> Any:
        """The NamespaceOption of the sandbox."""
        return self.config.linux.security_context.namespace_options

    @property
    def mapped(self) -> Mappings | None:
        """The mappings of its user namespace, if it has one of its own."""
        return of_pod(self.namespaces)


@dataclasses.dataclass
class Container:
    """A container.  ``state`` is a number of ContainerState, ``user`` what its first process began as.

    ``volumes`` are the root filesystems of images that are mounted, ``volume_ids`` these images by the names given.
    """

    id: str
    sandbox_id: str
    config: api_pb2.ContainerConfig
    handler: str
    image_id: str
    image_ref: str
    rootfs: str
    log_path: str
    created_at: int
    state: int = api_pb2.CONTAINER_CREATED
    started_at: int = 0
    finished_at: int = 0
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    pid: int = 0
    monitor: int = 0
    stop_signal: str = "SIGTERM"
    user: dict[str, Any] = dataclasses.field(default_factory=dict)
    volumes: list[str] = dataclasses.field(default_factory=list)
    volume_ids: dict[str, str] = dataclasses.field(default_factory=dict)
    cgroups: dict[str, str] = dataclasses.field(default_factory=dict)
    lock: threading.RLock = dataclasses.field(default_factory=threading.RLock, repr=False, compare=False)
    ended: threading.Event = dataclasses.field(default_factory=threading.Event, repr=False, compare=False)

    @property
    def key(self) -> str:
        """What no two containers share."""
        return "_".join((self.sandbox_id, self.config.metadata.name, str(self.config.metadata.attempt)))


_Kind = TypeVar("_Kind", Sandbox, Container)
_NOT_KEPT = {"lock", "ended"}
_MESSAGES: dict[type, Any] = {Sandbox: api_pb2.PodSandboxConfig, Container: api_pb2.ContainerConfig}


def save(folder: str, record: Sandbox | Container) -> None:
    """Writes a record; a server that is killed meanwhile leaves the one before."""
    fields = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    document = {name: value for name, value in fields.items() if name not in _NOT_KEPT}
    document["config"] = base64.b64encode(record.config.SerializeToString()).decode()
    path = os.path.join(folder, _RECORD)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(document, file)
    os.rename(f"{path}.new", path)


def load_all(folder: str, kind: type[_Kind]) -> list[_Kind]:
    """The records below a folder.  What was begun and never written is removed."""
    found = []
    for name in sorted(os.listdir(folder)):
        try:
            with open(os.path.join(folder, name, _RECORD), encoding="utf-8") as file:
                document = json.load(file)
        except (OSError, ValueError):
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
            continue
        document["config"] = _MESSAGES[kind].FromString(base64.b64decode(document["config"]))
        found.append(kind(**document))
    return found


class Table(dict[str, _Kind]):
    """Records by id, with their names reserved."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what
        self._changed = threading.Condition()
        self._keys: dict[str, str] = {}
        self._making: set[str] = set()

    def reserve(self, key: str, record_id: str) -> str:
        """Takes a name for a record; who has it already, or nothing.  Waits for one that is still being made."""
        with self._changed:
            self._changed.wait_for(lambda: self._keys.get(key) not in self._making, _PATIENCE)
            if key in self._keys:
                return self._keys[key]
            self._keys[key] = record_id
            self._making.add(record_id)
            return ""

    def establish(self, record: _Kind) -> None:
        """Adds a record that is made."""
        with self._changed:
            self[record.id] = record
            self._making.discard(record.id)
            self._changed.notify_all()

    def release(self, key: str) -> None:
        """Gives a name back."""
        with self._changed:
            self._making.discard(self._keys.pop(key, ""))
            self._changed.notify_all()

    def find(self, record_id: str) -> _Kind | None:
        """The record of an id, or of the beginning of one that has no other."""
        if record_id in self or not record_id:
            return self.get(record_id)
        matching = [name for name in list(self) if name.startswith(record_id)]
        found = self.get(matching[0]) if len(matching) == 1 else None
        if found and faults.has("cri-partial-id-wrong-object"):
            return dataclasses.replace(found, id=found.id[::-1])
        return found

    def need(self, record_id: str) -> _Kind:
        """The record of an id.  NotFound when there is none."""
        record = self.find(record_id)
        if record is None:
            raise NotFound(f"there is no {self._what} {record_id!r}")
        return record

    def every(self) -> list[_Kind]:
        """All records, in the order of their making."""
        return sorted(self.values(), key=lambda record: record.created_at)
