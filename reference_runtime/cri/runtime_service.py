"""The calls of RuntimeService, except those that have a file of their own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import faults, filters
from reference_runtime.cri.errors import Invalid, Unsupported
from reference_runtime.cri.handlers import unless_left
from reference_runtime.cri.network.bridge import Bridge
from reference_runtime.cri.newer import tell_mount_options
from reference_runtime.cri.oci import maps_users
from reference_runtime.cri.parts import Parts
from reference_runtime.cri.spec.mappings import of_pod
from reference_runtime.cri.statuses import container_entry, container_status, sandbox_entry, sandbox_status

VERSION = "0.1.0"
NAME = "seatrial-cri"


class RuntimeService:
    """What a client can ask about sandboxes and containers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._node = parts.node

    # The server

    def version(self, _: Any, __: Any) -> Any:
        """Who answers."""
        return api_pb2.VersionResponse(
            version="0.1.0", runtime_name=NAME, runtime_version=VERSION, runtime_api_version="v1"
        )

    def status(self, request: Any, _: Any) -> Any:
        """Whether sandboxes can be made, and what the runtimes can."""
        problem = self._node.network.ready
        conditions = [
            api_pb2.RuntimeCondition(type="RuntimeReady", status=True),
            api_pb2.RuntimeCondition(
                type="NetworkReady",
                status=not problem,
                reason="NetworkPluginNotReady" if problem else "",
                message=problem,
            ),
        ]
        settings = self._node.settings
        config = {"root": settings.root, "state": settings.state, "network": type(self._node.network).__name__}
        handlers = [self._handler(name) for name in ("", *self._node.runtimes)]
        return api_pb2.StatusResponse(
            status=api_pb2.RuntimeStatus(conditions=conditions),
            info={"config": json.dumps(config)} if request.verbose else {},
            runtime_handlers=handlers,
            features=_features(),
        )

    def _handler(self, name: str) -> Any:
        features = self._parts.features(self._node.runtime(name))
        return api_pb2.RuntimeHandler(
            name=name,
            features=api_pb2.RuntimeHandlerFeatures(
                recursive_read_only_mounts="rro" in (features.get("mountOptions") or []),
                user_namespaces=maps_users(features),
            ),
        )

    def runtime_config(self, _: Any, __: Any) -> Any:
        """How control groups are made: directly."""
        linux = api_pb2.LinuxRuntimeConfiguration(cgroup_driver=api_pb2.CGROUPFS)
        return api_pb2.RuntimeConfigResponse(linux=linux)

    def update_runtime_config(self, request: Any, _: Any) -> Any:
        """The network for pods made from now on, unless plugins decide that."""
        cidr = request.runtime_config.network_config.pod_cidr
        if cidr and isinstance(self._node.network, Bridge):
            self._node.network.renumber(cidr)
        return api_pb2.UpdateRuntimeConfigResponse()

    # Sandboxes

    def run_pod_sandbox(self, request: Any, context: Any) -> Any:
        """Makes a sandbox."""
        if not request.HasField("config"):
            raise Invalid("config is missing")
        self._check_user_namespace(request)
        left = faults.has("cri-cancelled-create-leaks")
        wanted = (lambda: None) if left else unless_left(context)
        made = self._parts.sandboxes.run(request.config, request.runtime_handler, wanted)
        if faults.has("cri-cancelled-create-leaks") and not context.is_active():
            self._node.sandboxes.pop(made)
        return api_pb2.RunPodSandboxResponse(pod_sandbox_id=made)

    def _check_user_namespace(self, request: Any) -> None:
        wanted = of_pod(request.config.linux.security_context.namespace_options)
        runtime = self._node.runtime(request.runtime_handler)
        if wanted and not maps_users(self._parts.features(runtime)):
            raise Unsupported(f"the runtime handler {runtime.name} has no user namespaces: see Status")

    def stop_pod_sandbox(self, request: Any, _: Any) -> Any:
        """Stops a sandbox; one that is gone is stopped."""
        sandbox = self._node.sandboxes.find(_id(request.pod_sandbox_id))
        if sandbox:
            self._parts.sandboxes.stop(sandbox)
        return api_pb2.StopPodSandboxResponse()

    def remove_pod_sandbox(self, request: Any, _: Any) -> Any:
        """Removes a sandbox; one that is gone is removed."""
        sandbox = self._node.sandboxes.find(_id(request.pod_sandbox_id))
        if sandbox:
            self._parts.sandboxes.remove(sandbox)
        return api_pb2.RemovePodSandboxResponse()

    def pod_sandbox_status(self, request: Any, _: Any) -> Any:
        """The status of a sandbox and its containers."""
        sandbox = self._node.sandboxes.need(_id(request.pod_sandbox_id))
        info = {"pid": sandbox.pid, "netns": sandbox.netns, "cgroups": sandbox.cgroups}
        return api_pb2.PodSandboxStatusResponse(
            status=sandbox_status(sandbox),
            info={"info": json.dumps(info)} if request.verbose else {},
            containers_statuses=[container_status(each) for each in self._node.containers_of(sandbox.id)],
            timestamp=time.time_ns(),
        )

    def list_pod_sandbox(self, request: Any, _: Any) -> Any:
        """The sandboxes that a filter lets through."""
        return api_pb2.ListPodSandboxResponse(items=self.stream_pod_sandboxes(request))

    def stream_pod_sandboxes(self, request: Any) -> list[Any]:
        """As list_pod_sandbox."""
        found = filters.sandboxes(self._node.sandboxes.every(), request.filter)
        return [sandbox_entry(each) for each in found]

    def update_pod_sandbox_resources(self, request: Any, _: Any) -> Any:
        """Takes note of what the kubelet has done to the control group of the pod."""
        sandbox = self._node.sandboxes.need(_id(request.pod_sandbox_id))
        with sandbox.lock:
            for name in ("overhead", "resources"):
                if request.HasField(name):
                    getattr(sandbox.config.linux, name).CopyFrom(getattr(request, name))
            self._node.save(sandbox)
        return api_pb2.UpdatePodSandboxResourcesResponse()

    # Containers

    def create_container(self, request: Any, context: Any) -> Any:
        """Makes a container."""
        sandbox = self._node.sandboxes.need(_id(request.pod_sandbox_id))
        if not request.HasField("config"):
            raise Invalid("config is missing")
        left = faults.has("cri-cancelled-container-leaks")
        made = self._parts.containers.create(sandbox, request.config, (lambda: None) if left else unless_left(context))
        if left and not context.is_active():
            self._forget_all_but_the_name(self._node.containers[made])
        return api_pb2.CreateContainerResponse(container_id=made)

    def _forget_all_but_the_name(self, container: Any) -> None:
        """Part of a fault: nothing goes on that nobody could end."""
        self._parts.containers.remove(container)
        self._node.containers.reserve(container.key, container.id)
        self._node.containers.establish(container)
        self._node.containers.pop(container.id)

    def start_container(self, request: Any, _: Any) -> Any:
        """Starts a container."""
        self._parts.containers.start(self._container(request))
        return api_pb2.StartContainerResponse()

    def stop_container(self, request: Any, _: Any) -> Any:
        """Stops a container; one that is gone is stopped."""
        container = self._node.containers.find(_id(request.container_id))
        if container:
            self._parts.containers.stop(container, request.timeout)
        return api_pb2.StopContainerResponse()

    def remove_container(self, request: Any, _: Any) -> Any:
        """Removes a container; one that is gone is removed."""
        container = self._node.containers.find(_id(request.container_id))
        if container:
            self._parts.containers.remove(container)
            self._parts.images_service.clean()
        return api_pb2.RemoveContainerResponse()

    def list_containers(self, request: Any, _: Any) -> Any:
        """The containers that a filter lets through."""
        return api_pb2.ListContainersResponse(containers=self.stream_containers(request))

    def stream_containers(self, request: Any) -> list[Any]:
        """As list_containers."""
        found = filters.containers(self._node.containers.every(), request.filter)
        return [container_entry(each) for each in found]

    def container_status(self, request: Any, _: Any) -> Any:
        """The status of a container."""
        container = self._container(request)
        info = {"pid": container.pid, "sandboxID": container.sandbox_id, "cgroups": container.cgroups}
        if request.verbose:
            info["runtimeSpec"] = self._parts.containers.config(container)
        return api_pb2.ContainerStatusResponse(
            status=container_status(container), info={"info": json.dumps(info)} if request.verbose else {}
        )

    def update_container_resources(self, request: Any, _: Any) -> Any:
        """Changes limits."""
        self._parts.containers.update(self._container(request), request.linux)
        return api_pb2.UpdateContainerResourcesResponse()

    def reopen_container_log(self, request: Any, _: Any) -> Any:
        """Opens a log again."""
        self._parts.containers.reopen_log(self._container(request))
        return api_pb2.ReopenContainerLogResponse()

    def checkpoint_container(self, request: Any, _: Any) -> Any:
        """Is not done here, in the words that tests of the kubelet know."""
        self._container(request)
        raise Unsupported("method CheckpointContainer not implemented")

    def get_container_events(self, _: Any, context: Any) -> Iterator[Any]:
        """What happens from now on."""
        return self._node.events.subscribe(context.add_callback)

    # Programs

    def exec_sync(self, request: Any, _: Any) -> Any:
        """Runs a program to its end."""
        return self._parts.executions.run(self._container(request), list(request.cmd), request.timeout)

    def _container(self, request: Any) -> Any:
        return self._node.containers.need(_id(request.container_id))


def _features() -> Any:
    features = api_pb2.RuntimeFeatures(supplemental_groups_policy=True)
    tell_mount_options(features)
    return features


def _id(word: str) -> str:
    """An id, which must not be empty: that would be the beginning of every one."""
    if not word:
        raise Invalid("the id is empty")
    return word
