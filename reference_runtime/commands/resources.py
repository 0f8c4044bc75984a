"""The commands about limits and use: ``update`` and ``events``."""

from __future__ import annotations

import os
import select
import sys

from reference_runtime import documents, faults, lifecycle
from reference_runtime.cgroups import Cgroup
from reference_runtime.errors import RuntimeFault, SpecError
from reference_runtime.options import Usage
from reference_runtime.store import Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Values = dict[str, Any]
    Resources = dict[str, Any]

_SIZES = {"k": 10, "m": 20, "g": 30, "t": 40, "p": 50}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

#: Option -> section and property of linux.resources.
_NUMBERS = {
    "blkio-weight": ("blockIO", "weight"),
    "cpu-period": ("cpu", "period"),
    "cpu-quota": ("cpu", "quota"),
    "cpu-burst": ("cpu", "burst"),
    "cpu-share": ("cpu", "shares"),
    "cpu-rt-period": ("cpu", "realtimePeriod"),
    "cpu-rt-runtime": ("cpu", "realtimeRuntime"),
    "cpu-idle": ("cpu", "idle"),
    "cpuset-cpus": ("cpu", "cpus"),
    "cpuset-mems": ("cpu", "mems"),
    "pids-limit": ("pids", "limit"),
}
_BYTES = {
    "memory": ("memory", "limit"),
    "memory-reservation": ("memory", "reservation"),
    "memory-swap": ("memory", "swap"),
}


def update(values: Values, words: list[str]) -> int:
    """``update ID``: what is not named stays as it is."""
    container = Container(values["root"], words[0])
    lifecycle.seize(container, "update", ("created", "running", "paused"))
    resources = _from_file(values["resources"]) if values["resources"] else _from_options(values)
    config = container.config()
    before = config.get("linux", {}).get("resources", {})
    if not faults.has("update-does-nothing"):
        _apply(Cgroup.from_json(container.document["cgroup"]), resources, before)
    config.setdefault("linux", {})["resources"] = _merged(before, resources)
    documents.write(container.file("config.json"), config)
    return 0


def _apply(cgroup: Cgroup, resources: Resources, before: Resources) -> None:
    """Applies the changes; when one is refused, those made already are taken back as far as they were set before."""
    try:
        cgroup.apply(resources)
    except (OSError, RuntimeFault):
        cgroup.apply({name: before[name] for name in resources if name in before and name != "devices"})
        raise


def _merged(before: Resources, after: Resources) -> Resources:
    merged = dict(before)
    for name, section in after.items():
        old = merged.get(name)
        merged[name] = old | section if isinstance(old, dict) and isinstance(section, dict) else section
    return merged


def _from_file(path: str) -> Resources:
    try:
        resources = documents.parse(sys.stdin.read()) if path == "-" else documents.read(path)
    except ValueError as problem:
        raise SpecError(f"--resources {path}: {problem}") from None
    if not isinstance(resources, dict):
        raise SpecError(f"--resources {path}: an object is wanted")
    return resources


def _from_options(values: Values) -> Resources:
    resources: Resources = {}
    for option, (section, name) in _NUMBERS.items():
        if values[option] not in {None, ""}:
            resources.setdefault(section, {})[name] = values[option]
    for option, (section, name) in _BYTES.items():
        if values[option]:
            resources.setdefault(section, {})[name] = size(values[option], f"--{option}")
    return resources


def size(text: str, where: str) -> int:
    """Bytes from a number with or without a unit; -1 is no limit."""
    word = text.lower().removesuffix("b").removesuffix("i")
    shift = _SIZES.get(word[-1:], 0)
    digits = word[:-1] if shift else word
    if not digits.lstrip("-").isdigit():
        raise Usage(f"{where}: {text!r} is no size such as 64M")
    return int(digits) << shift


def events(values: Values, words: list[str]) -> int:
    """``events ID``: one line of JSON for each event, until the container stops."""
    container = Container(values["root"], words[0]).load()
    interval = seconds(values["interval"])
    lifecycle.demand(container, "events", ("created", "running", "paused"))
    cgroup = Cgroup.from_json(container.document["cgroup"])
    if values["stats"]:
        _print_event(container, "stats", {} if faults.has("events-empty") else cgroup.stats())
        return 0
    _watch(container, cgroup, interval)
    return 0


def seconds(text: str) -> float:
    """A duration such as 5s or 100ms; more than none."""
    unit = next((unit for unit in _SECONDS if text.endswith(unit)), "")
    number = text.removesuffix(unit) if unit else ""
    if not number.replace(".", "", 1).isdigit() or not float(number):
        raise Usage(f"--interval: {text!r} is no duration such as 5s")
    return float(number) * _SECONDS[unit]


def _watch(container: Container, cgroup: Cgroup, interval: float) -> None:
    ended = os.pidfd_open(container.pid)
    memory = _OutOfMemory(cgroup)
    waiting = select.poll()
    waiting.register(ended, select.POLLIN)
    if memory.descriptor >= 0:
        waiting.register(memory.descriptor, select.POLLIN)
    while True:
        ready = dict(waiting.poll(interval * 1000))
        if memory.happened(ready):
            _print_event(container, "oom", None)
        if ended in ready:
            return
        if not ready:
            _print_event(container, "stats", cgroup.stats())


class _OutOfMemory:
    """Whether a limit of memory has killed since the last question.

    Version 1 wakes the reader of a descriptor (memory.oom_control); the counter of version 2 is read each interval.
    """

    def __init__(self, cgroup: Cgroup) -> None:
        self.descriptor = -1
        self.file = ""
        self.count = 0
        if "memory" in cgroup.paths:
            self.descriptor = _notified(cgroup.paths["memory"])
        elif cgroup.unified and os.path.exists(f"{cgroup.unified}/memory.events"):
            self.file = f"{cgroup.unified}/memory.events"
            self.count = self._counted()

    def happened(self, ready: dict[int, int]) -> bool:
        """Asked with what poll(2) found."""
        if self.descriptor in ready:
            os.read(self.descriptor, 8)
            return True
        before, self.count = self.count, self._counted()
        return self.count > before

    def _counted(self) -> int:
        if not self.file:
            return 0
        with open(self.file, encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("oom_kill "))


def _notified(folder: str) -> int:
    descriptor = os.eventfd(0)
    control = os.open(f"{folder}/memory.oom_control", os.O_RDONLY)
    with open(f"{folder}/cgroup.event_control", "w", encoding="ascii") as file:
        file.write(f"{descriptor} {control}")
    os.close(control)
    return descriptor


def _print_event(container: Container, kind: str, data: object) -> None:
    event = {"type": kind, "id": container.id} | ({"data": data} if data is not None else {})
    print(documents.text(event, " "), flush=True)
