"""Faults in control groups and filters (config-linux.md, "Control groups" and "Seccomp")."""

from __future__ import annotations

from reference_runtime.bugs.bend import add, all_but_last, change, drop, first, keep, put, reverse
from reference_runtime.bugs.registry import Bug

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_RESOURCES = "linux.resources"

#: Name of the fault -> property of linux.resources.
_DROPPED = {
    "memory-limit": "memory.limit",
    "memory-reservation": "memory.reservation",
    "memory-swap": "memory.swap",
    "memory-swappiness": "memory.swappiness",
    "memory-disable-oom-killer": "memory.disableOOMKiller",
    "memory": "memory",
    "pids-limit": "pids.limit",
    "cpu-shares": "cpu.shares",
    "cpu-quota": "cpu.quota",
    "cpu-period": "cpu.period",
    "cpu-burst": "cpu.burst",
    "cpu-idle": "cpu.idle",
    "cpu-realtime-runtime": "cpu.realtimeRuntime",
    "cpu-realtime-period": "cpu.realtimePeriod",
    "cpuset-cpus": "cpu.cpus",
    "cpuset-mems": "cpu.mems",
    "device-rules": "devices",
    "block-io": "blockIO",
    "block-io-weight": "blockIO.weight",
    "block-io-weight-devices": "blockIO.weightDevice",
    "block-io-read-bytes": "blockIO.throttleReadBpsDevice",
    "block-io-write-bytes": "blockIO.throttleWriteBpsDevice",
    "block-io-read-operations": "blockIO.throttleReadIOPSDevice",
    "block-io-write-operations": "blockIO.throttleWriteIOPSDevice",
    "huge-pages": "hugepageLimits",
    "network-class": "network.classID",
    "network-priorities": "network.priorities",
    "rdma": "rdma",
    "unified": "unified",
    "resources": "",
}


def _doubled(value: int) -> int:
    return value * 2 if value > 0 else value


_GROUPS = [
    *(
        Bug(f"{name}-dropped", f"{path or 'every limit'} is ignored", config=drop(f"{_RESOURCES}.{path}".rstrip(".")))
        for name, path in _DROPPED.items()
    ),
    Bug(
        "memory-limit-doubled",
        "the limit of memory is twice as high",
        config=change(f"{_RESOURCES}.memory.limit", _doubled),
    ),
    Bug("pids-limit-off-by-one", "one process more is allowed", config=add(f"{_RESOURCES}.pids.limit", 1)),
    Bug(
        "pids-limit-zero-ignored",
        "a limit of 0 processes is taken for none",
        config=change(f"{_RESOURCES}.pids", lambda pids: pids if pids.get("limit") else {}),
    ),
    Bug("cpu-quota-doubled", "the CPU quota is twice as high", config=change(f"{_RESOURCES}.cpu.quota", _doubled)),
    Bug(
        "cpuset-first-only",
        "only the first processor may be used",
        config=change(f"{_RESOURCES}.cpu.cpus", lambda text: text[:1]),
    ),
    Bug("device-rules-reversed", "rules for devices apply in reverse order", config=reverse(f"{_RESOURCES}.devices")),
    Bug("device-rules-first-only", "only the first rule for devices applies", config=first(f"{_RESOURCES}.devices")),
    Bug(
        "device-rules-last-dropped",
        "the last rule for devices does not apply",
        config=all_but_last(f"{_RESOURCES}.devices"),
    ),
    Bug("device-rules-allow-all", "every device may be used", config=put(f"{_RESOURCES}.devices", [{"allow": True}])),
    Bug(
        "device-rules-access-ignored",
        "rules for devices are about every access",
        config=drop(f"{_RESOURCES}.devices.*.access"),
    ),
    Bug("cgroups-path-ignored", "cgroupsPath is ignored", config=drop("linux.cgroupsPath")),
    Bug("cgroup-not-joined", "the process is not in the control groups"),
]


def _allow_all(seccomp: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in seccomp.items() if key != "defaultErrnoRet"} | {
        "defaultAction": "SCMP_ACT_ALLOW"
    }


def _let_through(action: str) -> str:
    return "SCMP_ACT_ALLOW" if action == "SCMP_ACT_NOTIFY" else action


_SECCOMP = "linux.seccomp"
_FILTERS = [
    Bug("seccomp-dropped", "system calls are not filtered", config=drop(_SECCOMP)),
    Bug("seccomp-default-allow", "what no rule names is allowed", config=change(_SECCOMP, _allow_all)),
    Bug("seccomp-rules-dropped", "no rule applies", config=drop(f"{_SECCOMP}.syscalls")),
    Bug("seccomp-first-rule-only", "only the first rule applies", config=first(f"{_SECCOMP}.syscalls")),
    Bug("seccomp-last-rule-dropped", "the last rule does not apply", config=all_but_last(f"{_SECCOMP}.syscalls")),
    Bug(
        "seccomp-first-name-only",
        "rules apply to their first system call alone",
        config=first(f"{_SECCOMP}.syscalls.*.names"),
    ),
    Bug("seccomp-args-ignored", "rules apply whatever the arguments", config=drop(f"{_SECCOMP}.syscalls.*.args")),
    Bug(
        "seccomp-first-argument-only",
        "only the first condition of a rule counts",
        config=first(f"{_SECCOMP}.syscalls.*.args"),
    ),
    Bug(
        "seccomp-argument-rules-dropped",
        "rules with conditions do not apply",
        config=keep(f"{_SECCOMP}.syscalls", lambda rule: not rule.get("args")),
    ),
    Bug("seccomp-errno-ignored", "refused calls fail with EPERM", config=drop(f"{_SECCOMP}.syscalls.*.errnoRet")),
    Bug(
        "seccomp-default-errno-ignored",
        "calls that no rule names fail with EPERM",
        config=drop(f"{_SECCOMP}.defaultErrnoRet"),
    ),
    Bug(
        "seccomp-action-errno",
        "what should kill only fails",
        config=change(f"{_SECCOMP}.syscalls.*.action", lambda action: "SCMP_ACT_ERRNO" if "KILL" in action else action),
    ),
    Bug(
        "seccomp-operators-equal",
        "every condition is an equation",
        config=change(f"{_SECCOMP}.syscalls.*.args.*.op", lambda _: "SCMP_CMP_EQ"),
    ),
    Bug(
        "seccomp-architectures-ignored",
        "only the native architecture is filtered",
        config=drop(f"{_SECCOMP}.architectures"),
    ),
    Bug("seccomp-flags-dropped", "flags of the filter are ignored", config=drop(f"{_SECCOMP}.flags")),
    Bug("seccomp-metadata-dropped", "the agent gets no metadata", config=drop(f"{_SECCOMP}.listenerMetadata")),
    Bug(
        "seccomp-notify-as-allow",
        "calls that an agent should decide about go through",
        config=change(f"{_SECCOMP}.syscalls.*.action", _let_through),
    ),
    Bug("seccomp-state-empty", "the agent is told nothing about the container"),
    Bug("seccomp-state-pid-wrong", "the agent is told the pid of another process"),
    Bug("seccomp-state-twice", "the agent is told the state twice over one connection"),
    Bug("seccomp-descriptor-unnamed", "the agent gets a descriptor without a name"),
    Bug("seccomp-listener-failure-ignored", "a seccomp agent that is not there is no error"),
    Bug("seccomp-listener-always", "the seccomp agent has to be there even if no rule notifies"),
]

BUGS = [*_GROUPS, *_FILTERS]
