"""Requests about network devices and their addresses (rtnetlink(7)), in the network namespace of the caller."""

from __future__ import annotations

import os
import socket
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ROUTE = 0
_RTM_NEWLINK, _RTM_NEWADDR, _RTM_GETADDR = 16, 20, 22
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_F_REQUEST, _F_ACK, _F_DUMP, _F_CREATE = 0x1, 0x4, 0x300, 0x400
_IFLA_IFNAME, _IFLA_NET_NS_FD = 3, 28
_IFF_UP = 0x1
_IFA_F_NODAD, _IFA_F_PERMANENT = 0x02, 0x80
_UNIVERSE = 0


class Address:
    """An address of a device as the kernel tells it: ``attributes`` are passed on as they are."""

    __slots__ = ("attributes", "family", "flags", "prefix")

    def __init__(self, family: int, prefix: int, flags: int, attributes: bytes) -> None:
        self.family = family
        self.prefix = prefix
        self.flags = flags
        self.attributes = attributes


def global_addresses(index: int) -> list[Address]:
    """The permanent addresses of a device that are valid everywhere, of every family."""
    found = []
    for kind, body in _answers(_RTM_GETADDR, _F_DUMP, bytes(8)):
        family, prefix, flags, scope, owner = struct.unpack_from("=BBBBI", body)
        if kind == _RTM_NEWADDR and owner == index and scope == _UNIVERSE and flags & _IFA_F_PERMANENT:
            found.append(Address(family, prefix, flags, body[8:]))
    return found


def add_address(index: int, address: Address) -> None:
    """Gives a device an address; one that was found to be free need not be tried for again."""
    flags = (address.flags & 0x7F) | (_IFA_F_NODAD if address.family == socket.AF_INET6 else 0)
    head = struct.pack("=BBBBI", address.family, address.prefix, flags & 0xFF, _UNIVERSE, index)
    ask(_RTM_NEWADDR, head + _without_flags(address.attributes), _F_CREATE)


def move(index: int, namespace: int, name: str) -> None:
    """Moves a device into the network namespace of a descriptor, where it gets a name, or one of a template's."""
    word = attribute(_IFLA_IFNAME, name.encode() + b"\0")
    ask(_RTM_NEWLINK, link(index) + attribute(_IFLA_NET_NS_FD, struct.pack("=i", namespace)) + word)


def set_up(index: int) -> None:
    """Switches a device on."""
    ask(_RTM_NEWLINK, link(index, _IFF_UP))


def link(index: int, flags: int = 0) -> bytes:
    """The head of a request about a device (struct ifinfomsg); flags are those to be set."""
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, flags)


def attribute(kind: int, content: bytes) -> bytes:
    """One attribute, padded (struct rtattr)."""
    return struct.pack("=HH", 4 + len(content), kind) + content + bytes(-len(content) % 4)


def _without_flags(attributes: bytes) -> bytes:
    """The attributes of an address without its wide flags and the times of its cache, which are the kernel's own."""
    kept = b""
    while len(attributes) >= 4:
        size, kind = struct.unpack_from("=HH", attributes)
        if kind not in (6, 8):  # IFA_CACHEINFO, IFA_FLAGS
            kept += attributes[: size + -size % 4]
        attributes = attributes[size + -size % 4 :]
    return kept


def ask(kind: int, body: bytes, flags: int = 0) -> None:
    """Makes a request that changes something.  OSError when the kernel refuses it."""
    for _ in _answers(kind, _F_ACK | flags, body):
        pass


def _answers(kind: int, flags: int, body: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages that answer a request, each with its kind.  OSError when the kernel refuses it."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _ROUTE) as kernel:
        kernel.send(struct.pack("=IHHII", 16 + len(body), kind, _F_REQUEST | flags, 1, 0) + body)
        while True:
            for answer, content in _messages(kernel.recv(1 << 16)):
                if answer == _NLMSG_DONE:
                    return
                if answer == _NLMSG_ERROR:
                    _judge(content)
                    return
                yield answer, content


def _judge(content: bytes) -> None:
    number = -struct.unpack_from("=i", content)[0]
    if number:
        raise OSError(number, os.strerror(number))


def _messages(packet: bytes) -> Iterator[tuple[int, bytes]]:
    while len(packet) >= 16:
        size, kind = struct.unpack_from("=IH", packet)
        yield kind, packet[16:size]
        packet = packet[size + -size % 4 :]
