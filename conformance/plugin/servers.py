"""The CRI servers of a run: found, told to workers, connected to, and let go of."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from conformance.harness.errors import WrongUse
from conformance.plugin import options

if TYPE_CHECKING:
    import pytest

    from conformance.harness.cri.node import Node, Settings
    from conformance.harness.cri.reference import Reference
    from conformance.harness.cri.server import Server
    from conformance.harness.cri.supply import Harbour, Supply

#: What a server is called that is the reference with a deliberate fault: this, and the fault.
BROKEN_SERVER = "cri-reference!"
#: How long tests wait for what has to come by and by, and with a deliberate fault, in seconds.
PATIENCE, PROVING = 20.0, 6.0


class Servers:
    """The servers that were asked for; ``told`` is what the controller told this worker about them."""

    def __init__(self, config: pytest.Config, addresses: list[str], told: dict[str, Any]) -> None:
        self.config, self.addresses, self.told = config, addresses, told
        self._servers: dict[str, Server] = {}
        self._supplies: dict[str, Supply] = {}
        self._nodes: dict[str, Node] = {}
        self._started: dict[str, Reference] = {}
        self._harbour: Harbour | None = None

    @property
    def names(self) -> list[str]:
        """The names of the servers, in the order in which they were asked for."""
        if self.told:
            return list(self.told["servers"])
        return list(self._servers)

    def validate(self, taken: list[str], *, prove: bool) -> None:
        """Find every server, and a way to give it images.  Raises ``WrongUse``."""
        from conformance.harness.cri.client import Client  # noqa: PLC0415  # grpc is slow to load
        from conformance.harness.cri.server import find  # noqa: PLC0415
        from conformance.harness.cri.supply import Harbour  # noqa: PLC0415

        settings = self.settings
        self._harbour = Harbour(options.one(self.config, "cri-registry"))
        for address in dict.fromkeys(self.addresses):
            found = find(self._start("") if address == "reference" else address)
            name = self._name(found, [*taken, *self._servers])
            client = Client(found.address, settings.timeout)
            supply = self._harbour.supply(client, settings.image, f"--cri={address}")
            client.close()
            self._servers[name], self._supplies[name] = found.named(name), supply
            if prove:
                return

    @staticmethod
    def _name(server: Server, taken: list[str]) -> str:
        candidates = (server.kind, f"{server.kind} {server.version}", f"{server.kind} {server.address}")
        return next((name for name in candidates if name and name not in taken), server.address)

    def server(self, name: str) -> Server:
        """A server by its name; one with a deliberate fault is started when it is first asked for."""
        if name not in self._servers:
            self._servers[name] = self._find(name)
        return self._servers[name]

    def _find(self, name: str) -> Server:
        import msgspec  # noqa: PLC0415

        from conformance.harness.cri.server import Server, find  # noqa: PLC0415

        if name in self.told.get("servers", {}):
            return msgspec.convert(self.told["servers"][name], Server)
        return find(self._start(name.partition("!")[2])).named(name)

    def supply(self, name: str) -> Supply:
        """Where the images of a server come from."""
        import msgspec  # noqa: PLC0415

        from conformance.harness.cri.supply import Supply  # noqa: PLC0415

        told = self.told.get("supplies", {})
        if name not in self._supplies and told:
            # A server with a fault is given images as the one without it.
            self._supplies[name] = msgspec.convert(told.get(name) or next(iter(told.values())), Supply)
        return self._supplies.get(name) or next(iter(self._supplies.values()))

    def node(self, name: str) -> Node:
        """The connection of this process to a server."""
        from conformance.harness.cri.node import Node  # noqa: PLC0415

        if name not in self._nodes:
            self._nodes[name] = Node(self.server(name), self.settings, self.supply(name))
        return self._nodes[name]

    def let_go(self, name: str) -> None:
        """End the connection to a server, and the server when it was started for its fault."""
        if (node := self._nodes.pop(name, None)) is not None:
            node.close()
        if name.startswith(BROKEN_SERVER):
            self._servers.pop(name, None)
            if (started := self._started.pop(name.partition("!")[2], None)) is not None:
                started.close()

    @cached_property
    def settings(self) -> Settings:
        """What the command line says.  Raises ``WrongUse``."""
        from conformance.harness.cri.configs import read_override  # noqa: PLC0415
        from conformance.harness.cri.node import Settings  # noqa: PLC0415

        def given(name: str) -> str:
            return options.one(self.config, f"cri-{name}")

        timeout, patience = _seconds(given("timeout")), PATIENCE
        if (
            options.one(self.config, "prove") == "true"
        ):  # what a fault holds back never comes, and the reference is quick
            timeout, patience = min(timeout, 3 * PROVING), PROVING
        return Settings(
            timeout=timeout,
            patience=min(timeout, patience),
            handler=given("runtime-handler"),
            image=given("image"),
            sandbox=read_override("cri-sandbox-config", given("sandbox-config"), "PodSandboxConfig"),
            container=read_override("cri-container-config", given("container-config"), "ContainerConfig"),
        )

    def to_worker(self) -> dict[str, Any]:
        """What workers need not find out again."""
        import msgspec  # noqa: PLC0415

        return {
            "servers": {name: msgspec.to_builtins(server) for name, server in self._servers.items()},
            "supplies": {name: msgspec.to_builtins(supply) for name, supply in self._supplies.items()},
        }

    def header(self) -> list[str]:
        """The lines of the header."""
        lines = [f"server: {server.describe()}" for server in self._servers.values()]
        return lines + [f"images: {name}: {supply.why}" for name, supply in self._supplies.items() if supply.why]

    def close(self) -> None:
        """End all connections; the process that has the registry takes its images back first."""
        for name in list(self._nodes):
            self.let_go(name)
        if self._harbour is not None:
            self._take_images_back()
            self._harbour.close()
            self._harbour = None
        while self._started:
            self._started.popitem()[1].close()

    def _take_images_back(self) -> None:
        from conformance.harness.cri.client import Client  # noqa: PLC0415
        from conformance.harness.cri.supply import remove_images  # noqa: PLC0415

        for server in self._servers.values():
            client = Client(server.address, self.settings.timeout)
            if self._harbour is not None:
                remove_images(client, self._harbour.registries)
            client.close()

    def _start(self, bug: str) -> str:
        """Start the reference server, and return its address."""
        from conformance.harness.cri.reference import Reference  # noqa: PLC0415

        if (before := self._started.pop(bug, None)) is not None:
            before.close()
        self._started[bug] = Reference(bug)
        return self._started[bug].address


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise WrongUse(f"--cri-timeout={value}: give a number of seconds above 0")
    return seconds
