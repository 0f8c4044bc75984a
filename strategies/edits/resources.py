"""Edits of control groups: memory, processors, processes and the rest (config-linux.md, Control groups).

Limits of one controller merge: what a later edit does not name stays as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.edit import Config, edit
from strategies.places import Size, entries, fill, put_entry, section, size

if TYPE_CHECKING:
    from collections.abc import Mapping


@edit
def cgroups_path(config: Config, path: str) -> None:
    """The cgroup of the container, absolute below the mount of cgroups, or relative to where the runtime likes."""
    section(config, "linux")["cgroupsPath"] = path


@edit
def memory(  # noqa: PLR0913  # one argument for each property of the specification
    config: Config,
    *,
    limit: Size | None = None,
    reservation: Size | None = None,
    swap: Size | None = None,
    kernel: Size | None = None,
    kernel_tcp: Size | None = None,
    swappiness: int | None = None,
    disable_oom_killer: bool | None = None,
    use_hierarchy: bool | None = None,
    check_before_update: bool | None = None,
) -> None:
    """Limits of memory, in bytes or as "64M"; ``swap`` counts memory and swap together, -1 is no limit."""
    limits = {"limit": size(limit), "reservation": size(reservation), "swap": size(swap)}
    kernel_limits = {"kernel": size(kernel), "kernelTCP": size(kernel_tcp)}
    fill(
        section(config, "linux", "resources", "memory"),
        **limits,
        **kernel_limits,
        swappiness=swappiness,
        disableOOMKiller=disable_oom_killer,
        useHierarchy=use_hierarchy,
        checkBeforeUpdate=check_before_update,
    )


@edit
def pids(config: Config, limit: int | None = None) -> None:
    """The most tasks that may exist at once, -1 for no limit; without a limit only the object is there."""
    fill(section(config, "linux", "resources", "pids"), limit=limit)


@edit
def cpu(  # noqa: PLR0913  # one argument for each property of the specification
    config: Config,
    *,
    shares: int | None = None,
    quota: int | None = None,
    burst: int | None = None,
    period: int | None = None,
    realtime_runtime: int | None = None,
    realtime_period: int | None = None,
    cpus: str | None = None,
    mems: str | None = None,
    idle: int | None = None,
) -> None:
    """Shares and times of processors, in microseconds, and which processors and memory nodes, such as "0-3,7"."""
    times = {"quota": quota, "burst": burst, "period": period}
    realtime = {"realtimeRuntime": realtime_runtime, "realtimePeriod": realtime_period}
    holder = section(config, "linux", "resources", "cpu")
    fill(holder, shares=shares, **times, **realtime, cpus=cpus, mems=mems, idle=idle)


@edit
def hugepage_limit(config: Config, page_size: str, limit: Size) -> None:
    """The most bytes in huge pages of one size, such as "2MB", in the place of an earlier limit of that size."""
    entry = {"pageSize": page_size, "limit": size(limit)}
    put_entry(entries(config, "linux", "resources", "hugepageLimits"), "pageSize", entry)


@edit
def network_class(config: Config, class_id: int) -> None:
    """The number that network packets are tagged with (config-linux.md, Network)."""
    section(config, "linux", "resources", "network")["classID"] = class_id


@edit
def network_priority(config: Config, name: str, priority: int) -> None:
    """The priority of packets that leave by the interface ``name`` (config-linux.md, Network)."""
    entry = {"name": name, "priority": priority}
    put_entry(entries(config, "linux", "resources", "network", "priorities"), "name", entry)


@edit
def rdma(config: Config, device: str, *, hca_handles: int | None = None, hca_objects: int | None = None) -> None:
    """The most handles and objects of an RDMA device (config-linux.md, RDMA)."""
    fill(section(config, "linux", "resources", "rdma", device), hcaHandles=hca_handles, hcaObjects=hca_objects)


@edit
def unified(config: Config, files: Mapping[str, str]) -> None:
    """What to write into which files of the cgroup v2, such as {"memory.max": "64M"} (config-linux.md, Unified)."""
    section(config, "linux", "resources", "unified").update(files)
