"""Faults in namespaces and what the kernel keeps for each (config-linux.md)."""

from __future__ import annotations

import os

from reference_runtime.bugs.bend import add, change, drop, first, forgiving, keep, lose, swap, without
from reference_runtime.bugs.registry import Bug
from reference_runtime.constants import NAMESPACES
from reference_runtime.ops.namespaces import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Config = dict[str, Any]

_ALL = "linux.namespaces"


def _path_ignored(kind: str) -> Callable[[Config], None]:
    """A new namespace is created instead of the one to join."""
    return change(f"{_ALL}.*", lambda entry: {"type": kind} if entry["type"] == kind else entry)


def _always(kind: str) -> Callable[[Config], None]:
    def bend(config: Config) -> None:
        entries = config.setdefault("linux", {}).setdefault("namespaces", [])
        if not any(entry["type"] == kind for entry in entries):
            entries.append({"type": kind})

    return bend


def _not_joined(kind: str) -> Callable[[Config], None]:
    """The runtime's namespace is kept instead of the one to join."""
    return keep(_ALL, lambda entry: entry["type"] != kind or "path" not in entry)


def _once(config: Config) -> None:
    entries = config.get("linux", {}).get("namespaces", [])
    kinds = {entry["type"]: entry for entry in entries}
    entries[:] = kinds.values()


def _of_its_kind(entry: Config) -> bool:
    if "path" not in entry:
        return True
    descriptor = os.open(entry["path"], os.O_RDONLY)
    try:
        return kind_of(descriptor) == NAMESPACES[entry["type"]]
    finally:
        os.close(descriptor)


_KINDS = [
    *(
        Bug(
            f"namespace-{kind}-not-created",
            f"no {kind} namespace is created or joined",
            config=lose(_ALL, kind, "type"),
        )
        for kind in NAMESPACES
    ),
    *(
        Bug(
            f"namespace-{kind}-path-ignored",
            f"a new {kind} namespace is created instead of joining one",
            config=_path_ignored(kind),
        )
        for kind in NAMESPACES
    ),
    *(
        Bug(f"namespace-{kind}-not-joined", f"the {kind} namespace with a path is not joined", config=_not_joined(kind))
        for kind in NAMESPACES
    ),
    *(
        Bug(f"namespace-{kind}-always-created", f"a {kind} namespace is created, unasked", config=_always(kind))
        for kind in NAMESPACES
        if kind != "user"
    ),
    Bug(
        "namespaces-duplicates-accepted",
        "a namespace that is there twice is no error",
        skips=("namespaces-once",),
        config=_once,
    ),
    Bug(
        "namespaces-unknown-accepted",
        "a namespace type that is not known is no error",
        skips=("namespace type",),
        config=keep(_ALL, lambda entry: entry["type"] in NAMESPACES),
    ),
    Bug(
        "namespace-path-kind-unchecked",
        "a namespace file of another type is no error, and not joined",
        config=keep(_ALL, _of_its_kind),
    ),
    Bug(
        "namespace-path-missing-accepted",
        "a namespace file that is missing is no error, and not joined",
        config=keep(_ALL, lambda entry: os.path.exists(entry.get("path", "/"))),
    ),
]

_USERS = [
    *(
        Bug(
            f"{kind}-mappings-first-only",
            f"only the first range of {kind}s is mapped",
            config=first(f"linux.{kind}Mappings"),
        )
        for kind in ("uid", "gid")
    ),
    *(
        Bug(
            f"{kind}-mappings-shifted",
            f"{kind}s are mapped to the next ones of the host",
            config=add(f"linux.{kind}Mappings.*.hostID", 1),
        )
        for kind in ("uid", "gid")
    ),
    *(
        Bug(
            f"{kind}-mappings-short",
            f"the last {kind} of each range is not mapped",
            config=change(f"linux.{kind}Mappings.*.size", lambda size: max(1, size - 1)),
        )
        for kind in ("uid", "gid")
    ),
    Bug(
        "gid-mappings-are-uid",
        "groups are mapped as users are",
        config=change(
            "linux", lambda linux: linux | ({"gidMappings": linux["uidMappings"]} if "uidMappings" in linux else {})
        ),
    ),
]

_VALUES = [
    Bug("hostname-dropped", "the host name is not set", config=drop("hostname")),
    Bug(
        "hostname-truncated",
        "the host name ends at its first dot",
        config=change("hostname", lambda name: name.partition(".")[0]),
    ),
    Bug("domainname-dropped", "the domain name is not set", config=drop("domainname")),
    Bug(
        "domainname-is-hostname",
        "the host name becomes the domain name",
        config=change("domainname", lambda _: "seatrial"),
    ),
    Bug("time-offsets-dropped", "clocks are not offset", config=drop("linux.timeOffsets")),
    Bug(
        "time-offsets-swapped",
        "the offsets of the clocks are mixed up",
        config=swap("linux.timeOffsets", "monotonic", "boottime"),
    ),
    Bug(
        "time-offsets-nanosecs-dropped",
        "nanoseconds of offsets are ignored",
        config=drop("linux.timeOffsets.*.nanosecs"),
    ),
    Bug("time-offsets-first-only", "only the first clock is offset", config=first("linux.timeOffsets")),
    Bug(
        "time-offsets-unknown-accepted",
        "a clock that is not known is no error",
        skips=("clock",),
        config=keep("linux.timeOffsets", {"monotonic", "boottime"}.__contains__),
    ),
    Bug("sysctl-dropped", "kernel parameters are not set", config=drop("linux.sysctl")),
    Bug("sysctl-first-only", "only the first kernel parameter is set", config=first("linux.sysctl")),
    Bug("sysctl-unchecked", "kernel parameters of the host can be set", skips=("sysctl",)),
    Bug("sysctl-unknown-ignored", "a kernel parameter that is missing is no error", plan=forgiving("sysctl")),
    Bug("net-devices-dropped", "network devices are not moved", config=drop("linux.netDevices")),
    Bug("net-devices-not-renamed", "network devices keep their names", config=drop("linux.netDevices.*.name")),
    Bug("net-devices-left-down", "moved network devices stay down", plan=without("net-device-up")),
    Bug("loopback-down", "the loopback device of a new network namespace stays down", plan=without("loopback")),
]

BUGS = [*_KINDS, *_USERS, *_VALUES]
