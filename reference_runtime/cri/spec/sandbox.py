"""The config.json of a pause process."""

from __future__ import annotations

from typing import Any

from reference_runtime.cri.errors import Invalid
from reference_runtime.cri.spec import mounts, namespaces, resources, security

#: The oldest release of the runtime specification that has all that is used.
OCI_VERSION = "1.0.2"
#: The pause process is the last that the kernel kills for memory.
_PAUSE_SCORE = -998


def config_of(sandbox: Any, args: list[str], shm: str) -> dict[str, Any]:
    """The whole document.  Invalid when the sandbox's config asks for what makes no sense."""
    linux = sandbox.config.linux
    context = linux.security_context
    if context.HasField("run_as_group") and not context.HasField("run_as_user"):
        raise Invalid("run_as_group of a sandbox needs run_as_user")
    user: dict[str, Any] = {"uid": context.run_as_user.value, "gid": context.run_as_group.value}
    if context.supplemental_groups:
        user["additionalGids"] = list(context.supplemental_groups)
    spaces = namespaces.of_sandbox(context.namespace_options, sandbox.netns, sandbox.userns)
    linux_section: dict[str, Any] = {
        "namespaces": spaces,
        "cgroupsPath": f"{sandbox.cgroup_parent}/{sandbox.id}",
        "sysctl": dict(linux.sysctls),
        "resources": {"devices": [{"allow": False, "access": "rwm"}], "cpu": {"shares": 2}},
        "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    }
    profile = context.seccomp if context.HasField("seccomp") else None
    filtered = security.seccomp(profile, context.seccomp_profile_path, [])
    if filtered and not context.privileged:
        linux_section["seccomp"] = filtered
    if sandbox.mapped:
        linux_section |= sandbox.mapped.document
    document: dict[str, Any] = {
        "ociVersion": OCI_VERSION,
        "process": {
            "args": args,
            "cwd": "/",
            "env": ["PATH=/"],
            "user": user,
            "noNewPrivileges": True,
            "oomScoreAdj": resources.oom_score(_PAUSE_SCORE),
            "capabilities": {"bounding": [], "effective": [], "permitted": []},
        },
        "root": {"path": "rootfs", "readonly": True},
        "mounts": [
            *(mount for mount in mounts.usual(privileged=False) if mount["destination"] != "/sys/fs/cgroup"),
            mounts.bind(shm, "/dev/shm", "rw"),  # noqa: S108  # a place in the container
        ],
        "annotations": {"io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-id": sandbox.id},
        "linux": linux_section,
    }
    if sandbox.config.hostname and any(space["type"] == "uts" for space in spaces):
        document["hostname"] = sandbox.config.hostname
    return document
