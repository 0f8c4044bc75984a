"""What one process has to do with one server for the length of a run: the connection, images, a sandbox to share."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from conformance.harness.cri import protocol
from conformance.harness.cri.claim import Claim
from conformance.harness.cri.cleaning import NODE
from conformance.harness.cri.client import Client
from conformance.harness.cri.residue import remove_cgroups
from conformance.harness.cri.supply import Supply

if TYPE_CHECKING:
    from conformance.harness.cri.objects import Sandbox
    from conformance.harness.cri.server import Server


@dataclass(frozen=True)
class Settings:
    """What the command line says about calls and configs.

    ``timeout`` is for one call, ``patience`` for what has to come by and by, both in seconds.
    """

    timeout: float = 60.0
    patience: float = 20.0
    handler: str = ""
    image: str = ""
    sandbox: dict[str, Any] = field(default_factory=dict)
    container: dict[str, Any] = field(default_factory=dict)


class Node:
    """A connection to a server, and what is shared by all tests of this process."""

    def __init__(self, server: Server, settings: Settings, supply: Supply) -> None:
        self.server, self.settings, self.supply = server, settings, supply
        self.client = Client(server.address, settings.timeout)
        self.run = f"seatrial-{secrets.token_hex(4)}"
        self._claim = Claim.new(NODE, run=self.run, address=server.address)
        self.folder = self._claim.folder
        self.folder.chmod(0o755)  # users of containers look into folders below it
        self.shared: Sandbox | None = None
        self.present: set[str] = set()
        self._numbers = 0

    def next_number(self) -> int:
        """A number that was not used before in this run."""
        self._numbers += 1
        return self._numbers

    def cgroup_parent(self, name: str) -> str:
        """The cgroup that a sandbox's containers go below, as the kubelet names one; "" where systemd makes it."""
        return f"/{self.run}/{name}" if self.uses_cgroupfs else ""

    @cached_property
    def uses_cgroupfs(self) -> bool:
        """Whether the server makes cgroups by itself: by RuntimeConfig, or what else it tells of its settings."""
        config = self.client.call("RuntimeConfig", protocol.message("RuntimeConfigRequest"))
        if config.good and config.message.HasField("linux"):
            return protocol.enum_name(config.message.linux, "cgroup_driver") == "CGROUPFS"
        status = self.client.call("Status", protocol.message("StatusRequest", {"verbose": True}))
        return status.good and not any(
            re.search(r'"[Ss]ystemd_?[Cc]group":\s*true', text) for text in status.message.info.values()
        )

    def reconnect(self, server: Server) -> None:
        """Go on with a server that was started again."""
        self.client.close()
        self.server, self.client = server, Client(server.address, self.settings.timeout)

    def close(self) -> None:
        """Remove the shared sandbox and the folder, and end the connection."""
        if self.shared is not None:
            with suppress(Exception):  # the run is over: what a server refuses now, tests have told before
                self.shared.remove()
            self.shared = None
        remove_cgroups(self.server.pid, self.run)
        self.client.close()
        self._claim.release()
