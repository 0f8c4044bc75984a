"""What the steps of one creation share while they are executed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.link import End
    from reference_runtime.plan import Op


class Settings:
    """What the command line says about a new process; descriptors are -1 when there are none."""

    __slots__ = ("bundle", "console", "keyring", "pivot", "preserved")

    def __init__(self, bundle: str) -> None:
        self.bundle = bundle
        self.console = -1
        self.keyring = True
        self.pivot = True
        self.preserved = 0


class Run:
    """The state of one execution of a plan.

    ``pid`` is the container process as the runtime sees it; ``moved`` the network devices that were moved, with their
    numbers there and their addresses; ``link`` is the end of the pipes that the executing process holds; ``root`` a
    descriptor of the container's root directory; ``trees`` the detached mounts by their names; ``deferred`` the
    namespaces that can be joined only from within the container's user namespace.
    """

    __slots__ = (
        "cgroup",
        "config",
        "deferred",
        "descriptors",
        "id",
        "link",
        "moved",
        "pid",
        "root",
        "rootfs",
        "settings",
        "slave",
        "trees",
        "warnings",
    )

    def __init__(self, container_id: str, config: dict[str, Any], settings: Settings) -> None:
        self.id = container_id
        self.config = config
        self.settings = settings
        self.rootfs = ""
        self.root = -1
        self.slave = -1
        self.trees: dict[str, int] = {}
        self.descriptors: dict[str, int] = {}
        self.deferred: list[Op] = []
        self.warnings: list[str] = []
        self.link: End | None = None
        self.cgroup: Any = None
        self.pid = 0
        self.moved: dict[str, tuple[int, list[Any]]] = {}

    @property
    def linux(self) -> dict[str, Any]:
        """The section ``linux`` of the configuration."""
        linux: dict[str, Any] = self.config.get("linux", {})
        return linux

    @property
    def process(self) -> dict[str, Any]:
        """The section ``process`` of the configuration."""
        process: dict[str, Any] = self.config.get("process", {})
        return process

    def namespace(self, kind: str) -> str | None:
        """How the container gets a namespace: "" for a new one, a path to join, None to inherit the runtime's."""
        for entry in self.linux.get("namespaces", ()):
            if entry["type"] == kind:
                return str(entry.get("path", ""))
        return None

    def has_user_namespace(self) -> bool:
        """Whether the container is in another user namespace than the runtime."""
        return self.namespace("user") is not None

    def end(self) -> End:
        """The link to the other process; there is one whenever a plan is executed."""
        if self.link is None:
            raise AssertionError("a step that talks to the other process was executed outside of it")
        return self.link
