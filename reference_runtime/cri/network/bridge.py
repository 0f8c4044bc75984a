"""The network of this server's own: a bridge of the host, and for each sandbox a veth pair and an address."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from typing import Any

from reference_runtime.cri import faults
from reference_runtime.cri.errors import Failed, Invalid
from reference_runtime.cri.network import devices, namespaces
from reference_runtime.rtnetlink import set_up

DEVICE = "eth0"


class Bridge:
    """A bridge with an IPv4 network; the addresses that are taken are files, named as they are."""

    def __init__(self, mark: str, cidr: str, folder: str) -> None:
        self.name = f"st-{mark}"
        self.folder = folder
        self.network = ipaddress.IPv4Network(cidr or _network_of(mark))

    @property
    def ready(self) -> str:
        """Why no sandbox can get a network; empty when it can."""
        return ""

    def renumber(self, cidr: str) -> None:
        """Takes the addresses of later sandboxes from another network.  Invalid when that is none."""
        try:
            self.network = ipaddress.IPv4Network(cidr)
        except ValueError as problem:
            raise Invalid(f"pod_cidr: {problem}") from None

    def add(self, sandbox_id: str, netns: str, ports: list[dict[str, Any]]) -> list[str]:
        """Joins a namespace to the bridge; its addresses.  Ports are an affair of ports.py."""
        del ports
        gateway = self._interface(self.network[1])
        bridge = devices.make_bridge(self.name, _hardware(gateway.ip))
        devices.add_address(bridge, gateway)
        set_up(bridge)
        address = self._take(sandbox_id)
        namespace = os.open(netns, os.O_RDONLY)
        try:
            devices.make_pair(_device(sandbox_id), DEVICE, namespace, bridge, _hardware(address))
        finally:
            os.close(namespace)
        namespaces.inside(netns, lambda: self._set_up(address, gateway))
        return [str(address)]

    def remove(self, sandbox_id: str, netns: str, ports: list[dict[str, Any]]) -> None:
        """Takes the pair and the address back; what is gone already is no failure."""
        del netns, ports
        devices.remove(_device(sandbox_id))
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            with contextlib.suppress(FileNotFoundError):
                if os.readlink(path) == sandbox_id:
                    os.unlink(path)

    def vanish(self) -> None:
        """Removes the bridge itself."""
        devices.remove(self.name)

    def _set_up(self, address: ipaddress.IPv4Address, gateway: ipaddress.IPv4Interface) -> None:
        if not faults.has("cri-loopback-down"):
            set_up(devices.index("lo"))
        number = devices.index(DEVICE)
        if faults.has("cri-pod-unreachable"):
            return
        devices.add_address(number, self._interface(address))
        set_up(number)
        devices.add_default_route(number, str(gateway.ip))

    def _interface(self, address: ipaddress.IPv4Address) -> ipaddress.IPv4Interface:
        return ipaddress.IPv4Interface(f"{address}/{self.network.prefixlen}")

    def _take(self, sandbox_id: str) -> ipaddress.IPv4Address:
        """The first address that nobody has; links are made by one process only, however many try."""
        for address in list(self.network.hosts())[1:]:
            with contextlib.suppress(FileExistsError):
                os.symlink(sandbox_id, os.path.join(self.folder, str(address)))
                return address
        raise Failed(f"no address of {self.network} is free")


def _network_of(mark: str) -> str:
    """A network that hardly anyone else uses."""
    return f"10.{200 + int(mark[:2], 16) % 50}.{int(mark[2:4], 16)}.0/24"


def _hardware(address: ipaddress.IPv4Address) -> bytes:
    """The hardware address of whoever has an address: one that is given anew is still known as it was (arp(7))."""
    return b"\x02\x5e" + address.packed


def _device(sandbox_id: str) -> str:
    return f"sv{sandbox_id[:12]}"
