"""The user namespace whose mappings a mount gets (mount_setattr(2), MOUNT_ATTR_IDMAP)."""

from __future__ import annotations

import os

from reference_runtime import libc
from reference_runtime.constants import NAMESPACES
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.run import Run


def user_namespace_for(run: Run, entry: dict[str, Any]) -> int:
    """A descriptor of a user namespace with the mappings of the mount, or those of the container when it has none."""
    path = run.namespace("user")
    if path and not entry.get("uidMappings"):
        return os.dup(run.descriptors[path])
    source = entry if entry.get("uidMappings") else run.linux
    return _with_mappings(source.get("uidMappings", ()), source.get("gidMappings", ()))


def _with_mappings(uids: Any, gids: Any) -> int:
    """A user namespace of its own, held open by nothing but the descriptor.

    The maps convert from the filesystem's ids to those of the mount: the namespace's inner ids are the filesystem's.
    """
    ready, tell = os.pipe()
    wait, release = os.pipe()
    pid = os.fork()
    if pid == 0:
        _hold_namespace(tell, wait, (ready, release))
    os.close(tell)
    os.close(wait)
    try:
        if os.read(ready, 1) != b"r":
            raise RuntimeFault("no user namespace can be made for the mappings of a mount")
        for kind, ranges in (("uid", uids), ("gid", gids)):
            lines = [f"{entry['containerID']} {entry['hostID']} {entry['size']}" for entry in ranges]
            descriptor = os.open(f"/proc/{pid}/{kind}_map", os.O_WRONLY)
            os.write(descriptor, "\n".join(lines).encode())
            os.close(descriptor)
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    finally:
        os.close(release)
        os.close(ready)
        os.waitpid(pid, 0)


def _hold_namespace(tell: int, wait: int, others: tuple[int, int]) -> None:
    """Creates the namespace and stays until the other side lets go; never returns."""
    try:
        for descriptor in others:
            os.close(descriptor)
        libc.unshare(NAMESPACES["user"])
        os.write(tell, b"r")
    finally:
        os.close(tell)
        while os.read(wait, 1):
            pass
        os._exit(0)
