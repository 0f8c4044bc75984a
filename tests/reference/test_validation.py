"""A configuration is judged property by property, and a refusal names the property."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from reference_runtime.errors import SpecError
from reference_runtime.validate import check
from strategies.config import base_config


def configured(path: str, value: Any) -> dict[str, Any]:
    config = base_config()
    *parents, name = path.split(".")
    place: Any = config
    for parent in parents:
        place = place.setdefault(parent, {})
    place[name] = value
    return config


def namespaces(*kinds: str) -> list[dict[str, str]]:
    return [{"type": kind} for kind in kinds]


def numbered(table: Sequence[tuple[Any, ...]]) -> list[str]:
    return [f"{row[0]}-{number}" for number, row in enumerate(table)]


ACCEPTED = [
    ("ociVersion", "1.3.7"),
    ("ociVersion", "1.0.2-dev"),
    ("ociVersion", "1.1.0+build.5"),
    ("process.args", ["a", ""]),
    ("process.env", ["", "=", "A", "A=1", "A=2"]),
    ("process.user", {"uid": 4294967294, "gid": 0, "umask": 0, "additionalGids": []}),
    ("process.rlimits", [{"type": "RLIMIT_NOFILE", "soft": 0, "hard": 18446744073709551615}]),
    ("process.capabilities", {"bounding": ["CAP_NOBODY_KNOWS"]}),
    ("process.consoleSize", {"width": 0, "height": 0}),
    ("process.oomScoreAdj", -1000),
    ("mounts", [{"destination": "relative", "type": "tmpfs"}]),
    ("mounts", [{"destination": "/a", "options": ["rshared"]}]),
    ("annotations", {"a": ""}),
    ("annotations", {}),
    ("hooks", {"somewhen": 5}),
    ("somethingNew", None),
    ("linux.namespaces", []),
    ("linux.devices", [{"type": "p", "path": "/pipe"}]),
    ("linux.timeOffsets", {}),
    ("windows", {"layerFolders": []}),
]

REFUSED = [
    ("ociVersion", "1", "ociVersion"),
    ("ociVersion", "01.0.0", "ociVersion"),
    ("ociVersion", "1.0.0-", "ociVersion"),
    ("ociVersion", "1.0.0-01", "ociVersion"),
    ("ociVersion", "0.9.0", "ociVersion"),
    ("ociVersion", "1.0.0-rc5", "ociVersion"),
    ("ociVersion", "1.4.0", "ociVersion"),
    ("ociVersion", "2.0.0", "ociVersion"),
    ("ociVersion", 1, "ociVersion"),
    ("root", None, "root"),
    ("root", {}, "root.path"),
    ("root", {"path": ""}, "root.path"),
    ("root.readonly", "yes", "root.readonly"),
    ("process", [], "process"),
    ("process.args", [], "process.args"),
    ("process.args", ["a\0b"], "process.args[0]"),
    ("process.args", ["\ud800"], "process.args[0]"),
    ("process.cwd", "tmp", "process.cwd"),
    ("process.user", {"uid": 0}, "process.user.gid"),
    ("process.user.uid", -1, "process.user.uid"),
    ("process.user.uid", 4294967295, "process.user.uid"),
    ("process.user.uid", True, "process.user.uid"),
    ("process.user.uid", 1.0, "process.user.uid"),
    ("process.user.umask", 0o1000, "process.user.umask"),
    ("process.rlimits", [{"type": "RLIMIT_FUN", "soft": 1, "hard": 1}], "process.rlimits[0].type"),
    ("process.rlimits", [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}], "process.rlimits[0]"),
    ("process.rlimits", [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}] * 2, "process.rlimits[1]"),
    ("process.rlimits", [{"type": "RLIMIT_CPU", "soft": 1}], "process.rlimits[0].hard"),
    ("process.oomScoreAdj", 1001, "process.oomScoreAdj"),
    ("process.ioPriority", {"class": "IOPRIO_CLASS_RT", "priority": 8}, "process.ioPriority.priority"),
    ("process.scheduler", {"policy": "SCHED_LIFO"}, "process.scheduler.policy"),
    ("process.scheduler", {"policy": "SCHED_OTHER", "nice": 20}, "process.scheduler.nice"),
    ("process.execCPUAffinity", {"initial": "0-"}, "process.execCPUAffinity.initial"),
    ("process.execCPUAffinity", {"final": "3-1"}, "process.execCPUAffinity.final"),
    ("mounts", [{"type": "tmpfs"}], "mounts[0].destination"),
    ("mounts", [{"destination": "/a"}], "mounts[0].type"),
    ("mounts", [{"destination": "/a", "options": ["bind"]}], "mounts[0].source"),
    ("mounts", [{"destination": "/a", "type": "tmpfs", "options": ["idmap"]}], "mounts[0].options"),
    (
        "mounts",
        [{"destination": "/a", "type": "tmpfs", "uidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]}],
        "mounts[0].uidMappings",
    ),
    ("annotations", {"": "a"}, "annotations"),
    ("annotations", {"a": 1}, "annotations.a"),
    ("hooks", {"prestart": [{"path": "bin/true"}]}, "hooks.prestart[0].path"),
    ("hooks", {"poststop": [{"path": "/bin/true", "timeout": 0}]}, "hooks.poststop[0].timeout"),
    ("linux.namespaces", namespaces("net"), "linux.namespaces[0].type"),
    ("linux.namespaces", namespaces("pid", "mount", "pid"), "linux.namespaces[2]"),
    ("linux.namespaces", [{"type": "pid", "path": "proc"}], "linux.namespaces[0].path"),
    ("linux.uidMappings", [{"containerID": 0, "hostID": 0, "size": 1}], "linux.uidMappings"),
    ("linux.timeOffsets", {"monotonic": {"secs": 1}}, "linux.timeOffsets"),
    ("linux.timeOffsets", {"realtime": {"secs": 1}}, "linux.timeOffsets"),
    ("linux.devices", [{"type": "c", "path": "/a", "major": 1}], "linux.devices[0].minor"),
    ("linux.devices", [{"type": "z", "path": "/a", "major": 1, "minor": 1}], "linux.devices[0].type"),
    ("linux.devices", [{"type": "p", "path": "a"}], "linux.devices[0].path"),
    ("linux.maskedPaths", ["proc"], "linux.maskedPaths[0]"),
    ("linux.readonlyPaths", ["proc"], "linux.readonlyPaths[0]"),
    ("linux.rootfsPropagation", "sideways", "linux.rootfsPropagation"),
    ("linux.sysctl", {"vm.swappiness": "1"}, "linux.sysctl"),
    ("linux.sysctl", {"net.ipv4.ip_forward": "1"}, "linux.sysctl"),
    ("linux.sysctl", {"kernel.../shmmax": "1"}, "linux.sysctl"),
    ("linux.personality", {"domain": "BSD"}, "linux.personality.domain"),
    ("linux.personality", {"domain": "LINUX", "flags": ["X"]}, "linux.personality.flags"),
    ("linux.memoryPolicy", {"mode": "MPOL_DEFAULT", "nodes": "0"}, "linux.memoryPolicy.nodes"),
    ("linux.memoryPolicy", {"mode": "MPOL_BIND"}, "linux.memoryPolicy.nodes"),
    ("linux.memoryPolicy", {"mode": "MPOL_BIND", "nodes": "x"}, "linux.memoryPolicy.nodes"),
    ("linux.netDevices", {"eth0": {}}, "linux.netDevices"),
    ("linux.intelRdt", {"memBwSchema": "L3:0=1"}, "linux.intelRdt.memBwSchema"),
    ("linux.intelRdt", {"schemata": ["MB:0=1\nMB:1=1"]}, "linux.intelRdt"),
]


def test_the_base_config_is_valid() -> None:
    check(base_config())


@pytest.mark.parametrize(("path", "value"), ACCEPTED, ids=numbered(ACCEPTED))
def test_valid(path: str, value: Any) -> None:
    check(configured(path, value))


@pytest.mark.parametrize(("path", "value", "named"), REFUSED, ids=numbered(REFUSED))
def test_invalid(path: str, value: Any, named: str) -> None:
    with pytest.raises(SpecError) as refusal:
        check(configured(path, value))
    message = str(refusal.value)
    assert message.startswith(named) and "\n" not in message


@pytest.mark.parametrize("name", ["ociVersion", "root"])
def test_required(name: str) -> None:
    config = base_config()
    del config[name]
    with pytest.raises(SpecError, match=f"^{name}: it is required"):
        check(config)


@pytest.mark.parametrize("document", [None, [], "text", 5])
def test_a_config_is_an_object(document: Any) -> None:
    with pytest.raises(SpecError, match=r"^config\.json: an object is wanted"):
        check(document)


def test_ids_of_the_process_need_mappings() -> None:
    config = configured("linux.namespaces", namespaces("user", "mount"))
    config["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 1000, "size": 1}]
    with pytest.raises(SpecError, match=r"^process\.user\.gid: 0 is not mapped"):
        check(config)
    config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 1000, "size": 1}]
    check(config)


@pytest.mark.parametrize(
    "ranges",
    [
        [{"containerID": 0, "hostID": 0, "size": 0}],
        [{"containerID": 4294967295, "hostID": 0, "size": 1}],
        [{"containerID": 0, "hostID": 0, "size": 2}, {"containerID": 1, "hostID": 5, "size": 1}],
        [{"containerID": 0, "hostID": 0, "size": 2}, {"containerID": 5, "hostID": 1, "size": 1}],
    ],
)
def test_ranges_of_ids_are_ranges(ranges: list[dict[str, int]]) -> None:
    config = configured("linux.namespaces", namespaces("user"))
    config["linux"]["uidMappings"] = ranges
    with pytest.raises(SpecError, match=r"^linux\.uidMappings\["):
        check(config)
