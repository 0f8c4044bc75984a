"""Records in the words of the API: statuses and entries of lists."""

from __future__ import annotations

import signal
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri.newer import tell_image_ref
from reference_runtime.cri.records import Container, Sandbox


def sandbox_status(sandbox: Sandbox) -> Any:
    """A PodSandboxStatus."""
    status = api_pb2.PodSandboxStatus(
        id=sandbox.id,
        metadata=sandbox.config.metadata,
        state=_sandbox_state(sandbox),
        created_at=sandbox.created_at,
        labels=sandbox.config.labels,
        annotations=sandbox.config.annotations,
        runtime_handler=sandbox.handler,
    )
    status.linux.namespaces.options.CopyFrom(sandbox.namespaces)
    status.network.ip = sandbox.addresses[0] if sandbox.addresses else ""
    for address in sandbox.addresses[1:]:
        status.network.additional_ips.add(ip=address)
    return status


def _sandbox_state(sandbox: Sandbox) -> Any:
    return api_pb2.SANDBOX_READY if sandbox.ready else api_pb2.SANDBOX_NOTREADY


def sandbox_entry(sandbox: Sandbox) -> Any:
    """A PodSandbox."""
    return api_pb2.PodSandbox(
        id=sandbox.id,
        metadata=sandbox.config.metadata,
        state=_sandbox_state(sandbox),
        created_at=sandbox.created_at,
        labels=sandbox.config.labels,
        annotations=sandbox.config.annotations,
        runtime_handler=sandbox.handler,
    )


def container_status(container: Container) -> Any:
    """A ContainerStatus."""
    config = container.config
    status = api_pb2.ContainerStatus(
        id=container.id,
        metadata=config.metadata,
        state=container.state,  # type: ignore[arg-type]
        created_at=container.created_at,
        started_at=container.started_at,
        finished_at=container.finished_at,
        exit_code=container.exit_code,
        image=config.image,
        image_ref=container.image_ref,
        image_id=container.image_id,
        reason=container.reason,
        message=container.message,
        labels=config.labels,
        annotations=config.annotations,
        mounts=config.mounts,
        log_path=container.log_path,
        stop_signal=_signal_number(container.stop_signal),
    )
    for mount in status.mounts:
        if mount.image.image in container.volume_ids:
            tell_image_ref(mount.image, container.volume_ids[mount.image.image])
    status.resources.linux.CopyFrom(config.linux.resources)
    user = status.user.linux
    user.uid, user.gid = container.user.get("uid", 0), container.user.get("gid", 0)
    user.supplemental_groups.extend(container.user.get("groups", []))
    return status


def container_entry(container: Container) -> Any:
    """A Container."""
    config = container.config
    return api_pb2.Container(
        id=container.id,
        pod_sandbox_id=container.sandbox_id,
        metadata=config.metadata,
        image=config.image,
        image_ref=container.image_ref,
        image_id=container.image_id,
        state=container.state,  # type: ignore[arg-type]
        created_at=container.created_at,
        labels=config.labels,
        annotations=config.annotations,
    )


def state_name(container: Container) -> str:
    """The state of a container as a word: created, running, exited."""
    name = api_pb2.DESCRIPTOR.enum_types_by_name["ContainerState"].values_by_number[container.state].name
    return str(name).removeprefix("CONTAINER_").lower()


def signal_name(config: Any, image: dict[str, Any]) -> str:
    """The signal that asks a container to stop, as the runtime takes it: its own, its image's, or TERM."""
    if config.stop_signal:
        name = str(api_pb2.Signal.Name(config.stop_signal)).removeprefix("SIGNAL_")
        return name.replace("MINPLUS", "MIN+").replace("MAXMINUS", "MAX-")
    word = str(image.get("StopSignal") or "SIGTERM").upper()
    if word.isdigit():
        return word
    return word if word.startswith("SIG") else f"SIG{word}"


def _signal_number(name: str) -> Any:
    """The value of the enumeration Signal for a name; 0 for what it does not have."""
    if name.isdigit():
        known = int(name) in {number.value for number in signal.Signals}
        name = signal.Signals(int(name)).name if known else name
    word = name.replace("MIN+", "MINPLUS").replace("MAX-", "MAXMINUS")
    values = api_pb2.DESCRIPTOR.enum_types_by_name["Signal"].values
    # The stubs leave the prefix out that the names have by now.
    return next((value.number for value in values if value.name.removeprefix("SIGNAL_") == word), 0)
