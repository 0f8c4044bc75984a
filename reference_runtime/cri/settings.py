"""What the command line says, and the places that follow from it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sys

#: The included OCI runtime, started as directly as can be.
REFERENCE = (
    os.path.realpath(sys.executable),
    "-I",
    "-S",
    os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "__main__.py"),
)

#: The file in the folder of the state that a server locks for as long as it runs.
LOCK = "lock"
#: The beginning of the names of temporary folders.
PREFIX = "seatrial-cri-"


@dataclasses.dataclass(frozen=True)
class Settings:
    """The options of the server.

    ``runtimes`` are the handlers by name, in order: the first is the default. ``root`` keeps what outlives a reboot
    (images, records), ``state`` what does not; ``mirrors`` are URLs for the hosts of registries, one for "" is for all;
    a ``temporary`` folder around them goes with them.
    """

    socket: str
    root: str
    state: str
    runtimes: dict[str, tuple[str, ...]]
    cni_conf: str = ""
    cni_bin: str = ""
    stream_address: str = "127.0.0.1"
    stream_port: int = 0
    pause_image: str = ""
    mirrors: dict[str, str] = dataclasses.field(default_factory=dict)
    pod_cidr: str = ""
    ephemeral: bool = False
    temporary: str = ""

    @property
    def mark(self) -> str:
        """Eight letters that tell this server's bridges and cgroups from those of another on the same host."""
        return hashlib.sha256(self.state.encode()).hexdigest()[:8]

    @property
    def cgroup(self) -> str:
        """The parent of the cgroups of sandboxes that are told none."""
        return f"/seatrial-cri-{self.mark}"

    def folder(self, *names: str) -> str:
        """A folder below the state, made if it is not there."""
        return _made(os.path.join(self.state, *names))

    def kept(self, *names: str) -> str:
        """A folder below the root, made if it is not there."""
        return _made(os.path.join(self.root, *names))


def _made(path: str) -> str:
    os.makedirs(path, mode=0o711, exist_ok=True)
    return path
