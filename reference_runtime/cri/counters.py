"""What the kernel counts of a control group and its processes, beyond what stats tell."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator

from reference_runtime.cgroups.mounts import UNIFIED
from reference_runtime.cri import usage
from reference_runtime.cri.images.store import sizes

_TICK = 10_000_000  # nanoseconds of USER_HZ, which is 100 on every architecture here


@dataclasses.dataclass
class Counters(usage.Usage):
    """Times in nanoseconds, sizes in bytes; what this kernel does not count is 0."""

    disk: os.statvfs_result = dataclasses.field(default_factory=lambda: os.statvfs("/"))
    written: int = 0
    began: int = 0
    system: int = 0
    user: int = 0
    periods: int = 0
    throttled: int = 0
    throttled_for: int = 0
    period: int = 0
    shares: int = 0
    cache: int = 0
    mapped: int = 0
    kernel_memory: int = 0
    most_memory: int = 0
    limit_met: int = 0
    killed: int = 0
    reads: int = 0
    read_bytes: int = 0
    writes: int = 0
    write_bytes: int = 0
    pids: list[int] = dataclasses.field(default_factory=list)
    threads: int = 0
    most_threads: int = 0
    descriptors: int = 0
    sockets: int = 0

    @property
    def io_bytes(self) -> int:
        """Bytes in both directions."""
        return self.read_bytes + self.write_bytes


def of_group(folders: dict[str, str], folder: str, began: int) -> Counters:
    """What is counted now; ``folders`` are the places of the group, ``folder`` is where its own files are."""
    found = Counters(**vars(usage.of_group(folders)))
    found.disk, found.began = os.statvfs(folder), began
    found.written = sum(sizes(os.path.join(folder, "upper")))
    if "memory" in folders or "cpuacct" in folders:
        _first_version(found, folders)
    else:
        _second_version(found, folders.get(UNIFIED, ""))
    found.pids = list(usage.processes(folders.get("pids") or folders.get("memory") or folders.get(UNIFIED, "")))
    for pid in found.pids:
        _add_process(found, pid)
    return found


def _first_version(found: Counters, folders: dict[str, str]) -> None:
    memory, cpu = folders.get("memory", ""), folders.get("cpu", "")
    ticks, throttling = usage.table(folders.get("cpuacct", ""), "cpuacct.stat"), usage.table(cpu, "cpu.stat")
    found.system, found.user = ticks.get("system", 0) * _TICK, ticks.get("user", 0) * _TICK
    found.periods, found.throttled = throttling.get("nr_periods", 0), throttling.get("nr_throttled", 0)
    found.throttled_for = throttling.get("throttled_time", 0)
    found.period, found.shares = usage.number(cpu, "cpu.cfs_period_us"), usage.number(cpu, "cpu.shares")
    told = usage.table(memory, "memory.stat")
    found.cache, found.mapped = told.get("total_cache", 0), told.get("total_mapped_file", 0)
    found.kernel_memory = usage.number(memory, "memory.kmem.usage_in_bytes")
    found.most_memory = usage.number(memory, "memory.max_usage_in_bytes")
    found.limit_met = usage.number(memory, "memory.failcnt")
    found.killed = usage.table(memory, "memory.oom_control").get("oom_kill", 0)
    found.most_threads = usage.number(folders.get("pids", ""), "pids.max")
    for name, file in (("bytes", "blkio.throttle.io_service_bytes"), ("count", "blkio.throttle.io_serviced")):
        _add_block_io(found, folders.get("blkio", ""), file, name)


def _add_block_io(found: Counters, folder: str, file: str, what: str) -> None:
    for line in usage.text(folder, file).splitlines():
        words = line.split()
        if len(words) == 3 and words[1] == "Read":
            field = "read_bytes" if what == "bytes" else "reads"
        elif len(words) == 3 and words[1] == "Write":
            field = "write_bytes" if what == "bytes" else "writes"
        else:
            continue
        setattr(found, field, getattr(found, field) + int(words[2]))


def _second_version(found: Counters, folder: str) -> None:
    times, told = usage.table(folder, "cpu.stat"), usage.table(folder, "memory.stat")
    found.system, found.user = times.get("system_usec", 0) * 1000, times.get("user_usec", 0) * 1000
    found.periods, found.throttled = times.get("nr_periods", 0), times.get("nr_throttled", 0)
    found.throttled_for = times.get("throttled_usec", 0) * 1000
    limit = usage.text(folder, "cpu.max").split()
    found.period, found.shares = int(limit[1]) if len(limit) == 2 else 0, usage.number(folder, "cpu.weight")
    found.cache, found.mapped = told.get("file", 0), told.get("file_mapped", 0)
    found.kernel_memory, found.most_memory = told.get("kernel", 0), usage.number(folder, "memory.peak")
    events = usage.table(folder, "memory.events")
    found.limit_met, found.killed = events.get("max", 0), events.get("oom_kill", 0)
    found.most_threads = usage.number(folder, "pids.max")
    fields = {"rbytes": "read_bytes", "wbytes": "write_bytes", "rios": "reads", "wios": "writes"}
    for word in usage.text(folder, "io.stat").split():
        key, _, value = word.partition("=")
        if key in fields:
            setattr(found, fields[key], getattr(found, fields[key]) + int(value))


def _add_process(found: Counters, pid: int) -> None:
    targets = list(_targets(pid))
    found.descriptors += len(targets)
    found.sockets += sum(target.startswith("socket:") for target in targets)
    try:
        found.threads += len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return


def _targets(pid: int) -> Iterator[str]:
    """What the descriptors of a process lead to, as far as it is still there."""
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
