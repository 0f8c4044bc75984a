"""What the specification demands of a config.json beyond the types of its properties.

Each rule has a name, so that a deliberate fault can leave it out.  Rules look at the document alone: what only the host
can tell is found out when the plan is made or executed.
"""

from __future__ import annotations

from reference_runtime import faults
from reference_runtime.errors import SpecError
from reference_runtime.validate import sysctls
from reference_runtime.validate.mounts import check_mounts
from reference_runtime.validate.numbers import listed
from reference_runtime.validate.schema import CONFIG
from reference_runtime.validate.users import check_mappings
from reference_runtime.validate.versions import check_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Config = dict[str, Any]


def check(config: Any) -> None:
    """Raises SpecError for the first property that is not as it must be."""
    if not faults.skips("types"):
        CONFIG(config, "")
    for name, rule in RULES.items():
        if not faults.skips(name):
            rule(config)


def section(config: Config, *path: str) -> Config:
    """An object within the config, empty when it is absent."""
    for name in path:
        config = config.get(name) or {}
    return config


def check_process(process: Config) -> None:
    """The rules on a process, be it the container's or one of ``exec``."""
    for name, rule in PROCESS_RULES.items():
        if not faults.skips(name):
            rule(process)


def _version(config: Config) -> None:
    check_version(config["ociVersion"])


def _process(config: Config) -> None:
    if "process" in config:
        check_process(config["process"])


def _args(process: Config) -> None:
    if not process.get("args"):
        raise SpecError("process.args: at least one entry is required")


def _rlimits(process: Config) -> None:
    for index, limit in enumerate(process.get("rlimits", ())):
        if limit["soft"] > limit["hard"]:
            raise SpecError(f"process.rlimits[{index}]: soft {limit['soft']} is above hard {limit['hard']}")


def _rlimits_once(process: Config) -> None:
    _once("process.rlimits", [limit["type"] for limit in process.get("rlimits", ())])


def _affinity(process: Config) -> None:
    for name, text in section(process, "execCPUAffinity").items():
        if name in ("initial", "final"):
            listed(text, f"process.execCPUAffinity.{name}")


def _namespaces_once(config: Config) -> None:
    _once("linux.namespaces", [entry["type"] for entry in section(config, "linux").get("namespaces", ())])


def _once(where: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise SpecError(f"{where}[{index}]: {name} is there twice")


def _time_offsets(config: Config) -> None:
    if section(config, "linux", "timeOffsets") and not _created(config, "time"):
        raise SpecError("linux.timeOffsets: they can be set only for a new time namespace, and none is configured")


def _created(config: Config, kind: str) -> bool:
    entries = section(config, "linux").get("namespaces", ())
    return any(entry["type"] == kind and "path" not in entry for entry in entries)


def _devices(config: Config) -> None:
    for index, device in enumerate(section(config, "linux").get("devices", ())):
        for name in ("major", "minor"):
            if device["type"] != "p" and name not in device:
                raise SpecError(f"linux.devices[{index}].{name}: it is required for a device of type {device['type']}")


def _net_devices(config: Config) -> None:
    linux = section(config, "linux")
    for name, entry in linux.get("netDevices", {}).items():
        for word in (name, entry.get("name", name)):
            if not 0 < len(word) < 16 or word in {".", ".."} or "/" in word or any(map(str.isspace, word)):
                raise SpecError(f"linux.netDevices.{name}: {word!r} can not be the name of a network device")
    if linux.get("netDevices") and not any(entry["type"] == "network" for entry in linux.get("namespaces", ())):
        raise SpecError("linux.netDevices: without a network namespace there is nowhere to move devices to")


def _personality(config: Config) -> None:
    if section(config, "linux", "personality").get("flags"):
        raise SpecError("linux.personality.flags: no flag is supported")


def _memory_policy(config: Config) -> None:
    policy = section(config, "linux", "memoryPolicy")
    nodes = listed(policy.get("nodes", ""), "linux.memoryPolicy.nodes")
    mode = policy.get("mode", "")
    if nodes and mode in {"MPOL_DEFAULT", "MPOL_LOCAL"}:
        raise SpecError(f"linux.memoryPolicy.nodes: {mode} takes no nodes")
    if not nodes and mode in {"MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED_MANY"}:
        raise SpecError(f"linux.memoryPolicy.nodes: {mode} needs at least one node")


def _intel_rdt(config: Config) -> None:
    rdt = section(config, "linux", "intelRdt")
    if "memBwSchema" in rdt and not rdt["memBwSchema"].startswith("MB:"):
        raise SpecError("linux.intelRdt.memBwSchema: it must begin with MB:")
    for line in (rdt.get("memBwSchema", ""), *rdt.get("schemata", ())):
        if "\n" in line:
            raise SpecError("linux.intelRdt: a line of a schema must not contain a newline")
    name = rdt.get("closID", "/")
    if name != "/" and (not name or "/" in name or name in {".", ".."}):
        raise SpecError(f"linux.intelRdt.closID: {name!r} is no name of a directory")


def _sysctl(config: Config) -> None:
    sysctls.check_sysctl(config)


PROCESS_RULES: dict[str, Callable[[Config], None]] = {
    "args": _args,
    "rlimits": _rlimits,
    "rlimits-once": _rlimits_once,
    "affinity": _affinity,
}

RULES: dict[str, Callable[[Config], None]] = {
    "version": _version,
    "process": _process,
    "namespaces-once": _namespaces_once,
    "mappings": check_mappings,
    "mounts": check_mounts,
    "time-offsets": _time_offsets,
    "devices": _devices,
    "net-devices": _net_devices,
    "sysctl": _sysctl,
    "personality": _personality,
    "memory-policy": _memory_policy,
    "intel-rdt": _intel_rdt,
}
