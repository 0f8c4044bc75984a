"""``linux.resources.blockIO`` compiled to operations (config-linux.md, "Block IO")."""

from __future__ import annotations

from reference_runtime.cgroups import values
from reference_runtime.cgroups.operations import Write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from reference_runtime.cgroups.group import Cgroup

# Property, file of version 1, key in io.max of version 2.
_THROTTLES = (
    ("throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"),
    ("throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"),
    ("throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"),
    ("throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"),
)


def block_io(cgroup: Cgroup, resources: dict[str, Any]) -> Iterator[Write]:
    """All operations of the section."""
    section = values.section(resources, "blockIO")
    yield from _weights(cgroup, section, "blockIO", "")
    for position, entry in enumerate(values.array(section, "weightDevice", "blockIO.weightDevice")):
        field = f"blockIO.weightDevice[{position}]"
        device = _device(entry, field)
        writes = list(_weights(cgroup, entry, field, device))
        if not writes:
            raise values.invalid(field, "must have weight or leafWeight")
        yield from writes
    for key, name, limit in _THROTTLES:
        for position, entry in enumerate(values.array(section, key, f"blockIO.{key}")):
            yield _throttle(cgroup, entry, f"blockIO.{key}[{position}]", (name, limit))


def _weights(cgroup: Cgroup, entry: dict[str, Any], field: str, device: str) -> Iterator[Write]:
    weight = values.number(entry, "weight", f"{field}.weight", 0, values.U16)
    leaf_weight = values.number(entry, "leafWeight", f"{field}.leafWeight", 0, values.U16)
    if weight is not None:
        folder, version = cgroup.home("blkio", f"{field}.weight")
        yield Write(f"{field}.weight", folder, *_weight_files(version, weight, device))
    if leaf_weight is not None:
        folder = cgroup.v1("blkio", f"{field}.leafWeight")
        name = "blkio.leaf_weight_device" if device else "blkio.leaf_weight"
        yield Write(f"{field}.leafWeight", folder, (name, f"{device} {leaf_weight}".strip()))


def _weight_files(version: int, weight: int, device: str) -> list[tuple[str, str]]:
    """The schedulers name the file differently; only ``io.weight`` has another scale."""
    plain = f"{device} {weight}".strip()
    if version == 2:
        return [("io.bfq.weight", plain), ("io.weight", f"{device} {values.io_weight(weight)}".strip())]
    suffix = "_device" if device else ""
    return [(f"blkio.weight{suffix}", plain), (f"blkio.bfq.weight{suffix}", plain)]


def _throttle(cgroup: Cgroup, entry: dict[str, Any], field: str, names: tuple[str, str]) -> Write:
    device = _device(entry, field)
    rate = values.required(entry, "rate", f"{field}.rate", 0, values.U64)
    folder, version = cgroup.home("blkio", f"{field}.rate")
    if version == 1:
        return Write(f"{field}.rate", folder, (names[0], f"{device} {rate}"))
    # Version 1 lifts a limit with zero, version 2 with a word.
    return Write(f"{field}.rate", folder, ("io.max", f"{device} {names[1]}={rate or 'max'}"))


def _device(entry: dict[str, Any], field: str) -> str:
    major, minor = (values.required(entry, key, f"{field}.{key}", 0, values.I64) for key in ("major", "minor"))
    return f"{major}:{minor}"
