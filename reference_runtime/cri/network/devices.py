"""Devices, addresses and routes (rtnetlink(7)), in the network namespace of the calling thread."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import struct

from reference_runtime.rtnetlink import ask, attribute, link, set_up

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface

_RTM_NEWLINK, _RTM_DELLINK, _RTM_NEWADDR, _RTM_NEWROUTE = 16, 17, 20, 24
_CREATE, _EXCLUSIVE = 0x400, 0x200
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MASTER, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 1, 3, 10, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_INFO_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_GATEWAY, _RTA_OIF = 5, 4
_MAIN_TABLE, _BOOT, _UNICAST = 254, 3, 1


def index(name: str) -> int:
    """The number of a device; 0 when there is none of that name."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def make_bridge(name: str, hardware: bytes) -> int:
    """A bridge, which may be there already; its number.

    Without a hardware address of its own it would take the least of its ports', and so change it while pods know it.
    """
    body = (
        link(0)
        + _name(name)
        + attribute(_IFLA_ADDRESS, hardware)
        + attribute(_IFLA_LINKINFO, attribute(_INFO_KIND, b"bridge"))
    )
    with contextlib.suppress(FileExistsError):
        ask(_RTM_NEWLINK, body, _CREATE | _EXCLUSIVE)
    return index(name)


def make_pair(name: str, other: str, namespace: int, bridge: int, hardware: bytes) -> None:
    """Two devices joined as by a cable: one here on a bridge, the other in the namespace of a descriptor."""
    peer = (
        link(0)
        + _name(other)
        + attribute(_IFLA_ADDRESS, hardware)
        + attribute(_IFLA_NET_NS_FD, struct.pack("=i", namespace))
    )
    kind = attribute(_INFO_KIND, b"veth") + attribute(_INFO_DATA, attribute(_VETH_INFO_PEER, peer))
    master = attribute(_IFLA_MASTER, struct.pack("=i", bridge))
    ask(_RTM_NEWLINK, link(0) + _name(name) + master + attribute(_IFLA_LINKINFO, kind), _CREATE | _EXCLUSIVE)
    set_up(index(name))


def remove(name: str) -> None:
    """Removes a device, if it is there."""
    number = index(name)
    if number:
        with contextlib.suppress(OSError):
            ask(_RTM_DELLINK, link(number))


def add_address(number: int, interface: Interface) -> None:
    """Gives a device an address; the one that it has may be given again."""
    family = socket.AF_INET if interface.version == 4 else socket.AF_INET6
    raw = interface.ip.packed
    body = struct.pack("=BBBBI", family, interface.network.prefixlen, 0, 0, number)
    with contextlib.suppress(FileExistsError):
        ask(_RTM_NEWADDR, body + attribute(_IFA_LOCAL, raw) + attribute(_IFA_ADDRESS, raw), _CREATE)


def add_default_route(number: int, gateway: str) -> None:
    """Sends everything else to a gateway."""
    head = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, _MAIN_TABLE, _BOOT, 0, _UNICAST, 0)
    way = attribute(_RTA_GATEWAY, socket.inet_aton(gateway)) + attribute(_RTA_OIF, struct.pack("=i", number))
    try:
        ask(_RTM_NEWROUTE, head + way, _CREATE)
    except OSError as problem:
        raise OSError(problem.errno or errno.EIO, f"route to {gateway}: {os.strerror(problem.errno or 0)}") from None


def _name(name: str) -> bytes:
    return attribute(_IFLA_IFNAME, name.encode() + b"\0")
