"""Resources as operations: what would be written, for hosts of either version made of plain folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reference_runtime.cgroups import Cgroup
from reference_runtime.errors import RuntimeFault, SpecError

V1 = ["blkio", "cpu", "cpuset", "devices", "freezer", "hugetlb", "memory", "net_cls", "net_prio", "pids", "rdma"]
V2 = "cpuset cpu io memory hugetlb pids rdma"
MB = 1 << 20


def files(folder: Path, names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names.split():
        (folder / name).write_text("")
    return folder


@pytest.fixture
def v1(tmp_path: Path) -> Cgroup:
    files(tmp_path / "x", "hugetlb.2MB.rsvd.limit_in_bytes hugetlb.2MB.limit_in_bytes hugetlb.1GB.limit_in_bytes")
    return Cgroup(dict.fromkeys(V1, str(tmp_path)), "/x")


@pytest.fixture
def v2(tmp_path: Path) -> Cgroup:
    files(tmp_path / "x", "cgroup.procs")
    (tmp_path / "cgroup.controllers").write_text(V2)
    return Cgroup({"unified": str(tmp_path)}, "/x")


def written(cgroup: Cgroup, resources: dict[str, Any]) -> list[str]:
    """``file=value`` for every write that is planned."""
    described = "; ".join(operation.describe() for operation in cgroup.operations(resources)).split("; ")
    parts = (line.removeprefix("write '").partition("' to ") for line in described if line)
    return [f"{place.rpartition('/')[2]}={value}" for value, _, place in parts]


CASES: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({}, [], []),
    ({"memory": {}, "cpu": {}, "pids": {}, "blockIO": {}}, [], []),
    ({"memory": {"limit": 5 * MB}}, ["memory.limit_in_bytes=5242880"], ["memory.max=5242880"]),
    (
        {"memory": {"limit": 5 * MB, "swap": 6 * MB}},
        ["memory.limit_in_bytes=5242880", "memory.memsw.limit_in_bytes=6291456"],
        ["memory.max=5242880", "memory.swap.max=1048576"],
    ),
    (
        {"memory": {"limit": 0, "swap": -1}},
        ["memory.limit_in_bytes=0", "memory.memsw.limit_in_bytes=-1"],
        ["memory.max=0", "memory.swap.max=max"],
    ),
    (
        {"memory": {"limit": -1}},
        ["memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"],
        ["memory.max=max", "memory.swap.max=max"],
    ),
    (
        {"memory": {"limit": -1, "swap": MB}},
        ["memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=1048576"],
        ["memory.max=max", "memory.swap.max=1048576"],
    ),
    ({"memory": {"reservation": MB}}, ["memory.soft_limit_in_bytes=1048576"], ["memory.low=1048576"]),
    (
        {"memory": {"kernel": -1, "kernelTCP": -1, "disableOOMKiller": False, "useHierarchy": True}},
        [
            *("memory.kmem.limit_in_bytes=-1", "memory.kmem.tcp.limit_in_bytes=-1"),
            *("memory.oom_control=0", "memory.use_hierarchy=1"),
        ],
        [],
    ),
    ({"cpu": {"shares": 1024}}, ["cpu.shares=1024"], ["cpu.weight=100"]),
    ({"cpu": {"shares": 2}}, ["cpu.shares=2"], ["cpu.weight=1"]),
    ({"cpu": {"shares": 1 << 40}}, [f"cpu.shares={1 << 40}"], ["cpu.weight=10000"]),
    ({"cpu": {"shares": 0, "quota": 0, "period": 0}}, [], []),
    (
        {"cpu": {"quota": 50000, "period": 100000, "burst": 0}},
        ["cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000", "cpu.cfs_burst_us=0"],
        ["cpu.max=50000 100000", "cpu.max.burst=0"],
    ),
    ({"cpu": {"quota": -1}}, ["cpu.cfs_quota_us=-1"], ["cpu.max=max"]),
    ({"cpu": {"period": 5000}}, ["cpu.cfs_period_us=5000"], ["cpu.max=5000"]),
    ({"cpu": {"idle": 1, "shares": 99}}, ["cpu.idle=1"], ["cpu.idle=1"]),
    ({"cpu": {"idle": 0, "shares": 1024}}, ["cpu.idle=0", "cpu.shares=1024"], ["cpu.idle=0", "cpu.weight=100"]),
    (
        {"cpu": {"cpus": "0-3,7", "mems": "0"}},
        ["cpuset.cpus=0-3,7", "cpuset.mems=0"],
        ["cpuset.cpus=0-3,7", "cpuset.mems=0"],
    ),
    ({"pids": {"limit": 0}}, ["pids.max=0"], ["pids.max=0"]),
    ({"pids": {"limit": -1}}, ["pids.max=max"], ["pids.max=max"]),
    ({"blockIO": {"weight": 500}}, ["blkio.weight=500"], ["io.bfq.weight=500"]),
    (
        {"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 300}]}},
        ["blkio.weight_device=8:0 300"],
        ["io.bfq.weight=8:0 300"],
    ),
    (
        {
            "blockIO": {
                "throttleReadBpsDevice": [{"major": 8, "minor": 1, "rate": 9}, {"major": 8, "minor": 2, "rate": 0}]
            }
        },
        ["blkio.throttle.read_bps_device=8:1 9", "blkio.throttle.read_bps_device=8:2 0"],
        ["io.max=8:1 rbps=9", "io.max=8:2 rbps=max"],
    ),
    (
        {"blockIO": {"throttleWriteIOPSDevice": [{"major": 8, "minor": 1, "rate": 9}]}},
        ["blkio.throttle.write_iops_device=8:1 9"],
        ["io.max=8:1 wiops=9"],
    ),
    (
        {"hugepageLimits": [{"pageSize": "2MB", "limit": 4}]},
        ["hugetlb.2MB.rsvd.limit_in_bytes=4"],
        ["hugetlb.2MB.rsvd.max=4"],
    ),
    (
        {"rdma": {"mlx5": {"hcaHandles": 3, "hcaObjects": 4}, "rxe": {"hcaObjects": 5}}},
        ["rdma.max=mlx5 hca_handle=3 hca_object=4", "rdma.max=rxe hca_object=5"],
        ["rdma.max=mlx5 hca_handle=3 hca_object=4", "rdma.max=rxe hca_object=5"],
    ),
]


@pytest.mark.parametrize(("resources", "first", "second"), CASES, ids=[str(case[0]) for case in CASES])
def test_every_property_in_both_versions(
    v1: Cgroup, v2: Cgroup, resources: dict[str, Any], first: list[str], second: list[str]
) -> None:
    assert written(v1, resources) == first
    assert written(v2, resources) == second


def test_what_only_version_1_has(v1: Cgroup) -> None:
    memory = {"swappiness": 60, "disableOOMKiller": True, "kernel": 9}
    assert written(v1, {"memory": memory}) == [
        *("memory.kmem.limit_in_bytes=9", "memory.swappiness=60"),
        "memory.oom_control=1",
    ]
    realtime = {"realtimeRuntime": 950000, "realtimePeriod": 1000000}
    assert written(v1, {"cpu": realtime}) == ["cpu.rt_period_us=1000000", "cpu.rt_runtime_us=950000"]
    network = {"classID": 1048577, "priorities": [{"name": "lo", "priority": 5}]}
    assert written(v1, {"network": network}) == ["net_cls.classid=1048577", "net_prio.ifpriomap=lo 5"]
    assert written(v1, {"blockIO": {"leafWeight": 10}}) == ["blkio.leaf_weight=10"]


def test_what_only_version_2_has(v2: Cgroup) -> None:
    assert written(v2, {"unified": {"memory.high": "9", "cgroup.max.depth": "3"}}) == [
        "memory.high=9",
        "cgroup.max.depth=3",
    ]


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"memory": {"swappiness": 0}}, r"memory\.swappiness can not be applied"),
        ({"memory": {"disableOOMKiller": True}}, r"memory\.disableOOMKiller can not be applied"),
        ({"memory": {"useHierarchy": False}}, r"memory\.useHierarchy can not be applied"),
        ({"memory": {"kernel": 4096}}, r"memory\.kernel can not be applied"),
        ({"cpu": {"realtimeRuntime": 1}}, r"cpu\.realtimeRuntime can not be applied"),
        ({"blockIO": {"leafWeight": 9}}, r"blockIO\.leafWeight can not be applied"),
        ({"network": {"classID": 1}}, r"network\.classID: this host has no cgroup controller net_cls"),
        ({"unified": {"misc.max": "1"}}, r"unified\['misc\.max'\]: cgroup version 2 has no controller misc"),
    ],
)
def test_what_version_2_can_not_do(v2: Cgroup, resources: dict[str, Any], message: str) -> None:
    with pytest.raises(RuntimeFault, match=rf"linux\.resources\.{message}"):
        v2.operations(resources)


@pytest.mark.parametrize(
    ("resources", "controller"),
    [
        ({"memory": {"limit": 1}}, "memory"),
        ({"cpu": {"shares": 9}}, "cpu"),
        ({"cpu": {"quota": 1000}}, "cpu"),
        ({"cpu": {"cpus": "0"}}, "cpuset"),
        ({"pids": {"limit": 9}}, "pids"),
        ({"blockIO": {"weight": 100}}, "blkio"),
        ({"hugepageLimits": [{"pageSize": "2MB", "limit": 0}]}, "hugetlb"),
        ({"network": {"priorities": [{"name": "lo", "priority": 1}]}}, "net_prio"),
        ({"rdma": {"rxe": {"hcaObjects": 1}}}, "rdma"),
    ],
)
def test_a_missing_controller_is_named(tmp_path: Path, resources: dict[str, Any], controller: str) -> None:
    bare = Cgroup({"freezer": str(tmp_path)}, "/x")
    with pytest.raises(RuntimeFault, match=f"this host has no cgroup controller {controller}$"):
        bare.operations(resources)


def test_unified_needs_version_2(v1: Cgroup) -> None:
    with pytest.raises(RuntimeFault, match="this host has no cgroup version 2 hierarchy"):
        v1.operations({"unified": {"memory.high": "9"}})


def test_a_hybrid_host_uses_what_version_2_has(tmp_path: Path, v2: Cgroup) -> None:
    hybrid = Cgroup({"memory": str(tmp_path / "memory")} | v2.mounts, "/x")
    described = [one.describe() for one in hybrid.operations({"memory": {"limit": 1}, "pids": {"limit": 2}})]
    assert described == [
        f"enable controllers for {tmp_path}/x",
        f"write '1' to {tmp_path}/memory/x/memory.limit_in_bytes",
        f"write '2' to {tmp_path}/x/pids.max",
    ]


@pytest.mark.parametrize(
    ("resources", "field"),
    [
        ({"memory": 3}, "memory must be an object"),
        ({"memory": {"limit": "64M"}}, "memory.limit must be an integer"),
        ({"memory": {"limit": True}}, "memory.limit must be an integer"),
        ({"memory": {"limit": -2}}, "memory.limit must be an integer from -1"),
        ({"memory": {"limit": 1 << 63}}, "memory.limit must be an integer"),
        ({"memory": {"limit": 5, "swap": 4}}, "memory.swap counts memory and swap"),
        ({"memory": {"swappiness": 101}}, "memory.swappiness must be an integer from 0 to 100"),
        ({"memory": {"disableOOMKiller": 1}}, "memory.disableOOMKiller must be true or false"),
        ({"memory": {"checkBeforeUpdate": "yes"}}, "memory.checkBeforeUpdate must be true or false"),
        ({"cpu": {"shares": -1}}, "cpu.shares must be an integer from 0"),
        ({"cpu": {"quota": 1000, "burst": 1001}}, "cpu.burst 1001 must not be larger than cpu.quota 1000"),
        ({"cpu": {"idle": 2}}, "cpu.idle must be an integer from 0 to 1"),
        ({"cpu": {"cpus": "0-"}}, "cpu.cpus must be a list like 0-3,7"),
        ({"cpu": {"cpus": "3-1"}}, "cpu.cpus must be a list like 0-3,7"),
        ({"cpu": {"mems": "a"}}, "cpu.mems must be a list like 0-3,7"),
        ({"cpu": {"mems": 0}}, "cpu.mems must be a string"),
        ({"pids": {"limit": -2}}, "pids.limit must be an integer from -1"),
        ({"blockIO": {"weight": 65536}}, "blockIO.weight must be an integer from 0 to 65535"),
        ({"blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}}, "blockIO.weightDevice[0] must have weight"),
        ({"blockIO": {"weightDevice": [{"minor": 0, "weight": 1}]}}, "blockIO.weightDevice[0].major is missing"),
        (
            {"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0}]}},
            "throttleReadBpsDevice[0].rate is missing",
        ),
        ({"blockIO": {"throttleReadBpsDevice": [3]}}, "throttleReadBpsDevice must be an array of objects"),
        ({"hugepageLimits": [{"limit": 1}]}, "hugepageLimits[0].pageSize must be a size like 2MB"),
        ({"hugepageLimits": [{"pageSize": "2M", "limit": 1}]}, "hugepageLimits[0].pageSize must be a size like 2MB"),
        ({"hugepageLimits": [{"pageSize": "2MB"}]}, "hugepageLimits[0].limit is missing"),
        ({"network": {"classID": 1 << 32}}, "network.classID must be an integer"),
        ({"network": {"priorities": [{"priority": 1}]}}, "network.priorities[0].name is missing"),
        ({"network": {"priorities": [{"name": "lo"}]}}, "network.priorities[0].priority is missing"),
        ({"rdma": {"mlx": {}}}, "rdma.mlx must have hcaHandles or hcaObjects"),
        ({"rdma": {"mlx": 3}}, "rdma.mlx must be an object"),
        ({"unified": {"a/b": "1"}}, "unified['a/b'] must be the name of a file"),
        ({"unified": {"memory.max": 1}}, "unified['memory.max'] must be a string"),
    ],
)
def test_invalid_values(v1: Cgroup, resources: dict[str, Any], field: str) -> None:
    with pytest.raises(SpecError) as raised:
        v1.operations(resources)
    assert field in str(raised.value)
    assert str(raised.value).startswith("linux.resources.")


def test_hugepages_fall_back_to_faults(v1: Cgroup, tmp_path: Path) -> None:
    v1.apply({"hugepageLimits": [{"pageSize": size, "limit": 7} for size in ("2MB", "1GB")]})
    contents = {path.name: path.read_text() for path in (tmp_path / "x").iterdir()}
    assert contents == {
        "hugetlb.2MB.rsvd.limit_in_bytes": "7",
        "hugetlb.2MB.limit_in_bytes": "",
        "hugetlb.1GB.limit_in_bytes": "7",
    }


def test_a_file_that_is_not_there_is_named_with_its_property(v2: Cgroup) -> None:
    with pytest.raises(
        RuntimeFault, match=r"linux\.resources\.pids\.limit: can not write '3' to .*/x/pids\.max: No such"
    ):
        v2.apply({"pids": {"limit": 3}})


def test_lines_of_a_value_are_written_one_by_one(v2: Cgroup, tmp_path: Path) -> None:
    files(tmp_path / "x", "io.max")
    v2.apply({"unified": {"io.max": "8:0 rbps=1\n8:1 wiops=2"}})
    assert (tmp_path / "x/io.max").read_text() == "8:0 rbps=18:1 wiops=2"


def test_the_usage_is_checked_before_an_update_when_told(v2: Cgroup, tmp_path: Path) -> None:
    files(tmp_path / "x", "memory.max")
    (tmp_path / "x/memory.current").write_text("1000\n")
    v2.apply({"memory": {"limit": 999}})
    v2.apply({"memory": {"limit": 1000, "checkBeforeUpdate": True}})
    with pytest.raises(RuntimeFault, match=r"memory\.limit: 999 is less than the 1000 bytes in use"):
        v2.apply({"memory": {"limit": 999, "checkBeforeUpdate": True}})


def test_a_period_alone_keeps_the_quota(v2: Cgroup, tmp_path: Path) -> None:
    files(tmp_path / "x", "cpu.max")
    (tmp_path / "x/cpu.max").write_text("500 100000\n")
    v2.apply({"cpu": {"period": 7000}})
    assert (tmp_path / "x/cpu.max").read_text().startswith("500 7000")


def test_swap_alone_counts_from_the_memory_limit_in_force(v2: Cgroup, tmp_path: Path) -> None:
    files(tmp_path / "x", "memory.swap.max")
    (tmp_path / "x/memory.max").write_text("600\n")
    v2.apply({"memory": {"swap": 1000}})
    assert (tmp_path / "x/memory.swap.max").read_text() == "400"
    with pytest.raises(RuntimeFault, match=r"memory\.swap: can not write .*: memory\.max is 600"):
        v2.apply({"memory": {"swap": 500}})
