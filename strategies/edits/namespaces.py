"""Edits of namespaces and of what belongs to one kind of them (config-linux.md, Namespaces)."""

from __future__ import annotations

from strategies.edit import Config, edit
from strategies.places import entries, fill, put_entry, section


@edit
def namespace(config: Config, kind: str, path: str | None = None) -> None:
    """A namespace: a new one, or the one at ``path`` to join, in the place of an earlier one of its kind."""
    put_entry(entries(config, "linux", "namespaces"), "type", fill({"type": kind}, path=path))


@edit
def share_namespace(config: Config, kind: str) -> None:
    """No namespace of this kind: the container stays in that of the runtime."""
    namespaces = entries(config, "linux", "namespaces")
    namespaces[:] = [entry for entry in namespaces if not (isinstance(entry, dict) and entry.get("type") == kind)]


@edit
def uid_mapping(config: Config, container_id: int, host_id: int, size: int) -> None:
    """One more range of user ids of the user namespace."""
    _map(config, "uidMappings", container_id, host_id, size)


@edit
def gid_mapping(config: Config, container_id: int, host_id: int, size: int) -> None:
    """One more range of group ids of the user namespace."""
    _map(config, "gidMappings", container_id, host_id, size)


@edit
def time_offset(config: Config, clock: str, *, secs: int | None = None, nanosecs: int | None = None) -> None:
    """How far "monotonic" or "boottime" is ahead in the time namespace, see time_namespaces(7)."""
    fill(section(config, "linux", "timeOffsets", clock), secs=secs, nanosecs=nanosecs)


@edit
def net_device(config: Config, host_name: str, *, name: str | None = None) -> None:
    """A network device to move into the container, there called ``name`` (config-linux.md, Network Devices)."""
    fill(section(config, "linux", "netDevices", host_name), name=name)


def _map(config: Config, which: str, inside: int, outside: int, count: int) -> None:
    entries(config, "linux", which).append({"containerID": inside, "hostID": outside, "size": count})
