"""The config.json of a container: its own config, its image's, and its sandbox's."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

from reference_runtime.capabilities import held_here
from reference_runtime.constants import CAPABILITIES
from reference_runtime.cri.errors import Invalid
from reference_runtime.cri.spec import devices, mappings, mounts, namespaces, resources, security, users
from reference_runtime.cri.spec.sandbox import OCI_VERSION

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What a container's config is made in: its sandbox, its image's settings, its own root filesystem.

    ``files`` are those that a sandbox gives its containers: place in the container -> path on the host. ``target`` is
    the process whose PID namespace is wanted, ``image_root`` finds the folder of a further image.
    """

    sandbox: Any
    image: dict[str, Any]
    root: str
    files: dict[str, str]
    target: int
    image_root: Callable[[str], str]


def config_of(container: Any, around: Surroundings) -> dict[str, Any]:
    """The whole document.  Invalid when the config asks for what makes no sense."""
    config = container.config
    context = config.linux.security_context
    user = users.user_of(context, around.image, around.root)
    container.user = {"uid": user.uid, "gid": user.gid, "groups": user.groups}
    document: dict[str, Any] = {
        "ociVersion": OCI_VERSION,
        "process": _process(config, around, user),
        "root": {"path": "rootfs", "readonly": context.readonly_rootfs},
        "mounts": _mounts(config, around),
        "annotations": {
            "io.kubernetes.cri.container-type": "container",
            "io.kubernetes.cri.container-name": config.metadata.name,
            "io.kubernetes.cri.sandbox-id": container.sandbox_id,
        },
        "linux": _linux(container, around),
    }
    granted = document["process"]["capabilities"]["bounding"]
    profile = context.seccomp if context.HasField("seccomp") else None
    filtered = None if context.privileged else security.seccomp(profile, context.seccomp_profile_path, granted)
    if filtered:
        document["linux"]["seccomp"] = filtered
    if any("rshared" in mount["options"] or "rslave" in mount["options"] for mount in document["mounts"]):
        document["linux"]["rootfsPropagation"] = (
            "shared" if any("rshared" in mount["options"] for mount in document["mounts"]) else "slave"
        )
    return document


def process_args(config: Any, image: dict[str, Any]) -> list[str]:
    """The words of the command line: a command replaces the image's entrypoint and its arguments with it."""
    command, args = list(config.command), list(config.args)
    if not command:
        command = list(image.get("Entrypoint") or [])
        args = args or list(image.get("Cmd") or [])
    if not command + args:
        raise Invalid("neither the container nor its image names a command")
    return command + args


def _process(config: Any, around: Surroundings, user: users.User) -> dict[str, Any]:
    context = config.linux.security_context
    who: dict[str, Any] = {"uid": user.uid, "gid": user.gid, "additionalGids": user.groups}
    return {
        "args": process_args(config, around.image),
        "cwd": _working_directory(config, around),
        "env": _environment(config, around, user),
        "user": who,
        "terminal": config.tty,
        "noNewPrivileges": context.no_new_privs,
        "oomScoreAdj": resources.oom_score(config.linux.resources.oom_score_adj),
        "capabilities": security.capabilities(context, _held(userns=bool(around.sandbox.userns))),
    }


def _held(*, userns: bool) -> tuple[str, ...]:
    bits = held_here(other_user_namespace=userns)
    return tuple(name for number, name in enumerate(CAPABILITIES) if bits >> number & 1)


def _working_directory(config: Any, around: Surroundings) -> str:
    path = config.working_dir or around.image.get("WorkingDir") or "/"
    return path if os.path.isabs(path) else f"/{path}"


def _environment(config: Any, around: Surroundings, user: users.User) -> list[str]:
    """The image's variables, then the container's own; the last of a name counts."""
    found: dict[str, str] = {}
    given = [_PATH, *(around.image.get("Env") or [])]
    given += ["TERM=xterm"] if config.tty else []
    given += [f"HOSTNAME={around.sandbox.config.hostname}"] if around.sandbox.config.hostname else []
    for entry in given:
        found[entry.partition("=")[0]] = entry
    for variable in config.envs:
        found[variable.key] = f"{variable.key}={os.fsdecode(variable.value)}"
    found.setdefault("HOME", f"HOME={user.home}")
    return list(found.values())


def _mounts(config: Any, around: Surroundings) -> list[dict[str, Any]]:
    context = config.linux.security_context
    mapped = around.sandbox.mapped
    wanted = mounts.volumes(config, around.image_root, mapped.document if mapped else {})
    places = {mount["destination"] for mount in wanted}
    rights = "ro" if context.readonly_rootfs else "rw"
    own = mounts.usual(privileged=context.privileged)
    for place, path in around.files.items():
        own.append(mounts.bind(path, place, "rprivate", "rw" if place == "/dev/shm" else rights))  # noqa: S108
    return [mount for mount in own if mount["destination"] not in places] + wanted


def _linux(container: Any, around: Surroundings) -> dict[str, Any]:
    config = container.config
    context = config.linux.security_context
    options = context.namespace_options
    mappings.check_container(options, around.sandbox.namespaces)
    if context.privileged and not around.sandbox.config.linux.security_context.privileged:
        raise Invalid("a privileged container needs a privileged sandbox")
    nodes, rules = devices.of_container(config, privileged=context.privileged)
    section: dict[str, Any] = {
        "namespaces": namespaces.of_container(options, around.sandbox, around.target),
        "cgroupsPath": f"{around.sandbox.cgroup_parent}/{container.id}",
        "resources": {**resources.limits(config.linux.resources), "devices": rules},
        "devices": nodes,
    }
    if not context.privileged:
        # None at all is a wish, too: that nothing be hidden.
        section["maskedPaths"] = list(context.masked_paths)
        section["readonlyPaths"] = list(context.readonly_paths)
    if around.sandbox.mapped:
        section |= around.sandbox.mapped.document
    return section


def exec_process(document: dict[str, Any], args: list[str], *, terminal: bool) -> dict[str, Any]:
    """The process of a further program: as the container's own, with another command line."""
    process: dict[str, Any] = {**document["process"], "args": args, "terminal": terminal}
    if terminal and not any(entry.startswith("TERM=") for entry in process["env"]):
        process["env"] = [*process["env"], "TERM=xterm"]
    return process
