"""Statistics from files as the kernel writes them, in both versions; the shape is that of runc's events --stats."""

from __future__ import annotations

from pathlib import Path

from reference_runtime.cgroups import Cgroup

LIMITLESS = (1 << 64) - 1


def group(folder: Path, names: list[str], content: dict[str, str]) -> Cgroup:
    (folder / "x").mkdir()
    for name, text in content.items():
        (folder / "x" / name).write_text(text)
    return Cgroup(dict.fromkeys(names, str(folder)), "/x")


def memory_files(stem: str) -> dict[str, str]:
    return {
        f"{stem}limit_in_bytes": "9000\n",
        f"{stem}usage_in_bytes": "40\n",
        f"{stem}max_usage_in_bytes": "0\n",
        f"{stem}failcnt": "2\n",
    }


def test_version_1(tmp_path: Path) -> None:
    flags = "cpu_exclusive mem_hardwall mem_exclusive memory_migrate memory_spread_page memory_spread_slab"
    cpuset = {f"cpuset.{name}": "0\n" for name in [*flags.split(" "), "memory_pressure", "sched_load_balance"]}
    io = "8:0 Read 4096\n8:0 Write 0\n8:0 Discard 0\n8:0 Total 4096\nTotal 4096\n"
    content = (
        cpuset
        | {"cpuset.cpus": "0-1,3\n", "cpuset.mems": "\n", "cpuset.sched_relax_domain_level": "-1\n"}
        | {"cpuacct.usage": "70\n", "cpuacct.usage_percpu": "30 40 \n", "cpuacct.stat": "user 3\nsystem 2\n"}
        | {"cpuacct.usage_all": "cpu user system\n0 10 20\n1 15 25\n"}
        | {"cpu.stat": "nr_periods 5\nnr_throttled 0\nthrottled_time 900\n"}
        | {"memory.stat": "cache 12\nrss 3\n", **memory_files("memory."), **memory_files("memory.kmem.")}
        | {"pids.current": "1\n", "pids.max": "7\n"}
        | {"blkio.throttle.io_service_bytes_recursive": "", "blkio.bfq.io_service_bytes_recursive": io}
        | {"hugetlb.2MB.rsvd.usage_in_bytes": "0\n", "hugetlb.2MB.rsvd.max_usage_in_bytes": "2097152\n"}
        | {"hugetlb.2MB.rsvd.failcnt": "4\n", "hugetlb.2MB.usage_in_bytes": "9\n"}
    )
    names = ["cpu", "cpuacct", "cpuset", "memory", "pids", "blkio", "hugetlb"]
    told = group(tmp_path, names, content).stats()
    used = {"limit": 9000, "usage": 40, "failcnt": 2}
    nothing = {"limit": 0, "failcnt": 0}
    assert told["cpu"] == {
        "usage": {
            "total": 70,
            "percpu": [30, 40],
            "percpu_kernel": [20, 25],
            "percpu_user": [10, 15],
            "kernel": 20_000_000,
            "user": 30_000_000,
        },
        "throttling": {"periods": 5, "throttledTime": 900},
    }
    assert told["cpuset"]["cpus"] == [0, 1, 3]
    assert told["cpuset"]["sched_relax_domain_level"] == -1
    assert told["memory"] == {
        "cache": 12,
        "usage": used,
        "swap": nothing,
        "kernel": used,
        "kernelTCP": nothing,
        "raw": {"cache": 12, "rss": 3},
    }
    assert told["pids"] == {"current": 1, "limit": 7}
    read = {"major": 8, "op": "Read", "value": 4096}
    assert told["blkio"]["ioServiceBytesRecursive"][0] == read
    assert "ioServicedRecursive" not in told["blkio"]
    assert told["hugetlb"] == {"2MB": {"max": 2097152, "failcnt": 4}}


def test_version_2(tmp_path: Path) -> None:
    content = {
        "cpu.stat": "usage_usec 70\nuser_usec 40\nsystem_usec 30\nnr_periods 0\nnr_throttled 2\nthrottled_usec 9\n",
        "memory.stat": "anon 3\nfile 12\n",
        "memory.current": "40\n",
        "memory.max": "9000\n",
        "memory.peak": "50\n",
        "memory.swap.current": "2\n",
        "memory.swap.max": "1000\n",
        "pids.current": "1\n",
        "pids.max": "max\n",
        "io.stat": "8:16 rbytes=4096 wbytes=0 rios=1 wios=2 dbytes=0 dios=0\n",
        "hugetlb.1GB.current": "0\n",
        "hugetlb.1GB.events": "max 3\n",
    }
    told = group(tmp_path, ["unified"], content).stats()
    assert told["cpu"] == {
        "usage": {"total": 70_000, "kernel": 30_000, "user": 40_000},
        "throttling": {"throttledPeriods": 2, "throttledTime": 9000},
    }
    assert told["cpuset"] == {}
    assert told["memory"]["usage"] == {"limit": 9000, "usage": 40, "max": 50, "failcnt": 0}
    assert told["memory"]["swap"] == {"limit": 10000, "usage": 42, "failcnt": 0}
    assert told["memory"]["cache"] == 12
    assert told["pids"] == {"current": 1}
    assert told["blkio"] == {
        "ioServiceBytesRecursive": [
            {"major": 8, "minor": 16, "op": "Read", "value": 4096},
            {"major": 8, "minor": 16, "op": "Write"},
        ],
        "ioServicedRecursive": [
            {"major": 8, "minor": 16, "op": "Read", "value": 1},
            {"major": 8, "minor": 16, "op": "Write", "value": 2},
        ],
    }
    assert told["hugetlb"] == {"1GB": {"failcnt": 3}}


def test_swap_without_a_limit_has_none_in_the_sum(tmp_path: Path) -> None:
    memory = {"memory.stat": "", "memory.current": "1", "memory.max": "max", "memory.swap.current": "0"}
    told = group(tmp_path, ["unified"], memory | {"memory.swap.max": "max"}).stats()
    assert told["memory"]["swap"]["limit"] == told["memory"]["usage"]["limit"] == LIMITLESS
