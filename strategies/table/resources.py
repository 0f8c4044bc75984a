"""Valid values of ``linux.resources``, for the controllers that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.case import Case
from strategies.edits import cpu, device_rule, memory, network_class, pids, put

if TYPE_CHECKING:
    from strategies.surroundings import Surroundings

MEGA = 1 << 20


def of_resources(surroundings: Surroundings) -> dict[str, list[Case]]:
    """Cases by controller, which are none for one that is missing."""
    found = {
        "memory": _memory(surroundings),
        "pids": [Case((pids(limit),)) for limit in (200, 4096, 65535, 2**22, -1)],
        "cpu": _processor_time(),
        "cpuset": _processors(surroundings),
        "net_cls": [Case((network_class(number),)) for number in (0, 1, 1048577, 2**32 - 1)],
        "devices": [
            Case((device_rule(False, access="rwm"), device_rule(True, type="c", access="rwm"))),
            Case((device_rule(True),)),
            Case((device_rule(True, type="c", major=1, minor=3, access="r"),)),
            Case((device_rule(False, type="b", major=8),)),
            Case((put("linux.resources.devices", []),)),
        ],
    }
    there = surroundings.controllers
    return {f"cgroup {name}": cases for name, cases in found.items() if name in there}


def _memory(surroundings: Surroundings) -> list[Case]:
    limits = (64 * MEGA, 2**31 - 4096, 2**31, 2**32, 2**33, 2**40, -1)
    cases = [Case((memory(limit=limit),)) for limit in limits]
    cases += [Case((memory(reservation=limit),)) for limit in (32 * MEGA, 2**32)]
    if surroundings.swap:
        cases += [Case((memory(limit=limit, swap=swap),)) for limit, swap in ((2**27, 2**27), (2**27, 2**33))]
    if not surroundings.unified:
        cases += [Case((memory(swappiness=number),)) for number in (0, 1, 60, 100)]
    return cases


def _processor_time() -> list[Case]:
    times = ((1000, 1000), (25_000, 50_000), (100_000, 100_000), (200_000, 1_000_000))
    return [
        *(Case((cpu(quota=quota, period=period),)) for quota, period in times),
        *(Case((cpu(shares=shares),)) for shares in (2, 3, 1024, 262144)),
        Case((cpu(period=50_000),)),
        Case((cpu(quota=50_000),)),
        Case((cpu(quota=-1),)),
        Case((cpu(quota=-1, period=50_000),)),
    ]


def _processors(surroundings: Surroundings) -> list[Case]:
    last = surroundings.processors - 1
    every = ",".join(map(str, range(last + 1)))
    return [Case((cpu(cpus=cpus),)) for cpus in dict.fromkeys(["0", str(last), f"0-{last}", every, "0,0", "0-0"])]
