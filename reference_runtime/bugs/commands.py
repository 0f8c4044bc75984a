"""Faults in values of control groups and filters, and in the commands that users type besides."""

from __future__ import annotations

import os

from reference_runtime.bugs.bend import both, change, drop, first, keep, put, swap
from reference_runtime.bugs.registry import Bug

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Object = dict[str, Any]

_RESOURCES = "linux.resources"
_THROTTLES = ("ReadBps", "WriteBps", "ReadIOPS", "WriteIOPS")
_RULES = "linux.seccomp.syscalls.*"
_ERRNO_ACTIONS = {"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"}
_ACTIONS = {"KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "TRACE", "ALLOW", "LOG", "NOTIFY"}


def _minor_zero(rule: Object) -> Object:
    return {"minor": 0} | rule if "major" in rule else rule


def _without_errno(rule: Object) -> Object:
    return {key: value for key, value in rule.items() if key != "errnoRet" or rule.get("action") in _ERRNO_ACTIONS}


def _errno_38(rule: Object) -> Object:
    return {"errnoRet": 38} | rule if rule.get("action") == "SCMP_ACT_ERRNO" else rule


def _allowed_if_unknown(action: str) -> str:
    return action if action.removeprefix("SCMP_ACT_") in _ACTIONS else "SCMP_ACT_ALLOW"


def _without_filter_unless_bound(config: Object) -> None:
    if not config.get("process", {}).get("noNewPrivileges"):
        config.get("linux", {}).pop("seccomp", None)


_VALUES = [
    Bug(
        "memory-limit-truncated",
        "the limit of memory is cut to 32 bits",
        config=change(f"{_RESOURCES}.memory.limit", lambda limit: limit & 0xFFFFFFFF),
    ),
    Bug(
        "memory-unlimited-limited",
        "a limit of memory of -1 is a gigabyte",
        config=change(f"{_RESOURCES}.memory.limit", lambda limit: 1 << 30 if limit == -1 else limit),
    ),
    Bug(
        "memory-swappiness-cut",
        "swappiness above 100 is taken for 100",
        before=change(f"{_RESOURCES}.memory.swappiness", lambda value: min(value, 100)),
    ),
    Bug(
        "pids-unlimited-limited",
        "a limit of -1 processes is one of 100",
        config=change(f"{_RESOURCES}.pids.limit", lambda limit: 100 if limit == -1 else limit),
    ),
    Bug(
        "device-rules-number-zero",
        "a rule for devices without a minor number is for number 0",
        config=change(f"{_RESOURCES}.devices.*", _minor_zero),
    ),
    Bug(
        "device-rules-characters-only",
        "every rule for devices is for character devices",
        config=change(f"{_RESOURCES}.devices.*.type", lambda _: "c"),
    ),
    Bug(
        "block-io-first-device-only",
        "only the first device is throttled",
        config=both(*(first(f"{_RESOURCES}.blockIO.throttle{which}Device") for which in _THROTTLES)),
    ),
    Bug(
        "cgroups-path-random",
        "cgroupsPath leads somewhere else each time",
        config=change("linux.cgroupsPath", lambda path: f"{path}-{os.getpid()}"),
    ),
    Bug(
        "unified-unknown-dropped",
        "a key of unified that no controller has is passed over",
        config=keep(f"{_RESOURCES}.unified", lambda name: name.split(".")[0] in {"memory", "pids", "cpu", "io"}),
    ),
]

_FILTERS = [
    Bug("seccomp-errno-default-wrong", "refused calls fail with ENOSYS", config=change(_RULES, _errno_38)),
    Bug(
        "seccomp-log-as-errno",
        "what should be logged fails",
        config=change(f"{_RULES}.action", lambda action: action.replace("ACT_LOG", "ACT_ERRNO")),
    ),
    Bug("seccomp-always", "there is a filter, unasked", config=put("linux.seccomp", {"defaultAction": "SCMP_ACT_LOG"})),
    Bug(
        "seccomp-needs-no-new-privileges",
        "without noNewPrivileges system calls are not filtered",
        config=_without_filter_unless_bound,
    ),
    Bug("seccomp-errno-unchecked", "errnoRet may stand where it means nothing", before=change(_RULES, _without_errno)),
    Bug(
        "seccomp-unknown-action-accepted",
        "an action that does not exist lets calls through",
        before=change(f"{_RULES}.action", _allowed_if_unknown),
    ),
    Bug(
        "seccomp-values-truncated",
        "values of conditions are cut to 32 bits",
        config=change(f"{_RULES}.args.*.value", lambda value: value & 0xFFFFFFFF),
    ),
    Bug("seccomp-flags-ignored", "flags of the filter are not even looked at", before=drop("linux.seccomp.flags")),
    Bug(
        "seccomp-mask-swapped",
        "the two values of conditions change places",
        config=swap(f"{_RULES}.args.*", "value", "valueTwo"),
    ),
    Bug("seccomp-value-two-dropped", "the second value of conditions is 0", config=drop(f"{_RULES}.args.*.valueTwo")),
]

_COMMANDS = [
    Bug("delete-keeps-parent-cgroups", "delete removes only the last control group of a path"),
    Bug("state-id-cut", "the state has the first 32 letters of the id", state=change("id", lambda text: text[:32])),
    Bug("state-id-lower", "the id in the state is in lower case", state=change("id", str.lower)),
    Bug("list-forgets", "list shows no container"),
    Bug("ps-empty", "ps shows no process"),
    Bug("run-status-zero", "run always ends with exit status 0"),
    Bug("events-empty", "events tells nothing of what is used"),
    Bug("update-does-nothing", "update changes no limit"),
    Bug("spec-invalid", "spec writes a config without a root"),
    Bug("kill-reaches-everyone", "kill signals every process of the container"),
]

BUGS = [*_VALUES, *_FILTERS, *_COMMANDS]
