"""The rules for devices as operations on the groups of one container, in either version."""

from __future__ import annotations

from reference_runtime.cgroups import devices, files
from reference_runtime.cgroups.bpf import control_devices
from reference_runtime.cgroups.device_program import assemble
from reference_runtime.cgroups.operations import ResourceOp
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.cgroups.group import Cgroup


class DeviceWrites(ResourceOp):
    """The writes of version 1: from a clean start, one exception after the other."""

    __slots__ = ("writes",)

    def __init__(self, folder: str, writes: list[tuple[str, str]]) -> None:
        super().__init__("devices", folder)
        self.writes = writes

    def describe(self) -> str:
        """All lines."""
        lines = "; ".join(f"{name.removeprefix('devices.')} {line}" for name, line in self.writes)
        return f"set the devices of {self.folder}: {lines}"

    def execute(self) -> None:
        """Write all; RuntimeFault names the line that the kernel refuses."""
        for name, line in self.writes:
            try:
                files.write(self.folder, name, line)
            except OSError as error:
                raise RuntimeFault(
                    f"linux.resources.devices: can not write {line!r} to {self.folder}/{name}: {error.strerror}"
                ) from error


class DeviceProgram(ResourceOp):
    """The program of version 2."""

    __slots__ = ("rules",)

    def __init__(self, folder: str, rules: list[devices.Rule]) -> None:
        super().__init__("devices", folder)
        self.rules = rules

    def describe(self) -> str:
        """How many rules it stands for."""
        return f"attach a program for {len(self.rules)} rules on devices to {self.folder}"

    def execute(self) -> None:
        """Attach; RuntimeFault says why the kernel refuses it."""
        try:
            control_devices(self.folder, assemble(self.rules))
        except OSError as error:
            raise RuntimeFault(f"linux.resources.devices: {self.folder}: {error.strerror}") from error


def operations(cgroup: Cgroup, entries: Any, defaults: list[dict[str, Any]]) -> list[ResourceOp]:
    """One operation, or none if this host can not control devices and the configuration does not ask for it."""
    rules = devices.parse(entries)
    order = devices.combined(devices.parse(defaults, yields=True), rules)
    if "devices" in cgroup.paths:
        return [DeviceWrites(cgroup.paths["devices"], devices.version_1(order))]
    if cgroup.unified is not None:
        return [DeviceProgram(cgroup.unified, order)]
    if rules:
        raise RuntimeFault("linux.resources.devices: this host has no cgroup controller devices")
    return []
