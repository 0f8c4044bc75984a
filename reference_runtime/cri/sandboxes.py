"""The life of sandboxes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import faults, files, groups, rootfs
from reference_runtime.cri.containers import Containers
from reference_runtime.cri.errors import Exists, Invalid
from reference_runtime.cri.link import start_monitor
from reference_runtime.cri.network import namespaces, ports
from reference_runtime.cri.node import Node
from reference_runtime.cri.pause.build import program
from reference_runtime.cri.records import Sandbox
from reference_runtime.cri.spec.container import process_args
from reference_runtime.cri.spec.sandbox import config_of
from reference_runtime.cri.statuses import container_status, sandbox_status
from reference_runtime.cri.watcher import Watcher


class Sandboxes:
    """Makes, stops and removes sandboxes."""

    def __init__(self, node: Node, containers: Containers, watcher: Watcher) -> None:
        self._node = node
        self._containers = containers
        self._watcher = watcher

    def run(self, config: Any, handler: str, still_wanted: Callable[[], None]) -> str:
        """Makes a sandbox and its pause process; its id.  When it can not, nothing of it is left.

        ``still_wanted`` raises when the client has left meanwhile.
        """
        _check(config)
        runtime = self._node.runtime(handler)
        sandbox = Sandbox(secrets.token_hex(32), api_pb2.PodSandboxConfig(), handler, time.time_ns())
        sandbox.config.CopyFrom(config)
        owner = self._node.sandboxes.reserve(sandbox.key, sandbox.id)
        if owner:
            raise Exists(f"the sandbox {sandbox.key} is there already, as {owner}")
        try:
            with sandbox.lock:
                self._make(sandbox)
                self._start(sandbox, runtime)
                still_wanted()
                self._node.sandboxes.establish(sandbox)
        except BaseException:
            self._undo(sandbox)
            raise
        self._watcher.watch(sandbox.id, self._node.folder(sandbox), sandbox.monitor)
        self.tell(api_pb2.CONTAINER_CREATED_EVENT, sandbox)
        self.tell(api_pb2.CONTAINER_STARTED_EVENT, sandbox)
        return sandbox.id

    def _make(self, sandbox: Sandbox) -> None:
        parent = sandbox.config.linux.cgroup_parent or f"{self._node.settings.cgroup}/{sandbox.id}"
        sandbox.cgroup_parent = f"/{parent.strip('/')}"
        self._node.kept(sandbox)
        sandbox.our_groups = groups.missing(sandbox.cgroup_parent)
        if sandbox.namespaces.network == api_pb2.POD:
            sandbox.netns = os.path.join(self._node.settings.folder("netns"), sandbox.id)
            self._make_namespaces(sandbox)
            self._connect(sandbox)
        files.write(self._node.folder(sandbox), sandbox)
        self._node.save(sandbox)

    def _make_namespaces(self, sandbox: Sandbox) -> None:
        mapped = sandbox.mapped
        if mapped is None:
            namespaces.make(sandbox.netns)
            return
        sandbox.userns = os.path.join(self._node.settings.folder("userns"), sandbox.id)
        namespaces.make_owned(sandbox.netns, sandbox.userns, mapped.document)

    def _connect(self, sandbox: Sandbox) -> None:
        mapped = ports.wanted(sandbox.config)
        sandbox.addresses = self._node.network.add(sandbox.id, sandbox.netns, mapped)
        if mapped and sandbox.addresses and not self._node.settings.cni_conf:
            sandbox.forwarder = ports.start(mapped, sandbox.addresses[0], self._node.folder(sandbox))

    def _start(self, sandbox: Sandbox, runtime: Any) -> None:
        bundle = os.path.join(self._node.folder(sandbox), "bundle")
        config = config_of(sandbox, self._fill(sandbox, bundle), files.shm(self._node.folder(sandbox), sandbox))
        with open(os.path.join(bundle, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file)
        answer = start_monitor(self._node.folder(sandbox), self._node.monitor_document(sandbox, runtime))
        sandbox.pid, sandbox.monitor, sandbox.cgroups = answer["pid"], answer["monitor"], answer["cgroups"]
        self._node.save(sandbox)
        runtime.start(sandbox.id)

    def _fill(self, sandbox: Sandbox, bundle: str) -> list[str]:
        """The root filesystem of a pause process; the words of its command line."""
        root = os.path.join(bundle, "rootfs")
        os.makedirs(root)
        if self._node.settings.pause_image:
            image = self._node.images.get(self._node.settings.pause_image)
            rootfs.make(image.rootfs, root, bundle, sandbox.mapped, sandbox.userns)
            return process_args(api_pb2.ContainerConfig(), image.settings)
        shutil.copy(program(), os.path.join(root, "pause"))
        rootfs.give(root, sandbox.mapped)
        return ["/pause"]

    def _undo(self, sandbox: Sandbox) -> None:
        self._node.sandboxes.pop(sandbox.id, None)
        try:
            self._release(sandbox)
            self._forget(sandbox)
        finally:
            self._node.sandboxes.release(sandbox.key)

    def stop(self, sandbox: Sandbox) -> None:
        """Ends every process of a sandbox and gives its network back; as often as is wanted."""
        with sandbox.lock:
            if not faults.has("cri-sandbox-stop-leaves-containers"):
                for container in self._node.containers_of(sandbox.id):
                    self._containers.kill(container)
            self._release(sandbox)
            sandbox.ready = False
            self._node.save(sandbox)

    def _release(self, sandbox: Sandbox) -> None:
        runtime = self._node.runtime(sandbox.handler)
        runtime.delete(sandbox.id)
        ports.stop(sandbox.forwarder)
        sandbox.forwarder = 0
        if sandbox.netns and os.path.exists(sandbox.netns) and not faults.has("cri-network-kept"):
            self._disconnect(sandbox)
        sandbox.addresses = []

    def _disconnect(self, sandbox: Sandbox) -> None:
        try:
            self._node.network.remove(sandbox.id, sandbox.netns, ports.wanted(sandbox.config))
        finally:
            namespaces.remove(sandbox.netns)

    def remove(self, sandbox: Sandbox) -> None:
        """Removes a sandbox with its containers, whatever runs in it."""
        with sandbox.lock:
            for container in self._node.containers_of(sandbox.id):
                if not faults.has("cri-sandbox-remove-leaves-containers"):
                    self._containers.remove(container)
            self.stop(sandbox)
            self._node.sandboxes.pop(sandbox.id, None)
            self._forget(sandbox)
            if not faults.has("cri-sandbox-name-stays-taken"):
                self._node.sandboxes.release(sandbox.key)
        self._node.events.tell(api_pb2.CONTAINER_DELETED_EVENT, sandbox.id, None, [])

    def _forget(self, sandbox: Sandbox) -> None:
        namespaces.remove(sandbox.userns)
        rootfs.remove(self._node.folder(sandbox))
        rootfs.remove(self._node.kept(sandbox))
        groups.remove(sandbox.our_groups)

    def ended(self, sandbox: Sandbox) -> None:
        """The pause process has ended."""
        with sandbox.lock:
            was_ready, sandbox.ready = sandbox.ready, False
            self._node.save(sandbox)
        if was_ready:
            self.tell(api_pb2.CONTAINER_STOPPED_EVENT, sandbox)

    def tell(self, kind: int, sandbox: Sandbox) -> None:
        """Tells those who listen."""
        containers = [container_status(each) for each in self._node.containers_of(sandbox.id)]
        self._node.events.tell(kind, sandbox.id, sandbox_status(sandbox), containers)


def _check(config: Any) -> None:
    if not config.HasField("metadata") or not config.metadata.name:
        raise Invalid("config.metadata.name is empty")
    if config.log_directory and not os.path.isabs(config.log_directory):
        raise Invalid(f"config.log_directory: {config.log_directory!r} is no absolute path")
    if len(config.hostname) > 64:
        raise Invalid("config.hostname has more than 64 characters")
