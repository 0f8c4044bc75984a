"""The life of containers."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import faults, files, rootfs
from reference_runtime.cri.errors import Exists, Failed, Invalid, Refused, WrongState
from reference_runtime.cri.link import Line, start_monitor
from reference_runtime.cri.node import Node
from reference_runtime.cri.records import Container, Sandbox
from reference_runtime.cri.spec.container import Surroundings, config_of
from reference_runtime.cri.spec.mappings import Mappings
from reference_runtime.cri.spec.resources import limits, merged
from reference_runtime.cri.statuses import container_status, sandbox_status, signal_name, state_name
from reference_runtime.cri.watcher import Watcher

#: A process that was killed has ended within so many seconds, or something is wrong.
_AFTER_KILL = 30.0


class Containers:
    """Makes, starts, stops and removes containers."""

    def __init__(self, node: Node, watcher: Watcher) -> None:
        self._node = node
        self._watcher = watcher

    def create(self, sandbox: Sandbox, config: Any, still_wanted: Callable[[], None]) -> str:
        """Makes a container, which waits to be started; its id.  When it can not, nothing of it is left.

        ``still_wanted`` raises when the client has left meanwhile.
        """
        _check(config, sandbox)
        image = self._node.images.get(config.image.image)
        settings = faults.bend_image(image.settings)
        container = Container(
            id=secrets.token_hex(32),
            sandbox_id=sandbox.id,
            config=api_pb2.ContainerConfig(),
            handler=sandbox.handler,
            image_id=image.id,
            image_ref=(image.digests or [image.id])[0],
            rootfs=image.rootfs,
            log_path=_log_path(sandbox, config),
            created_at=time.time_ns(),
            stop_signal=signal_name(config, settings),
        )
        container.config.CopyFrom(config)
        owner = self._node.containers.reserve(container.key, container.id)
        if owner:
            raise Exists(f"the sandbox has a container {container.key.partition('_')[2]} already: {owner}")
        try:
            with container.lock:
                self._make(container, sandbox, settings)
                still_wanted()
                self._node.containers.establish(container)
        except BaseException:
            self._forget(container)
            raise
        self._watcher.watch(container.id, self._node.folder(container), container.monitor)
        self.tell(api_pb2.CONTAINER_CREATED_EVENT, container)
        if faults.has("cri-container-started-at-create"):
            self.start(container)
        return container.id

    def _make(self, container: Container, sandbox: Sandbox, image: dict[str, Any]) -> None:
        folder = self._node.folder(container)
        root = os.path.join(folder, "bundle", "rootfs")
        mapped = sandbox.mapped
        rootfs.make(container.rootfs, root, self._node.kept(container), mapped, sandbox.userns)
        around = Surroundings(
            sandbox=sandbox,
            image=image,
            root=root,
            files=files.places(self._node.folder(sandbox), sandbox),
            target=self._target(container.config, sandbox),
            image_root=lambda name: self._volume(container, name),
        )
        config = config_of(container, around)
        faults.bend_config(config)
        self._make_volumes(container, image, config, mapped)
        if not faults.has("cri-working-dir-not-made"):
            rootfs.make_folder(root, config["process"]["cwd"], mapped)
        self._write_config(container, config)
        runtime = self._node.runtime(container.handler)
        document = self._node.monitor_document(
            container,
            runtime,
            terminal=config["process"]["terminal"],
            stdin=container.config.stdin,
            log=_bent_log(container.log_path),
            bugs=[name for name in faults.active if name.startswith("cri-log")],
        )
        self._node.save(container)
        answer = start_monitor(folder, document)
        container.pid, container.monitor, container.cgroups = answer["pid"], answer["monitor"], answer["cgroups"]
        self._node.save(container)

    def _write_config(self, container: Container, config: dict[str, Any]) -> None:
        with open(self._config_path(container), "w", encoding="utf-8") as file:
            json.dump(config, file)

    def _config_path(self, container: Container) -> str:
        return os.path.join(self._node.folder(container), "bundle", "config.json")

    def config(self, container: Container) -> dict[str, Any]:
        """The config.json of a container."""
        with open(self._config_path(container), encoding="utf-8") as file:
            document: dict[str, Any] = json.load(file)
        return document

    def _volume(self, container: Container, name: str) -> str:
        """The root filesystem of an image that is mounted as a volume."""
        image = self._node.images.get(name)
        container.volumes.append(image.rootfs)
        container.volume_ids[name] = image.id
        return image.rootfs

    def _make_volumes(
        self, container: Container, image: dict[str, Any], config: dict[str, Any], mapped: Mappings | None
    ) -> None:
        """The volumes that an image declares: folders of the container's own, with what the image has there."""
        taken = {mount["destination"] for mount in config["mounts"]}
        for number, place in enumerate(sorted(image.get("Volumes") or {})):
            destination = os.path.normpath(os.path.join("/", place))
            if destination in taken or destination == "/":
                continue
            source = os.path.join(self._node.kept(container), "volumes", str(number))
            rootfs.copy_place(container.rootfs, destination, source)
            rootfs.give(source, mapped)
            options = ["rbind", "rprivate", "rw"]
            config["mounts"].append({"destination": destination, "type": "bind", "source": source, "options": options})

    def _target(self, config: Any, sandbox: Sandbox) -> int:
        """The process of the container whose PID namespace is wanted."""
        options = config.linux.security_context.namespace_options
        if options.pid != api_pb2.TARGET:
            return 0
        target = self._node.containers.need(options.target_id)
        if target.sandbox_id != sandbox.id:
            raise Invalid(f"namespace_options.target_id: container {target.id} is in another sandbox")
        if target.state != api_pb2.CONTAINER_RUNNING:
            raise WrongState(f"namespace_options.target_id: container {target.id} is not running")
        return target.pid

    def start(self, container: Container) -> None:
        """Runs the program of a created container."""
        with container.lock:
            if container.state != api_pb2.CONTAINER_CREATED:
                raise WrongState(f"container {container.id} is {state_name(container)}, and can be started only once")
            if container.pid == 0 or container.ended.is_set():
                raise WrongState(f"container {container.id} has ended before it was started")
            # A program that ends at once must not have ended before it was started.
            container.started_at = time.time_ns()
            try:
                self._node.runtime(container.handler).start(container.id)
            except Refused as problem:
                self._fail_to_start(container, str(problem))
                raise
            if not container.ended.is_set():
                container.state = api_pb2.CONTAINER_RUNNING
            self._node.save(container)
        self.tell(api_pb2.CONTAINER_STARTED_EVENT, container)

    def _fail_to_start(self, container: Container, problem: str) -> None:
        container.reason, container.message, container.exit_code = "StartError", problem, 128
        container.finished_at = time.time_ns()
        container.state = api_pb2.CONTAINER_EXITED
        self._node.save(container)

    def kill(self, container: Container) -> None:
        """Ends a container at once, and waits until it has."""
        if container.ended.is_set() or container.state == api_pb2.CONTAINER_EXITED:
            return
        self._node.runtime(container.handler).kill(container.id, "SIGKILL")
        if not container.ended.wait(_AFTER_KILL):
            raise Failed(f"container {container.id} does not end, though it was killed")

    def stop(self, container: Container, timeout: int) -> None:
        """Asks a container to stop, and after ``timeout`` seconds kills it; as often as is wanted."""
        if container.ended.is_set() or container.state == api_pb2.CONTAINER_EXITED:
            return
        runtime = self._node.runtime(container.handler)
        if timeout > 0 and container.state == api_pb2.CONTAINER_RUNNING:
            runtime.kill(container.id, container.stop_signal)
            if container.ended.wait(timeout):
                return
            if faults.has("cri-stop-never-kills"):
                return
        if faults.has("cri-stop-waits-for-nothing") and container.state == api_pb2.CONTAINER_RUNNING:
            runtime.kill(container.id, container.stop_signal)
            return
        self.kill(container)

    def remove(self, container: Container) -> None:
        """Removes a container, whatever it does."""
        self.kill(container)
        with container.lock:
            if container.id not in self._node.containers:
                return
            self._forget(container)
        self._node.events.tell(
            api_pb2.CONTAINER_DELETED_EVENT, container.id, self._sandbox_status(container), self._statuses(container)
        )

    def _forget(self, container: Container) -> None:
        self._node.runtime(container.handler).delete(container.id)
        rootfs.remove(self._node.folder(container))
        rootfs.remove(self._node.kept(container))
        self._node.containers.pop(container.id, None)
        if not faults.has("cri-container-name-stays-taken"):
            self._node.containers.release(container.key)

    def ended(self, container: Container, how: dict[str, Any]) -> None:
        """The first process of a container has ended."""
        container.ended.set()
        with container.lock:
            if container.state == api_pb2.CONTAINER_EXITED:
                return
            container.state = api_pb2.CONTAINER_EXITED
            container.exit_code = how["code"]
            container.finished_at = how["finished_at"] or time.time_ns()
            container.reason = _reason(how)
            if how.get("lost"):
                container.message = "the monitor of the container is gone, and with it how the container ended"
            container.pid = 0
            self._node.save(container)
        self.tell(api_pb2.CONTAINER_STOPPED_EVENT, container)

    def update(self, container: Container, asked: Any) -> None:
        """Changes the limits of a container; when the runtime refuses, nothing has changed."""
        with container.lock:
            if container.state not in {api_pb2.CONTAINER_CREATED, api_pb2.CONTAINER_RUNNING}:
                raise WrongState(f"container {container.id} is {state_name(container)}")
            after = merged(container.config.linux.resources, asked)
            if not _update_is_ignored(container):
                self._node.runtime(container.handler).update(container.id, _bent_limits(limits(after), limits(asked)))
            container.config.linux.resources.CopyFrom(after)
            self._node.save(container)

    def reopen_log(self, container: Container) -> None:
        """Opens the log again, after it was moved."""
        if container.state != api_pb2.CONTAINER_RUNNING:
            if faults.has("cri-log-reopen-refused-makes-file") and container.log_path:
                os.close(os.open(container.log_path, os.O_CREAT | os.O_WRONLY, 0o640))
            raise WrongState(f"container {container.id} is {state_name(container)}, not running")
        line = Line(self._node.folder(container))
        with contextlib.closing(line):
            line.ask({"op": "reopen"})

    def tell(self, kind: int, container: Container) -> None:
        """Tells those who listen."""
        self._node.events.tell(kind, container.id, self._sandbox_status(container), self._statuses(container))

    def _sandbox_status(self, container: Container) -> Any:
        sandbox = self._node.sandboxes.get(container.sandbox_id)
        return sandbox_status(sandbox) if sandbox else None

    def _statuses(self, container: Container) -> list[Any]:
        return [container_status(each) for each in self._node.containers_of(container.sandbox_id)]


def _bent_log(path: str) -> str:
    """Where the log is written, which is where it should be unless a fault says otherwise."""
    return os.path.join(os.path.dirname(path), "all.log") if path and faults.has("cri-log-slow-reader-blocks") else path


def _update_is_ignored(container: Container) -> bool:
    early = container.state == api_pb2.CONTAINER_CREATED and faults.has("cri-update-of-created-lost")
    return early or faults.has("cri-update-ignored")


def _bent_limits(wanted: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    if not faults.has("cri-update-resets-others"):
        return wanted
    none = {"memory": {"swap": -1, "limit": -1}, "cpu": {"quota": -1, "shares": 1024}}
    return {section: {**values, **named.get(section, {})} for section, values in none.items()}


def _reason(how: dict[str, Any]) -> str:
    if how.get("lost"):
        return "Unknown"
    if how["oom"]:
        return "OOMKilled"
    return "Error" if how["code"] else "Completed"


def _check(config: Any, sandbox: Sandbox) -> None:
    if not config.HasField("metadata") or not config.metadata.name:
        raise Invalid("config.metadata.name is empty")
    if not config.image.image:
        raise Invalid("config.image.image is empty")
    if not config.log_path and faults.has("cri-log-absent-path-refused"):
        raise Invalid("config.log_path is empty")
    if not sandbox.ready:
        raise WrongState(f"sandbox {sandbox.id} is not ready")
    for variable in config.envs:
        if not variable.key or "=" in variable.key:
            raise Invalid(f"config.envs: {variable.key!r} is no name of a variable")
    if os.path.isabs(config.log_path) or ".." in config.log_path.split("/"):
        raise Invalid(f"config.log_path: {config.log_path!r} has to be relative to the sandbox's log_directory")


def _log_path(sandbox: Sandbox, config: Any) -> str:
    if not config.log_path or not sandbox.config.log_directory:
        return ""
    path = os.path.join(sandbox.config.log_directory, config.log_path)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    except OSError as problem:
        raise Failed(f"config.log_path: {problem}") from None
    return path
