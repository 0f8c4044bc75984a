"""Which version of the runtime specification brought which field of config.json.

Read from the tags of https://github.com/opencontainers/runtime-spec: a field counts from the first version whose
config.md or config-linux.md has it.  What is not listed here is as old as 1.0.0, or is unknown to every version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OLDEST = "1.0.0"
VERSIONS = (OLDEST, "1.0.1", "1.0.2", "1.1.0", "1.2.0", "1.2.1", "1.3.0")

#: Paths of fields; ``[]`` stands for each entry of a list.
FIELDS: Mapping[str, str] = {
    "process.commandLine": "1.0.2",
    "process.user.umask": "1.0.2",
    "hooks.createRuntime": "1.0.2",
    "hooks.createContainer": "1.0.2",
    "hooks.startContainer": "1.0.2",
    "linux.intelRdt.closID": "1.0.2",
    "linux.intelRdt.memBwSchema": "1.0.2",
    "linux.personality": "1.0.2",
    "linux.resources.memory.useHierarchy": "1.0.2",
    "linux.resources.rdma": "1.0.2",
    "linux.seccomp.flags": "1.0.2",
    "vm": "1.0.2",
    "domainname": "1.1.0",
    "mounts[].uidMappings": "1.1.0",
    "mounts[].gidMappings": "1.1.0",
    "process.ioPriority": "1.1.0",
    "process.scheduler": "1.1.0",
    "linux.intelRdt.enableCMT": "1.1.0",
    "linux.intelRdt.enableMBM": "1.1.0",
    "linux.resources.cpu.burst": "1.1.0",
    "linux.resources.cpu.idle": "1.1.0",
    "linux.resources.memory.checkBeforeUpdate": "1.1.0",
    "linux.resources.unified": "1.1.0",
    "linux.seccomp.defaultErrnoRet": "1.1.0",
    "linux.seccomp.listenerPath": "1.1.0",
    "linux.seccomp.listenerMetadata": "1.1.0",
    "linux.seccomp.syscalls[].errnoRet": "1.1.0",
    "linux.timeOffsets": "1.1.0",
    "zos": "1.1.0",
    "process.execCPUAffinity": "1.2.1",
    "freebsd": "1.3.0",
    "linux.intelRdt.enableMonitoring": "1.3.0",
    "linux.intelRdt.schemata": "1.3.0",
    "linux.memoryPolicy": "1.3.0",
    "linux.netDevices": "1.3.0",
}

_ACTIONS = {
    "SCMP_ACT_LOG": "1.0.2",
    "SCMP_ACT_KILL_PROCESS": "1.1.0",
    "SCMP_ACT_KILL_THREAD": "1.1.0",
    "SCMP_ACT_NOTIFY": "1.1.0",
}
_NEW_ARCHITECTURES = ("LOONGARCH64", "M68K", "SH", "SHEB")
#: Values of fields that came after the field itself.
VALUES: Mapping[str, Mapping[str, str]] = {
    "linux.namespaces[].type": {"time": "1.1.0"},
    "linux.seccomp.defaultAction": _ACTIONS,
    "linux.seccomp.syscalls[].action": _ACTIONS,
    "linux.seccomp.flags[]": {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": "1.1.0"},
    "linux.seccomp.architectures[]": {"SCMP_ARCH_RISCV64": "1.1.0"}
    | {f"SCMP_ARCH_{name}": "1.2.1" for name in _NEW_ARCHITECTURES},
    # Only the options that a runtime may not take for unknown ones and hand to the filesystem: a config of any version
    # can have those that the table of 1.1.0 brought.
    "mounts[].options[]": {"idmap": "1.2.0", "ridmap": "1.2.0"},
}


def lowest_version(config: Mapping[str, Any]) -> str:
    """The oldest version that knows every field and value of ``config``."""
    return newest(OLDEST, *(_since(path, value) for path, value in _fields(config, "")))


def newest(*versions: str) -> str:
    """The newest of some released versions."""
    return max(versions, key=VERSIONS.index)


def _fields(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _fields(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _fields(item, f"{path}[]")


def _since(path: str, value: Any) -> str:
    if path in FIELDS:
        return FIELDS[path]
    if isinstance(value, str):
        return VALUES.get(path, {}).get(value) or _since_shape(path, value)
    return _since_number(path, value)


def _since_shape(path: str, value: str) -> str:
    """Relative mount destinations were errors on Linux before 1.2.0."""
    return "1.2.0" if path == "mounts[].destination" and not value.startswith("/") else OLDEST


def _since_number(path: str, value: Any) -> str:
    """The limit of pids was required before 1.3.0, which alone says what numbers below 1 mean."""
    if path == "linux.resources.pids" and isinstance(value, dict) and "limit" not in value:
        return "1.3.0"
    below_one = path == "linux.resources.pids.limit" and isinstance(value, int) and value < 1
    return "1.3.0" if below_one else OLDEST
