"""Which kernel parameters belong to a namespace: any other would change the host."""

from __future__ import annotations

from reference_runtime.errors import SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OWNERS = {
    "kernel.msgmax": "ipc",
    "kernel.msgmnb": "ipc",
    "kernel.msgmni": "ipc",
    "kernel.msg_next_id": "ipc",
    "kernel.sem": "ipc",
    "kernel.sem_next_id": "ipc",
    "kernel.shmall": "ipc",
    "kernel.shmmax": "ipc",
    "kernel.shmmni": "ipc",
    "kernel.shm_next_id": "ipc",
    "kernel.shm_rmid_forced": "ipc",
    "kernel.hostname": "uts",
    "kernel.domainname": "uts",
}
_PREFIXES = {"net": "network", "fs.mqueue": "ipc", "user": "user"}


def components(name: str) -> list[str]:
    """The components of a parameter's path below /proc/sys.

    As in sysctl(8) the first separator decides: in ``net.ipv4.conf.eth0/1`` the slash stands for a dot within a name,
    in ``net/ipv4/conf/eth0.1`` the dot is one.
    """
    separator = next((letter for letter in name if letter in "./"), ".")
    other = {".": "/", "/": "."}[separator]
    return [part.replace(other, separator) for part in name.split(separator)]


def check_sysctl(config: dict[str, Any]) -> None:
    """Every parameter belongs to a namespace that the container does not share with the runtime."""
    linux = config.get("linux", {})
    spaces = {entry["type"] for entry in linux.get("namespaces", ())}
    for name in linux.get("sysctl", {}):
        parts = components(name)
        if not all(parts) or ".." in parts or "." in parts:
            raise SpecError(f"linux.sysctl: {name!r} is no name of a kernel parameter")
        owner = _owner(parts)
        if not owner:
            raise SpecError(f"linux.sysctl: {name} belongs to no namespace, so it can not be set for a container alone")
        if owner not in spaces:
            raise SpecError(f"linux.sysctl: {name} needs a {owner} namespace, or it would be set for the host")


def _owner(parts: list[str]) -> str:
    whole = ".".join(parts)
    for prefix, owner in _PREFIXES.items():
        if whole.startswith(prefix + "."):
            return owner
    return _OWNERS.get(whole, "")
