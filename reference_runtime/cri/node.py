"""All that the server has: its settings, its records, the images, the network, and who must know of what."""

from __future__ import annotations

import fcntl
import os
from typing import Any

from reference_runtime.cri.errors import NotFound, Unusable
from reference_runtime.cri.events import Events
from reference_runtime.cri.images.store import ImageStore
from reference_runtime.cri.network.bridge import Bridge
from reference_runtime.cri.network.cni import Cni
from reference_runtime.cri.oci import Runtime, demand
from reference_runtime.cri.records import Container, Sandbox, Table, save
from reference_runtime.cri.settings import LOCK, Settings


class Node:
    """What the parts of the server share."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        for argv in settings.runtimes.values():
            demand(argv)
        try:
            self._lock = _take(settings)
            self.images = ImageStore(settings.kept("images"), settings.mirrors)
            roots = {name: settings.folder("runtimes", name) for name in settings.runtimes}
        except OSError as problem:
            raise Unusable(f"--root and --state have to be folders of our own: {problem}") from None
        self.runtimes = {name: Runtime(name, argv, roots[name]) for name, argv in settings.runtimes.items()}
        self.default = next(iter(self.runtimes.values()))
        self.network = self._network()
        self.events = Events()
        self.sandboxes: Table[Sandbox] = Table("sandbox")
        self.containers: Table[Container] = Table("container")

    def _network(self) -> Bridge | Cni:
        settings = self.settings
        if settings.cni_conf:
            return Cni(settings.cni_conf, settings.cni_bin)
        return Bridge(settings.mark, settings.pod_cidr, settings.folder("addresses"))

    def runtime(self, handler: str) -> Runtime:
        """The runtime of a handler; an empty name is the default.  NotFound when there is none."""
        if not handler:
            return self.default
        if handler not in self.runtimes:
            raise NotFound(f"there is no runtime handler {handler!r}: {', '.join(self.runtimes)} are there")
        return self.runtimes[handler]

    def folder(self, record: Sandbox | Container) -> str:
        """Where the bundle and the monitor of a record are."""
        return self.settings.folder(_kind(record), record.id)

    def kept(self, record: Sandbox | Container) -> str:
        """Where the record itself is, and what a container has written."""
        return self.settings.kept(_kind(record), record.id)

    def save(self, record: Sandbox | Container) -> None:
        """Keeps a record, unless it was removed meanwhile."""
        folder = os.path.join(self.settings.root, _kind(record), record.id)
        if os.path.isdir(folder):
            save(folder, record)

    def containers_of(self, sandbox_id: str) -> list[Container]:
        """The containers of a sandbox."""
        return [container for container in self.containers.every() if container.sandbox_id == sandbox_id]

    def monitor_document(self, record: Sandbox | Container, runtime: Runtime, **more: Any) -> dict[str, Any]:
        """What a monitor has to know."""
        document: dict[str, Any] = {
            "id": record.id,
            "runtime": list(runtime.argv),
            "root": runtime.root,
            "bundle": os.path.join(self.folder(record), "bundle"),
            "terminal": False,
            "stdin": False,
            "log": "",
            "bugs": [],
        }
        return document | more


def _take(settings: Settings) -> int:
    """Makes the folders this server's for as long as it runs.  Unusable when they are another one's."""
    lock = os.open(os.path.join(settings.folder(), LOCK), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Unusable(f"--state {settings.state}: another server uses it") from None
    return lock


def _kind(record: Sandbox | Container) -> str:
    return "sandboxes" if isinstance(record, Sandbox) else "containers"
