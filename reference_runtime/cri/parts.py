"""The parts of the server, put together, and found again after a restart."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import faults, groups, rootfs
from reference_runtime.cri.containers import Containers
from reference_runtime.cri.errors import Refused
from reference_runtime.cri.executions import Executions
from reference_runtime.cri.images_service import ImagesService
from reference_runtime.cri.node import Node
from reference_runtime.cri.oci import Runtime
from reference_runtime.cri.records import Container, Sandbox, load_all
from reference_runtime.cri.sandboxes import Sandboxes
from reference_runtime.cri.settings import Settings
from reference_runtime.cri.watcher import Watcher


class Parts:
    """Everything that the calls need."""

    def __init__(self, settings: Settings) -> None:
        self.node = Node(settings)
        self._watcher = Watcher(self._ended)
        self.containers = Containers(self.node, self._watcher)
        self.sandboxes = Sandboxes(self.node, self.containers, self._watcher)
        self.executions = Executions(self.node, self.containers)
        self.images_service = ImagesService(self.node)
        self._features: dict[str, dict[str, Any]] = {}
        self._recover()

    def features(self, runtime: Runtime) -> dict[str, Any]:
        """What a runtime supports; it is asked once."""
        if runtime.name not in self._features:
            self._features[runtime.name] = runtime.features()
        return self._features[runtime.name]

    def _ended(self, record_id: str, how: dict[str, Any]) -> None:
        if record_id in self.node.containers:
            self.containers.ended(self.node.containers[record_id], how)
        elif record_id in self.node.sandboxes:
            self.sandboxes.ended(self.node.sandboxes[record_id])

    def _recover(self) -> None:
        """Finds what an earlier server has left; what it had only begun is removed."""
        node = self.node
        for sandbox in load_all(node.settings.kept("sandboxes"), Sandbox):
            node.sandboxes.reserve(sandbox.key, sandbox.id)
            node.sandboxes.establish(sandbox)
        for container in load_all(node.settings.kept("containers"), Container):
            node.containers.reserve(container.key, container.id)
            node.containers.establish(container)
        for container in node.containers.every():
            self._recover_container(container)
        for sandbox in node.sandboxes.every():
            if not sandbox.pid:
                self.sandboxes.remove(sandbox)
            elif sandbox.ready:
                self._watcher.watch(sandbox.id, node.folder(sandbox), 0)
        for kind, known in (("sandboxes", node.sandboxes), ("containers", node.containers)):
            folder = node.settings.folder(kind)
            for name in set(os.listdir(folder)) - set(known):
                rootfs.remove(os.path.join(folder, name))

    def _recover_container(self, container: Container) -> None:
        if container.sandbox_id not in self.node.sandboxes or (not container.pid and not container.finished_at):
            self.containers.remove(container)
        elif container.state == api_pb2.CONTAINER_EXITED:
            container.ended.set()
        else:
            self._watcher.watch(container.id, self.node.folder(container), 0)
            if faults.has("cri-restart-kills-containers"):
                self.containers.kill(container)

    def remove_everything(self) -> None:
        """Removes all that the server has made, on the host too."""
        # A fault may have forgotten some; their records are there.
        recorded = load_all(self.node.settings.kept("sandboxes"), Sandbox)
        forgotten = [sandbox for sandbox in recorded if sandbox.id not in self.node.sandboxes]
        for sandbox in self.node.sandboxes.every() + forgotten:
            with contextlib.suppress(Refused, OSError):
                self.sandboxes.remove(sandbox)
        for container in self.node.containers.every():
            with contextlib.suppress(Refused, OSError):
                self.containers.remove(container)
        self.node.network.vanish()
        groups.remove([self.node.settings.cgroup])
        settings = self.node.settings
        for folder in (settings.state, settings.root, settings.temporary):
            if folder:
                rootfs.remove(folder)
