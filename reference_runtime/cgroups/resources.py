"""``linux.resources`` compiled to operations on one container's control groups (config-linux.md, "Control groups").

Each function yields the operations of one section and knows both versions of the controllers that the section needs.
"""

from __future__ import annotations

from reference_runtime.cgroups import values
from reference_runtime.cgroups.blockio import block_io
from reference_runtime.cgroups.memory import memory
from reference_runtime.cgroups.operations import KeepFirst, Together, Write
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from reference_runtime.cgroups.group import Cgroup
    from reference_runtime.cgroups.operations import ResourceOp

    Resources = dict[str, Any]

_BANDWIDTH = (
    ("period", "cpu.cfs_period_us", 1, values.U64),
    ("quota", "cpu.cfs_quota_us", -1, values.I64),
    ("burst", "cpu.cfs_burst_us", 0, values.U64),
)


def operations(cgroup: Cgroup, resources: Resources) -> Iterator[ResourceOp]:
    """Every operation but those on devices, in an order that the kernel takes; invalid values raise SpecError.

    RuntimeFault names a controller that a property needs and this host does not have.
    """
    for part in _SECTIONS:
        yield from part(cgroup, resources)


def _cpu(cgroup: Cgroup, resources: Resources) -> Iterator[ResourceOp]:
    cpu = values.section(resources, "cpu")
    yield from _shares(cgroup, cpu)
    yield from _bandwidth(cgroup, cpu)
    yield from _realtime(cgroup, cpu)


def _shares(cgroup: Cgroup, cpu: Resources) -> Iterator[ResourceOp]:
    """Weight and idleness: an idle group has the least weight, and the kernel takes no other for it."""
    shares = values.number(cpu, "shares", "cpu.shares", 0, values.U64)
    idle = values.number(cpu, "idle", "cpu.idle", 0, 1)
    writes = []
    if idle is not None:
        folder, _ = cgroup.home("cpu", "cpu.idle")
        writes.append(Write("cpu.idle", folder, ("cpu.idle", str(idle))))
    # Zero is what callers pass that have no wish.
    if shares and idle != 1:
        folder, version = cgroup.home("cpu", "cpu.shares")
        choice = ("cpu.shares", str(shares)) if version == 1 else ("cpu.weight", str(values.weight_of_shares(shares)))
        writes.append(Write("cpu.shares", folder, choice))
    if writes:
        yield Together(writes)


def _bandwidth(cgroup: Cgroup, cpu: Resources) -> Iterator[ResourceOp]:
    given = {
        key: value
        for key, _, least, most in _BANDWIDTH
        if (value := values.number(cpu, key, f"cpu.{key}", least if key == "quota" else 0, most)) is not None
    }
    if 0 < given.get("quota", 0) < given.get("burst", 0):
        raise values.invalid("cpu.burst", f"{given['burst']} must not be larger than cpu.quota {given['quota']}")
    # Zero is what callers pass that have no wish; only a burst of zero says something.
    given = {key: value for key, value in given.items() if value or key == "burst"}
    if not given:
        return
    folder, version = cgroup.home("cpu", f"cpu.{next(iter(given))}")
    if version == 1:
        names = {key: name for key, name, _, _ in _BANDWIDTH}
        yield Together([Write(f"cpu.{key}", folder, (names[key], str(value))) for key, value in given.items()])
    else:
        yield Together(list(_bandwidth_v2(folder, given)))


def _bandwidth_v2(folder: str, given: dict[str, int]) -> Iterator[Write]:
    period = str(given["period"]) if "period" in given else ""
    if "quota" in given:
        yield Write("cpu.quota", folder, ("cpu.max", f"{values.unlimited(given['quota'])} {period}".strip()))
    elif period:
        yield KeepFirst("cpu.period", folder, ("cpu.max", period))
    if "burst" in given:
        yield Write("cpu.burst", folder, ("cpu.max.burst", str(given["burst"])))


def _realtime(cgroup: Cgroup, cpu: Resources) -> Iterator[ResourceOp]:
    period = values.number(cpu, "realtimePeriod", "cpu.realtimePeriod", 0, values.U64)
    runtime = values.number(cpu, "realtimeRuntime", "cpu.realtimeRuntime", -1, values.I64)
    wanted = (("realtimePeriod", "cpu.rt_period_us", period), ("realtimeRuntime", "cpu.rt_runtime_us", runtime))
    writes = []
    for key, name, value in wanted:
        if value:
            writes.append(Write(f"cpu.{key}", cgroup.v1("cpu", f"cpu.{key}"), (name, str(value))))
    if writes:
        yield Together(writes)


def _cpuset(cgroup: Cgroup, resources: Resources) -> Iterator[ResourceOp]:
    cpu = values.section(resources, "cpu")
    for key in ("cpus", "mems"):
        listed = values.text(cpu, key, f"cpu.{key}")
        if listed:
            values.ranges(listed, f"cpu.{key}")
            folder, _ = cgroup.home("cpuset", f"cpu.{key}")
            yield Write(f"cpu.{key}", folder, (f"cpuset.{key}", listed))


def _pids(cgroup: Cgroup, resources: Resources) -> Iterator[ResourceOp]:
    limit = values.number(values.section(resources, "pids"), "limit", "pids.limit", -1, values.I64)
    if limit is not None:
        folder, _ = cgroup.home("pids", "pids.limit")
        yield Write("pids.limit", folder, ("pids.max", values.unlimited(limit)))


def _hugepages(cgroup: Cgroup, resources: Resources) -> Iterator[ResourceOp]:
    for position, entry in enumerate(values.array(resources, "hugepageLimits", "hugepageLimits")):
        field = f"hugepageLimits[{position}]"
        size = values.text(entry, "pageSize", f"{field}.pageSize")
        if not size or not _is_page_size(size):
            raise values.invalid(f"{field}.pageSize", f"must be a size like 2MB, not {size!r}")
        limit = values.required(entry, "limit", f"{field}.limit", 0, values.U64)
        folder, version = cgroup.home("hugetlb", f"{field}.limit")
        # Reservations are limited where the kernel can do that, else faults.
        suffix = "limit_in_bytes" if version == 1 else "max"
        names = (f"hugetlb.{size}.rsvd.{suffix}", f"hugetlb.{size}.{suffix}")
        yield Write(f"{field}.limit", folder, *((name, str(limit)) for name in names))


def _is_page_size(size: str) -> bool:
    digits = size[:-2]
    return size[-2:] in {"KB", "MB", "GB", "TB"} and digits.isascii() and digits.isdigit()


def _network(cgroup: Cgroup, resources: Resources) -> Iterator[ResourceOp]:
    network = values.section(resources, "network")
    identity = values.number(network, "classID", "network.classID", 0, values.U32)
    if identity is not None:
        folder = cgroup.v1("net_cls", "network.classID")
        yield Write("network.classID", folder, ("net_cls.classid", str(identity)))
    for position, entry in enumerate(values.array(network, "priorities", "network.priorities")):
        field = f"network.priorities[{position}]"
        name = values.text(entry, "name", f"{field}.name")
        if not name:
            raise values.invalid(f"{field}.name", "is missing")
        priority = values.required(entry, "priority", f"{field}.priority", 0, values.U32)
        yield Write(field, cgroup.v1("net_prio", field), ("net_prio.ifpriomap", f"{name} {priority}"))


def _rdma(cgroup: Cgroup, resources: Resources) -> Iterator[ResourceOp]:
    for device, entry in values.section(resources, "rdma").items():
        field = f"rdma.{device}"
        if not isinstance(entry, dict):
            raise values.invalid(field, "must be an object")
        limits = [
            f"{name}={limit}"
            for key, name in (("hcaHandles", "hca_handle"), ("hcaObjects", "hca_object"))
            if (limit := values.number(entry, key, f"{field}.{key}", 0, values.U32)) is not None
        ]
        if not limits:
            raise values.invalid(field, "must have hcaHandles or hcaObjects")
        folder, _ = cgroup.home("rdma", field)
        yield Write(field, folder, ("rdma.max", " ".join((device, *limits))))


def _unified(cgroup: Cgroup, resources: Resources) -> Iterator[ResourceOp]:
    for name, value in values.section(resources, "unified").items():
        field = f"unified[{name!r}]"
        if "/" in name or name in {"", ".", ".."}:
            raise values.invalid(field, "must be the name of a file in the control group")
        if not isinstance(value, str):
            raise values.invalid(field, f"must be a string, not {value!r}")
        yield Write(field, _unified_folder(cgroup, name.partition(".")[0], field), (name, value))


def _unified_folder(cgroup: Cgroup, controller: str, field: str) -> str:
    if cgroup.unified is None:
        raise RuntimeFault(f"linux.resources.{field}: this host has no cgroup version 2 hierarchy")
    if controller != "cgroup" and controller not in cgroup.available():
        raise RuntimeFault(f"linux.resources.{field}: cgroup version 2 has no controller {controller} on this host")
    return cgroup.unified


_SECTIONS: tuple[Callable[[Cgroup, Resources], Iterator[ResourceOp]], ...] = (
    memory,
    _cpuset,
    _cpu,
    _pids,
    block_io,
    _hugepages,
    _network,
    _rdma,
    _unified,
)
