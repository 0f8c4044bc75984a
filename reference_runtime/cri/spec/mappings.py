"""User namespaces of pods: which ids of the host the ids inside of one are (UserNamespace)."""

from __future__ import annotations

import dataclasses
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri.errors import Invalid

_OPTIONS = "namespace_options.userns_options"
_NOBODY = 65534


@dataclasses.dataclass(frozen=True)
class Range:
    """So many ids from 0 on are those of the host from ``first`` on."""

    first: int
    length: int

    def outside(self, inside: int) -> int:
        """The host's id for one inside; nobody's where there is none."""
        return self.first + inside if inside < self.length else _NOBODY

    @property
    def document(self) -> list[dict[str, int]]:
        """As the runtime specification writes it."""
        return [{"containerID": 0, "hostID": self.first, "size": self.length}]


@dataclasses.dataclass(frozen=True)
class Mappings:
    """Those of the users and those of the groups."""

    users: Range
    groups: Range

    @property
    def root(self) -> tuple[int, int]:
        """Whom the files belong to that are root's inside."""
        return self.users.first, self.groups.first

    @property
    def document(self) -> dict[str, Any]:
        """The properties ``uidMappings`` and ``gidMappings``."""
        return {"uidMappings": self.users.document, "gidMappings": self.groups.document}


def of_pod(options: Any) -> Mappings | None:
    """What the NamespaceOption of a pod asks for; None without a user namespace.  Invalid when it makes no sense."""
    asked = options.userns_options
    if asked.mode not in {api_pb2.POD, api_pb2.NODE}:
        raise Invalid(f"{_OPTIONS}.mode is POD or NODE")
    if not asked.uids and not asked.gids:
        return None
    if asked.mode == api_pb2.NODE:
        raise Invalid(f"{_OPTIONS}: the node's user namespace can not be given mappings")
    for name in ("network", "pid", "ipc"):
        if getattr(options, name) == api_pb2.NODE:
            raise Invalid(f"{_OPTIONS}: with a user namespace of its own, a pod can not have the node's {name}")
    return Mappings(_range(asked.uids, "uids"), _range(asked.gids, "gids"))


def _range(entries: Any, name: str) -> Range:
    if len(entries) != 1:
        raise Invalid(f"{_OPTIONS}.{name} has to have one entry, and has {len(entries)}")
    entry = entries[0]
    if entry.container_id or not entry.length:
        raise Invalid(f"{_OPTIONS}.{name} has to map id 0 of the container, and some more")
    if entry.host_id + entry.length > 2**32 - 1:
        raise Invalid(f"{_OPTIONS}.{name}: there are no {entry.length} ids from {entry.host_id} on")
    return Range(entry.host_id, entry.length)


def check_container(options: Any, of_sandbox: Any) -> None:
    """A container is in the user namespace of its pod.  Invalid when it asks for another."""
    if options.HasField("userns_options") and of_pod(options) != of_pod(of_sandbox):
        raise Invalid(f"{_OPTIONS} of a container are those of its sandbox, or absent")


def documents(entries: Any) -> list[dict[str, int]]:
    """The mappings of a Mount."""
    return [{"containerID": each.container_id, "hostID": each.host_id, "size": each.length} for each in entries]
