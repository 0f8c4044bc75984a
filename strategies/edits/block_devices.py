"""Edits of the block device controller (config-linux.md, Block IO)."""

from __future__ import annotations

from strategies.edit import Config, edit
from strategies.places import Size, entries, fill, section, size


@edit
def block_io(config: Config, *, weight: int | None = None, leaf_weight: int | None = None) -> None:
    """The weights of the cgroup on all devices without a weight of their own."""
    fill(section(config, "linux", "resources", "blockIO"), weight=weight, leafWeight=leaf_weight)


@edit
def block_io_weight_device(
    config: Config, major: int, minor: int, *, weight: int | None = None, leaf_weight: int | None = None
) -> None:
    """The weights of the cgroup on one device."""
    entry = fill({"major": major, "minor": minor}, weight=weight, leafWeight=leaf_weight)
    entries(config, "linux", "resources", "blockIO", "weightDevice").append(entry)


@edit
def throttle_read_bps_device(config: Config, major: int, minor: int, rate: Size) -> None:
    """The most bytes to read from a device in a second."""
    _throttle(config, "throttleReadBpsDevice", major, minor, rate)


@edit
def throttle_write_bps_device(config: Config, major: int, minor: int, rate: Size) -> None:
    """The most bytes to write to a device in a second."""
    _throttle(config, "throttleWriteBpsDevice", major, minor, rate)


@edit
def throttle_read_iops_device(config: Config, major: int, minor: int, rate: Size) -> None:
    """The most reads from a device in a second."""
    _throttle(config, "throttleReadIOPSDevice", major, minor, rate)


@edit
def throttle_write_iops_device(config: Config, major: int, minor: int, rate: Size) -> None:
    """The most writes to a device in a second."""
    _throttle(config, "throttleWriteIOPSDevice", major, minor, rate)


def _throttle(config: Config, which: str, major: int, minor: int, rate: Size) -> None:
    entry = {"major": major, "minor": minor, "rate": size(rate)}
    entries(config, "linux", "resources", "blockIO", which).append(entry)
