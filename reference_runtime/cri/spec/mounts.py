"""Mounts of a container: those that each one has, its sandbox's files, and its volumes."""

from __future__ import annotations

import os
from typing import Any

from cri_api.v1 import api_pb2
from google.protobuf import unknown_fields

from reference_runtime.cri import faults
from reference_runtime.cri.errors import Invalid, NotFound
from reference_runtime.cri.spec import mappings

_SAFE = ["nosuid", "noexec", "nodev"]
_MOUNT_OPTIONS = 11  # the number of Mount.mount_options, which the stubs do not know yet
_ALLOWED_OPTIONS = {"noexec", "nodev", "nosuid", "exec", "dev", "suid", "noatime", "relatime", "nodiratime"}
_PROPAGATION = {
    api_pb2.PROPAGATION_PRIVATE: "rprivate",
    api_pb2.PROPAGATION_HOST_TO_CONTAINER: "rslave",
    api_pb2.PROPAGATION_BIDIRECTIONAL: "rshared",
}


def usual(*, privileged: bool) -> list[dict[str, Any]]:
    """The filesystems that every container has."""
    rights = "rw" if privileged else "ro"
    return [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": list(_SAFE)},
        {
            "destination": "/dev",
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
        },
        {
            "destination": "/dev/pts",
            "type": "devpts",
            "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        },
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": list(_SAFE)},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*_SAFE, rights]},
        {
            "destination": "/sys/fs/cgroup",
            "type": "cgroup",
            "source": "cgroup",
            "options": [*_SAFE, "relatime", rights],
        },
    ]


def bind(source: str, destination: str, *options: str) -> dict[str, Any]:
    """A bind mount."""
    return {"destination": destination, "type": "bind", "source": source, "options": ["rbind", *options]}


def volumes(config: Any, image_root: Any, mapped: dict[str, Any]) -> list[dict[str, Any]]:
    """The mounts of a ContainerConfig; ``image_root`` finds the folder of an image's name.

    ``mapped`` are the mappings of the pod's user namespace, or nothing: files of images belong to those inside.
    """
    made = [
        _image_volume(mount, image_root) | mapped if mount.image.image else _volume(mount, userns=bool(mapped))
        for mount in config.mounts
    ]
    # A mount over the parent of another would hide that.
    return sorted(made, key=lambda mount: mount["destination"].rstrip("/").count("/"))


def _destination(mount: Any) -> str:
    if not mount.container_path:
        raise Invalid("a mount has no container_path")
    return os.path.normpath(os.path.join("/", mount.container_path))


def _volume(mount: Any, *, userns: bool) -> dict[str, Any]:
    destination = _destination(mount)
    if not mount.host_path:
        raise Invalid(f"mount {mount.container_path}: host_path is empty, and there is no image")
    source = os.path.realpath(mount.host_path)
    if faults.has("cri-mounts-symlink-kept") and os.path.islink(mount.host_path):
        source = os.path.dirname(source)
    if not os.path.exists(source):
        raise NotFound(f"mount {mount.container_path}: {mount.host_path} does not exist on the host")
    _check_readonly(mount)
    options = [_PROPAGATION.get(mount.propagation, "rprivate")]
    if mount.recursive_read_only:
        options += ["rro"]
    options += ["ro"] if mount.readonly else ["rw"]
    made = bind(source, destination, *options, *_further_options(mount))
    return made | _mapped(mount, userns=userns)


def _mapped(mount: Any, *, userns: bool) -> dict[str, Any]:
    """The mappings of a mount, which Kubernetes gives together with those of a pod."""
    found = {"uidMappings": mappings.documents(mount.uidMappings), "gidMappings": mappings.documents(mount.gidMappings)}
    if bool(mount.uidMappings) != bool(mount.gidMappings):
        raise Invalid(f"mount {mount.container_path}: uidMappings and gidMappings need each other")
    if mount.uidMappings and not userns:
        raise Invalid(f"mount {mount.container_path}: mappings of ids need a user namespace, which the pod has not")
    return found if mount.uidMappings else {}


def _check_readonly(mount: Any) -> None:
    if not mount.recursive_read_only or faults.has("cri-mounts-recursive-read-only-unchecked"):
        return
    if not mount.readonly:
        raise Invalid(f"mount {mount.container_path}: recursive_read_only needs readonly")
    if mount.propagation != api_pb2.PROPAGATION_PRIVATE:
        raise Invalid(f"mount {mount.container_path}: recursive_read_only needs private propagation")


def _image_volume(mount: Any, image_root: Any) -> dict[str, Any]:
    destination = _destination(mount)
    if mount.host_path:
        raise Invalid(f"mount {mount.container_path}: host_path and image exclude each other")
    if not mount.readonly:
        raise Invalid(f"mount {mount.container_path}: an image can only be mounted readonly")
    root = image_root(mount.image.image)
    source = root
    if mount.image_sub_path:
        source = os.path.realpath(os.path.join(root, mount.image_sub_path.lstrip("/")))
        if not source.startswith(f"{root}/") and source != root:
            raise Invalid(f"mount {mount.container_path}: image_sub_path leads out of the image")
        if not os.path.exists(source):
            raise NotFound(f"mount {mount.container_path}: the image has no {mount.image_sub_path}")
    rights = "rw" if faults.has("cri-image-mount-writable") else "ro"
    return bind(source, destination, "rprivate", rights, *_further_options(mount))


def _further_options(mount: Any) -> list[str]:
    """Mount.mount_options, which newer clients send."""
    unknown = unknown_fields.UnknownFieldSet(mount)
    words = [
        field.data.decode()
        for field in (unknown[number] for number in range(len(unknown)))
        if field.field_number == _MOUNT_OPTIONS and isinstance(field.data, bytes)
    ]
    wrong = [word for word in words if word not in _ALLOWED_OPTIONS]
    if wrong:
        raise Invalid(f"mount {mount.container_path}: {wrong[0]!r} is no option for it")
    return [] if faults.has("cri-mount-options-ignored") else words
