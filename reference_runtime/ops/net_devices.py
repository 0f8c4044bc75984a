"""Network devices that the container gets from the runtime's network namespace (config-linux.md, "Network Devices")."""

from __future__ import annotations

import os

from reference_runtime import libc
from reference_runtime.constants import NAMESPACES
from reference_runtime.errors import RuntimeFault
from reference_runtime.plan import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from reference_runtime.plan import Op
    from reference_runtime.run import Run


def plan(run: Run) -> Iterator[Op]:
    """Steps of the runtime, once the container process is in its namespaces: nothing is moved before all can be."""
    devices = run.linux.get("netDevices", {})
    if devices:
        yield Call("net-devices-check", "", "find out whether the network devices can be moved", _check, run)
    for name, entry in devices.items():
        new = entry.get("name") or name
        yield Call("net-device", name, f"move the network device {name}, there called {new}", _move, run, name, new)
    for name in devices:
        yield Call("net-device-addresses", name, f"give {name} its addresses again", _readdress, run, name)
        yield Call("net-device-up", name, f"switch {name} on", _switch_on, run, name)


def _there(run: Run, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns that is called in the container's network namespace."""
    theirs = os.open(f"/proc/{run.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    ours = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc.setns(theirs, NAMESPACES["network"], "the container's network namespace")
        try:
            return function(*arguments)
        finally:
            libc.setns(ours, NAMESPACES["network"], "the runtime's network namespace")
    finally:
        os.close(theirs)
        os.close(ours)


def _names() -> dict[int, str]:
    """The devices of the network namespace that the caller is in, by their numbers."""
    import socket  # noqa: PLC0415  # costs time, and few containers need it

    return dict(socket.if_nameindex())


def _check(run: Run) -> None:
    present = set(_names().values())
    taken = set(_there(run, _names).values())
    for name, entry in run.linux["netDevices"].items():
        new = entry.get("name") or name
        if name not in present:
            raise RuntimeFault(f"linux.netDevices.{name}: there is no such network device")
        if new in taken:
            raise RuntimeFault(f"linux.netDevices.{name}: the container has a network device {new} already")
        if "%d" not in new:
            taken.add(new)


def _move(run: Run, name: str, new: str) -> None:
    from reference_runtime import rtnetlink  # noqa: PLC0415  # as above

    index = next((number for number, found in _names().items() if found == name), 0)
    addresses, before = rtnetlink.global_addresses(index), _there(run, _names)
    theirs = os.open(f"/proc/{run.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        rtnetlink.move(index, theirs, new)
    except OSError as problem:
        raise RuntimeFault(f"linux.netDevices.{name}: it can not be moved: {problem.strerror}") from None
    finally:
        os.close(theirs)
    arrived = set(_there(run, _names)) - set(before)
    run.moved[name] = (arrived.pop(), addresses)


def _readdress(run: Run, name: str) -> None:
    from reference_runtime import rtnetlink  # noqa: PLC0415  # as above

    index, addresses = run.moved[name]
    for address in addresses:
        _there(run, rtnetlink.add_address, index, address)


def _switch_on(run: Run, name: str) -> None:
    from reference_runtime import rtnetlink  # noqa: PLC0415  # as above

    _there(run, rtnetlink.set_up, run.moved[name][0])
