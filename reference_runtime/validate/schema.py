"""The types of config.json, property by property, as config.md and config-linux.md give them."""

from __future__ import annotations

from reference_runtime import constants
from reference_runtime.validate.shapes import (
    INT32,
    INT64,
    UINT32,
    UINT64,
    absolute,
    array,
    boolean,
    filled,
    integer,
    mapping,
    one_of,
    record,
    text,
)

_TEXTS = array(text)
_ID = integer(0, (1 << 32) - 2)  # the last number means "no change" to chown(2) and its kin

_MAPPING = record({"containerID!": UINT32, "hostID!": UINT32, "size!": UINT32})
_MAPPINGS = array(_MAPPING)

_MOUNT = record(
    {
        "destination!": filled,
        "source": text,
        "type": text,
        "options": _TEXTS,
        "uidMappings": _MAPPINGS,
        "gidMappings": _MAPPINGS,
    }
)

_HOOK = record({"path!": absolute, "args": _TEXTS, "env": _TEXTS, "timeout": integer(1, (1 << 63) - 1)})

_SCHEDULER = record(
    {
        "policy!": one_of(constants.SCHEDULERS, "scheduling policy"),
        "nice": integer(-20, 19),
        "priority": INT32,
        "flags": array(one_of(constants.SCHEDULER_FLAGS, "scheduling flag")),
        "runtime": UINT64,
        "deadline": UINT64,
        "period": UINT64,
    }
)

PROCESS = record(
    {
        "terminal": boolean,
        "consoleSize": record({"height!": UINT64, "width!": UINT64}),
        "cwd!": absolute,
        "env": _TEXTS,
        "args": _TEXTS,
        "user": record({"uid!": _ID, "gid!": _ID, "umask": integer(0, 0o777), "additionalGids": array(_ID)}),
        "rlimits": array(
            record({"type!": one_of(constants.RLIMITS, "resource limit"), "soft!": UINT64, "hard!": UINT64})
        ),
        "apparmorProfile": text,
        "capabilities": record(dict.fromkeys(constants.CAPABILITY_SETS, _TEXTS)),
        "noNewPrivileges": boolean,
        "oomScoreAdj": integer(-1000, 1000),
        "scheduler": _SCHEDULER,
        "selinuxLabel": text,
        "ioPriority": record(
            {"class!": one_of(constants.IO_CLASSES, "I/O scheduling class"), "priority!": integer(0, 7)}
        ),
        "execCPUAffinity": record({"initial": text, "final": text}),
    }
)

#: What the packages of control groups and system call filters take apart and judge themselves.
_JUDGED_ELSEWHERE = record({})

_LINUX = record(
    {
        "namespaces": array(
            record({"type!": one_of(sorted(constants.NAMESPACES), "namespace type"), "path": absolute})
        ),
        "uidMappings": _MAPPINGS,
        "gidMappings": _MAPPINGS,
        "timeOffsets": mapping(
            record({"secs": INT64, "nanosecs": integer(0, 999_999_999)}), one_of(constants.CLOCKS, "clock")
        ),
        "devices": array(
            record(
                {
                    "type!": one_of("cbup", "device type"),
                    "path!": absolute,
                    "major": INT64,
                    "minor": INT64,
                    "fileMode": integer(0, 0o7777),
                    "uid": _ID,
                    "gid": _ID,
                }
            )
        ),
        "netDevices": mapping(record({"name": text})),
        "cgroupsPath": text,
        "resources": _JUDGED_ELSEWHERE,
        "intelRdt": record(
            {
                "closID": text,
                "l3CacheSchema": text,
                "memBwSchema": text,
                "schemata": _TEXTS,
                "enableMonitoring": boolean,
            }
        ),
        "memoryPolicy": record(
            {
                "mode!": one_of(constants.MEMORY_POLICIES, "memory policy"),
                "nodes": text,
                "flags": array(one_of(constants.MEMORY_POLICY_FLAGS, "memory policy flag")),
            }
        ),
        "sysctl": mapping(text),
        "seccomp": _JUDGED_ELSEWHERE,
        "rootfsPropagation": one_of(constants.ROOT_PROPAGATIONS, "propagation"),
        "maskedPaths": array(absolute),
        "readonlyPaths": array(absolute),
        "mountLabel": text,
        "personality": record({"domain!": one_of(constants.PERSONALITIES, "execution domain"), "flags": array(text)}),
    }
)

CONFIG = record(
    {
        "ociVersion!": text,
        "root!": record({"path!": filled, "readonly": boolean}),
        "mounts": array(_MOUNT),
        "process": PROCESS,
        "hostname": text,
        "domainname": text,
        "hooks": record(dict.fromkeys(constants.HOOKS, array(_HOOK))),
        "annotations": mapping(text, filled),
        "linux": _LINUX,
    }
)
