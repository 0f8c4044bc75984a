"""Faults in the order and number of namespaces, in their mappings, and in what is moved into them (config-linux.md)."""

from __future__ import annotations

import os

from reference_runtime.bugs.bend import all_but_last, around, both, change, drop, first, forgiving, put, without
from reference_runtime.bugs.registry import Bug
from reference_runtime.errors import SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Config = dict[str, Any]

_EVERYBODY = {"containerID": 0, "hostID": 0, "size": 0xFFFFFFFF}


def _always_user(config: Config) -> None:
    linux = config.setdefault("linux", {})
    entries = linux.setdefault("namespaces", [])
    if not any(entry["type"] == "user" for entry in entries):
        entries.append({"type": "user"})
        linux["uidMappings"] = linux["gidMappings"] = [_EVERYBODY]


def _made_to_fit(ranges: list[Config]) -> list[Config]:
    """Only the first range, with numbers that are valid ones."""
    return [{name: _valid(number) or int(name == "size") for name, number in entry.items()} for entry in ranges[:1]]


def _valid(number: Any) -> int:
    return number if type(number) is int and 0 <= number < 1 << 32 else 0


def _refuse_default_policy(mode: str) -> str:
    if mode == "MPOL_DEFAULT":
        raise SpecError("linux.memoryPolicy.mode: it is the default anyway")
    return mode


def _give_root_away(op: Any) -> None:
    """The owner of the root filesystem becomes the one who is root inside."""
    if op.subject == "user" and getattr(op, "arguments", ()):
        run = op.arguments[0]
        ids = (run.linux[name][0]["hostID"] for name in ("uidMappings", "gidMappings"))
        os.chown(run.rootfs, *ids)
    op.execute()


def _twice(op: Any) -> None:
    op.execute()
    op.execute()


_NET_DEVICE_STEPS = ("net-devices-check", "net-device", "net-device-addresses", "net-device-up")

BUGS = [
    Bug("namespace-user-always-created", "a user namespace is created, unasked", config=_always_user),
    Bug("namespaces-first-only", "only the first namespace is created", config=first("linux.namespaces")),
    Bug("namespaces-last-dropped", "the last namespace is not created", config=all_but_last("linux.namespaces")),
    Bug(
        "host-propagation-kept",
        "mounts of the container reach the runtime's",
        plan=without("host-propagation"),
    ),
    Bug("root-mounted-twice", "the root is mounted once more than it is unmounted", plan=around("root", _twice)),
    Bug(
        "mappings-made-to-fit",
        "of ranges of ids that do not fit only the first is mapped",
        before=both(change("linux.uidMappings", _made_to_fit), change("linux.gidMappings", _made_to_fit)),
    ),
    Bug("mapped-root-given-away", "root inside gets the root filesystem", plan=around("namespace", _give_root_away)),
    Bug("time-offsets-failures-ignored", "a clock that can not be offset is no error", plan=forgiving("time-offset")),
    Bug(
        "personality-always-linux32",
        "every program runs in the domain LINUX32",
        config=put("linux.personality", {"domain": "LINUX32"}),
    ),
    Bug(
        "personality-flags-ignored",
        "flags of the personality are no error",
        skips=("personality",),
        config=drop("linux.personality.flags"),
    ),
    Bug("memory-policy-flags-dropped", "memory policies have no flags", config=drop("linux.memoryPolicy.flags")),
    Bug(
        "memory-policy-failures-ignored",
        "a memory policy that can not be set is no error",
        skips=("types", "memory-policy"),
        config=put("linux.memoryPolicy", {"mode": "MPOL_DEFAULT"}),
    ),
    Bug(
        "memory-policy-default-refused",
        "the memory policy MPOL_DEFAULT is an error",
        config=change("linux.memoryPolicy.mode", _refuse_default_policy),
    ),
    Bug(
        "sysctl-failures-ignored",
        "a kernel parameter that can not be set is no error",
        skips=("sysctl",),
        plan=forgiving("sysctl"),
    ),
    Bug("intel-rdt-ignored", "intelRdt is ignored", config=drop("linux.intelRdt")),
    Bug("net-devices-first-only", "only the first network device is moved", config=first("linux.netDevices")),
    Bug(
        "net-devices-addresses-lost",
        "moved network devices have no addresses",
        plan=without("net-device-addresses"),
    ),
    Bug(
        "net-devices-failures-ignored",
        "a network device that can not be moved is no error",
        plan=forgiving(*_NET_DEVICE_STEPS),
    ),
]
