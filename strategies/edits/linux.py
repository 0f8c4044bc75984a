"""Edits of the other Linux properties: paths, sysctl, propagation and more (config-linux.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.edit import Config, edit
from strategies.places import all_prefixed, entries, fill, listed, prefixed, section

if TYPE_CHECKING:
    from collections.abc import Sequence


@edit
def masked_paths(config: Config, *paths: str) -> None:
    """Further paths that nothing can be read from (config-linux.md, Masked Paths)."""
    entries(config, "linux", "maskedPaths").extend(paths)


@edit
def readonly_paths(config: Config, *paths: str) -> None:
    """Further paths that nothing can be written to (config-linux.md, Readonly Paths)."""
    entries(config, "linux", "readonlyPaths").extend(paths)


@edit
def sysctl(config: Config, name: str, value: str) -> None:
    """One kernel parameter by its dotted name (config-linux.md, Sysctl)."""
    section(config, "linux", "sysctl")[name] = value


@edit
def rootfs_propagation(config: Config, propagation: str) -> None:
    """How mounts reach the root filesystem: "shared", "slave", "private" or "unbindable"."""
    section(config, "linux")["rootfsPropagation"] = propagation


@edit
def mount_label(config: Config, label: str) -> None:
    """The SELinux context of the container's mounts (config-linux.md, Mount Label)."""
    section(config, "linux")["mountLabel"] = label


@edit
def personality(config: Config, domain: str, *, flags: Sequence[str] | None = None) -> None:
    """The execution domain, "LINUX" or "LINUX32" (config-linux.md, Personality)."""
    section(config, "linux")["personality"] = fill({"domain": domain}, flags=listed(flags))


@edit
def memory_policy(config: Config, mode: str, *, nodes: str | None = None, flags: Sequence[str] | None = None) -> None:
    """The NUMA policy, such as "BIND" on the nodes "0-3,7", see set_mempolicy(2)."""
    chosen = {"nodes": nodes, "flags": all_prefixed("MPOL_F_", flags)}
    section(config, "linux")["memoryPolicy"] = fill({"mode": prefixed("MPOL_", mode)}, **chosen)


@edit
def intel_rdt(  # noqa: PLR0913  # one argument for each property of the specification
    config: Config,
    *,
    clos_id: str | None = None,
    l3_cache_schema: str | None = None,
    mem_bw_schema: str | None = None,
    schemata: Sequence[str] | None = None,
    enable_monitoring: bool | None = None,
) -> None:
    """Shares of caches and memory bandwidth on Intel processors (config-linux.md, IntelRdt)."""
    schemas = {"l3CacheSchema": l3_cache_schema, "memBwSchema": mem_bw_schema, "schemata": listed(schemata)}
    fill(section(config, "linux", "intelRdt"), closID=clos_id, **schemas, enableMonitoring=enable_monitoring)
