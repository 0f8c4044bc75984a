"""How much of everything a container uses, in the shape of runc's ``events --stats``.

What the kernel does not tell in one version is left out or zero, as runc does. Times are nanoseconds, sizes bytes.
"""

from __future__ import annotations

import os

from reference_runtime.cgroups import files, values
from reference_runtime.cgroups.stats_memory import memory_v1, memory_v2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from reference_runtime.cgroups.group import Cgroup

_CLOCK_TICK = 10_000_000  # nanoseconds of USER_HZ, which is 100 on every architecture here
_FLAGS = ("cpu_exclusive", "mem_hardwall", "mem_exclusive", "memory_migrate", "memory_spread_page")
_MORE_FLAGS = ("memory_spread_slab", "memory_pressure", "sched_load_balance", "sched_relax_domain_level")


def stats(cgroup: Cgroup) -> dict[str, Any]:
    """The value of ``data``."""
    return {
        "cpu": _cpu_v1(cgroup) if "cpuacct" in cgroup.paths else _of_unified(cgroup, _cpu_v2),
        "cpuset": _of(cgroup, "cpuset", _cpuset_v1, _cpuset_v2),
        "memory": _of(cgroup, "memory", memory_v1, memory_v2),
        "pids": _of(cgroup, "pids", _pids, _pids),
        "blkio": _of(cgroup, "blkio", _block_io_v1, _block_io_v2),
        "hugetlb": _of(cgroup, "hugetlb", _huge_pages_v1, _huge_pages_v2),
        "intel_rdt": {},
        "network_interfaces": None,
    }


def _of(
    cgroup: Cgroup, controller: str, first: Callable[[str], dict[str, Any]], second: Callable[[str], dict[str, Any]]
) -> dict[str, Any]:
    if controller in cgroup.paths:
        return first(cgroup.paths[controller])
    return _of_unified(cgroup, second)


def _of_unified(cgroup: Cgroup, part: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Files of a controller that is not enabled are not there, and then there is nothing to tell."""
    try:
        return part(cgroup.unified) if cgroup.unified else {}
    except FileNotFoundError:
        return {}


def _cpu_v1(cgroup: Cgroup) -> dict[str, Any]:
    folder = cgroup.paths["cpuacct"]
    rows = [line.split() for line in files.read(folder, "cpuacct.usage_all").splitlines()[1:]]
    ticks = files.table(folder, "cpuacct.stat")
    usage = {
        "total": int(files.read(folder, "cpuacct.usage")),
        "percpu": [int(word) for word in files.read(folder, "cpuacct.usage_percpu").split()],
        "percpu_kernel": [int(row[2]) for row in rows],
        "percpu_user": [int(row[1]) for row in rows],
        "kernel": ticks["system"] * _CLOCK_TICK,
        "user": ticks["user"] * _CLOCK_TICK,
    }
    throttled = files.table(cgroup.paths["cpu"], "cpu.stat") if "cpu" in cgroup.paths else {}
    return {"usage": usage, "throttling": _throttling(throttled, throttled.get("throttled_time", 0))}


def _cpu_v2(folder: str) -> dict[str, Any]:
    told = files.table(folder, "cpu.stat")
    names = {"total": "usage_usec", "kernel": "system_usec", "user": "user_usec"}
    usage = {name: told.get(key, 0) * 1000 for name, key in names.items()}
    return {"usage": usage, "throttling": _throttling(told, told.get("throttled_usec", 0) * 1000)}


def _throttling(told: dict[str, int], nanoseconds: int) -> dict[str, int]:
    parts = {"periods": told.get("nr_periods"), "throttledPeriods": told.get("nr_throttled")}
    return {name: value for name, value in {**parts, "throttledTime": nanoseconds}.items() if value}


def _cpuset_v1(folder: str) -> dict[str, Any]:
    flags = {name: int(files.read(folder, f"cpuset.{name}")) for name in (*_FLAGS, *_MORE_FLAGS)}
    return {"cpus": _listed(folder, "cpuset.cpus"), "mems": _listed(folder, "cpuset.mems"), **flags}


def _cpuset_v2(folder: str) -> dict[str, Any]:
    lists = {name: _listed(folder, f"cpuset.{name}") for name in ("cpus", "mems")}
    return {name: value for name, value in lists.items() if value} | dict.fromkeys((*_FLAGS, *_MORE_FLAGS), 0)


def _listed(folder: str, name: str) -> list[int]:
    text = files.read(folder, name)
    ranges = values.ranges(text, name) if text else []
    return [number for first, last in ranges for number in range(first, last + 1)]


def _pids(folder: str) -> dict[str, int]:
    limit = files.read(folder, "pids.max")
    told = {"current": int(files.read(folder, "pids.current")), "limit": 0 if limit == "max" else int(limit)}
    return {name: value for name, value in told.items() if value}


def _block_io_v1(folder: str) -> dict[str, Any]:
    tables = {
        "ioServiceBytesRecursive": (
            "blkio.throttle.io_service_bytes_recursive",
            "blkio.bfq.io_service_bytes_recursive",
        ),
        "ioServicedRecursive": ("blkio.throttle.io_serviced_recursive", "blkio.bfq.io_serviced_recursive"),
    }
    found = {}
    for name, choices in tables.items():
        # Whichever scheduler counts.
        entries = next((entries for file in choices if (entries := list(_entries_v1(folder, file)))), [])
        if entries:
            found[name] = entries
    return found


def _entries_v1(folder: str, name: str) -> Iterator[dict[str, Any]]:
    """Lines like ``8:0 Read 4096``; the total at the end has no device."""
    if not files.exists(folder, name):
        return
    for line in files.read(folder, name).splitlines():
        device, *rest = line.split()
        if ":" in device:
            yield _entry(device, rest[0], int(rest[1]))


def _block_io_v2(folder: str) -> dict[str, Any]:
    """Lines like ``8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0``."""
    found: dict[str, list[dict[str, Any]]] = {}
    tables = {"bytes": "ioServiceBytesRecursive", "ios": "ioServicedRecursive"}
    for line in files.read(folder, "io.stat").splitlines():
        device, *counts = line.split()
        for count in counts:
            name, _, value = count.partition("=")
            operation = {"r": "Read", "w": "Write"}.get(name[0])
            if operation and name[1:] in tables:
                found.setdefault(tables[name[1:]], []).append(_entry(device, operation, int(value)))
    return found


def _entry(device: str, operation: str, value: int) -> dict[str, Any]:
    major, minor = (int(number) for number in device.split(":"))
    told = {"major": major, "minor": minor, "op": operation, "value": value}
    return {name: value for name, value in told.items() if value}


def _huge_pages_v1(folder: str) -> dict[str, Any]:
    return dict(_huge_pages(folder, ("usage_in_bytes", "max_usage_in_bytes"), lambda stem: f"{stem}.failcnt"))


def _huge_pages_v2(folder: str) -> dict[str, Any]:
    return dict(_huge_pages(folder, ("current", "peak"), lambda stem: f"{stem}.events"))


def _huge_pages(
    folder: str, names: tuple[str, str], failures: Callable[[str], str]
) -> Iterator[tuple[str, dict[str, int]]]:
    """Usage by page size, of reservations where the kernel counts them."""
    stems = {name.split(".")[1] for name in os.listdir(folder) if name.startswith("hugetlb.")}
    for size in sorted(stems):
        stem = f"hugetlb.{size}.rsvd" if files.exists(folder, f"hugetlb.{size}.rsvd.{names[0]}") else f"hugetlb.{size}"
        told = {
            "usage": int(files.read(folder, f"{stem}.{names[0]}")),
            "max": int(files.read(folder, f"{stem}.{names[1]}")) if files.exists(folder, f"{stem}.{names[1]}") else 0,
        }
        failed = failures(stem) if files.exists(folder, failures(stem)) else failures(f"hugetlb.{size}")
        count = files.read(folder, failed).split()[-1]
        yield size, {name: value for name, value in told.items() if value} | {"failcnt": int(count)}
