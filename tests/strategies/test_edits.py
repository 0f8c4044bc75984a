"""What each edit writes into an empty document, and what holds for all of them."""
# ruff: noqa: F403, F405  # the table is about all edits there are, so it imports them all

from typing import Any

import pytest

import strategies.edits
from conformance.schema import errors_of
from strategies.config import base_config
from strategies.edit import Config, Edit, edited
from strategies.edits import *

Row = tuple[Edit, Config, str]


def process(**fields: Any) -> Config:
    return {"process": fields}


def linux(**fields: Any) -> Config:
    return {"linux": fields}


def resources(**fields: Any) -> Config:
    return linux(resources=fields)


def does(*words: str) -> Config:
    return process(args=list(words))


def mounts(**fields: Any) -> Config:
    return {"mounts": [fields]}


TOP_LEVEL: list[Row] = [
    (oci_version("1.2.0"), {"ociVersion": "1.2.0"}, "1.0.0"),
    (root_path("other"), {"root": {"path": "other"}}, "1.0.0"),
    (readonly_root(), {"root": {"readonly": True}}, "1.0.0"),
    (readonly_root(False), {"root": {"readonly": False}}, "1.0.0"),
    (hostname("h"), {"hostname": "h"}, "1.0.0"),
    (domainname("d"), {"domainname": "d"}, "1.1.0"),
    (annotation("org.example.key", "v"), {"annotations": {"org.example.key": "v"}}, "1.0.0"),
    (hook("poststop", "/x"), {"hooks": {"poststop": [{"path": "/x", "args": ["/x"]}]}}, "1.0.0"),
    (
        hook("createRuntime", "/x", args=["y", "z"], env=["A=1"], timeout=5),
        {"hooks": {"createRuntime": [{"path": "/x", "args": ["y", "z"], "env": ["A=1"], "timeout": 5}]}},
        "1.0.2",
    ),
]

PTS = {
    "destination": "/dev/pts",
    "type": "devpts",
    "source": "devpts",
    "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
}
PROCESS: list[Row] = [
    (args("/x", "y"), process(args=["/x", "y"]), "1.0.0"),
    (cwd("/x"), process(cwd="/x"), "1.0.0"),
    (env("A=1", "B="), process(env=["A=1", "B="]), "1.0.0"),
    (terminal(), process(terminal=True) | {"mounts": [PTS]}, "1.0.0"),
    (terminal(False), process(terminal=False) | {"mounts": []}, "1.0.0"),
    (console_size(24, 80), process(consoleSize={"height": 24, "width": 80}), "1.0.0"),
    (user(1, 2), process(user={"uid": 1, "gid": 2}), "1.0.0"),
    (
        user(1, 2, additional_gids=[3, 4], umask=0),
        process(user={"uid": 1, "gid": 2, "additionalGids": [3, 4], "umask": 0}),
        "1.0.2",
    ),
    (additional_gids(3, 4), process(user={"additionalGids": [3, 4]}), "1.0.0"),
    (umask(0o22), process(user={"umask": 18}), "1.0.2"),
    (
        rlimit("NOFILE", soft="1K", hard=UNLIMITED),
        process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 18446744073709551615}]),
        "1.0.0",
    ),
    (
        capabilities("CHOWN", "CAP_KILL", sets=["ambient", "inheritable"]),
        process(capabilities={"ambient": ["CAP_CHOWN", "CAP_KILL"], "inheritable": ["CAP_CHOWN", "CAP_KILL"]}),
        "1.0.0",
    ),
    (capabilities(), process(capabilities={"bounding": [], "effective": [], "permitted": []}), "1.0.0"),
    (no_new_privileges(), process(noNewPrivileges=True), "1.0.0"),
    (oom_score_adj(0), process(oomScoreAdj=0), "1.0.0"),
    (apparmor_profile("p"), process(apparmorProfile="p"), "1.0.0"),
    (selinux_label("l"), process(selinuxLabel="l"), "1.0.0"),
    (
        scheduler("DEADLINE", nice=1, priority=0, flags=["RECLAIM"], runtime=1, deadline=2, period=3),
        process(
            scheduler={
                "policy": "SCHED_DEADLINE",
                "nice": 1,
                "priority": 0,
                "flags": ["SCHED_FLAG_RECLAIM"],
                "runtime": 1,
                "deadline": 2,
                "period": 3,
            }
        ),
        "1.1.0",
    ),
    (io_priority("BE", 3), process(ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 3}), "1.1.0"),
    (exec_cpu_affinity(final="0"), process(execCPUAffinity={"final": "0"}), "1.2.1"),
]

MOUNTS: list[Row] = [
    (mount("/x"), mounts(destination="/x"), "1.0.0"),
    (
        mount("/x", type="ext4", source="/y", options=["ro"]),
        mounts(destination="/x", type="ext4", source="/y", options=["ro"]),
        "1.0.0",
    ),
    (
        mount("/x", uid_mappings=[(0, 1, 2)], gid_mappings=[(3, 4, 5)]),
        mounts(
            destination="/x",
            uidMappings=[{"containerID": 0, "hostID": 1, "size": 2}],
            gidMappings=[{"containerID": 3, "hostID": 4, "size": 5}],
        ),
        "1.1.0",
    ),
    (mount("/x", options=["rro"]), mounts(destination="/x", options=["rro"]), "1.0.0"),
    (mount("/x", options=["idmap"]), mounts(destination="/x", options=["idmap"]), "1.2.0"),
    (mount("x"), mounts(destination="x"), "1.2.0"),
    (
        bind("/x", "/y", "ro"),
        mounts(destination="/y", type="none", source="/x", options=["rbind", "ro"]),
        "1.0.0",
    ),
    (bind("/x", "/y", "bind"), mounts(destination="/y", type="none", source="/x", options=["bind"]), "1.0.0"),
    (tmpfs("/x", "ro"), mounts(destination="/x", type="tmpfs", source="tmpfs", options=["ro"]), "1.0.0"),
    (unmount("/x"), {"mounts": []}, "1.0.0"),
]

NAMESPACES: list[Row] = [
    (namespace("pid"), linux(namespaces=[{"type": "pid"}]), "1.0.0"),
    (namespace("pid", "/x"), linux(namespaces=[{"type": "pid", "path": "/x"}]), "1.0.0"),
    (namespace("time"), linux(namespaces=[{"type": "time"}]), "1.1.0"),
    (share_namespace("pid"), linux(namespaces=[]), "1.0.0"),
    (uid_mapping(0, 1, 2), linux(uidMappings=[{"containerID": 0, "hostID": 1, "size": 2}]), "1.0.0"),
    (gid_mapping(0, 1, 2), linux(gidMappings=[{"containerID": 0, "hostID": 1, "size": 2}]), "1.0.0"),
    (
        time_offset("boottime", secs=-1, nanosecs=2),
        linux(timeOffsets={"boottime": {"secs": -1, "nanosecs": 2}}),
        "1.1.0",
    ),
    (net_device("eth0", name="eth1"), linux(netDevices={"eth0": {"name": "eth1"}}), "1.3.0"),
]

LINUX: list[Row] = [
    (device("/dev/p", "p"), linux(devices=[{"path": "/dev/p", "type": "p"}]), "1.0.0"),
    (
        device("/dev/x", "c", 1, 3, file_mode=0o640, uid=0, gid=5),
        linux(devices=[{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 416, "uid": 0, "gid": 5}]),
        "1.0.0",
    ),
    (masked_paths("/x", "/y"), linux(maskedPaths=["/x", "/y"]), "1.0.0"),
    (readonly_paths("/x"), linux(readonlyPaths=["/x"]), "1.0.0"),
    (sysctl("kernel.shmmax", "1"), linux(sysctl={"kernel.shmmax": "1"}), "1.0.0"),
    (rootfs_propagation("slave"), linux(rootfsPropagation="slave"), "1.0.0"),
    (mount_label("l"), linux(mountLabel="l"), "1.0.0"),
    (personality("LINUX32", flags=[]), linux(personality={"domain": "LINUX32", "flags": []}), "1.0.2"),
    (
        memory_policy("BIND", nodes="0-1", flags=["STATIC_NODES"]),
        linux(memoryPolicy={"mode": "MPOL_BIND", "nodes": "0-1", "flags": ["MPOL_F_STATIC_NODES"]}),
        "1.3.0",
    ),
    (intel_rdt(), linux(intelRdt={}), "1.0.0"),
    (
        intel_rdt(clos_id="c", mem_bw_schema="MB:0=20"),
        linux(intelRdt={"closID": "c", "memBwSchema": "MB:0=20"}),
        "1.0.2",
    ),
    (
        intel_rdt(l3_cache_schema="L3:0=f", schemata=["L2:0=f"], enable_monitoring=True),
        linux(intelRdt={"l3CacheSchema": "L3:0=f", "schemata": ["L2:0=f"], "enableMonitoring": True}),
        "1.3.0",
    ),
    (seccomp("ALLOW"), linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW"}), "1.0.0"),
    (
        seccomp("ERRNO", rule("sync", "LOG"), architectures=["X86_64"], flags=["LOG"]),
        linux(
            seccomp={
                "defaultAction": "SCMP_ACT_ERRNO",
                "architectures": ["SCMP_ARCH_X86_64"],
                "flags": ["SECCOMP_FILTER_FLAG_LOG"],
                "syscalls": [{"names": ["sync"], "action": "SCMP_ACT_LOG"}],
            }
        ),
        "1.0.2",
    ),
    (
        seccomp(
            "SCMP_ACT_ALLOW",
            rule(["a", "b"], "ERRNO", args=[arg(0, 1), arg(1, 2, "MASKED_EQ", 3)], errno_ret=5),
            default_errno_ret=1,
            listener_path="/x",
            listener_metadata="m",
        ),
        linux(
            seccomp={
                "defaultAction": "SCMP_ACT_ALLOW",
                "defaultErrnoRet": 1,
                "listenerPath": "/x",
                "listenerMetadata": "m",
                "syscalls": [
                    {
                        "names": ["a", "b"],
                        "action": "SCMP_ACT_ERRNO",
                        "errnoRet": 5,
                        "args": [
                            {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
                            {"index": 1, "value": 2, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"},
                        ],
                    }
                ],
            }
        ),
        "1.1.0",
    ),
]

DEVICE = {"major": 8, "minor": 0}
RESOURCES: list[Row] = [
    (cgroups_path("/x"), linux(cgroupsPath="/x"), "1.0.0"),
    (device_rule(False), resources(devices=[{"allow": False}]), "1.0.0"),
    (
        device_rule(True, type="c", major=1, minor=3, access="rwm"),
        resources(devices=[{"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}]),
        "1.0.0",
    ),
    (memory(limit="64M", swap=-1), resources(memory={"limit": 67108864, "swap": -1}), "1.0.0"),
    (
        memory(reservation=1, kernel=2, kernel_tcp=3, swappiness=0, disable_oom_killer=False, use_hierarchy=True),
        resources(
            memory={
                "reservation": 1,
                "kernel": 2,
                "kernelTCP": 3,
                "swappiness": 0,
                "disableOOMKiller": False,
                "useHierarchy": True,
            }
        ),
        "1.0.2",
    ),
    (memory(check_before_update=True), resources(memory={"checkBeforeUpdate": True}), "1.1.0"),
    (pids(7), resources(pids={"limit": 7}), "1.0.0"),
    (pids(0), resources(pids={"limit": 0}), "1.3.0"),
    (pids(), resources(pids={}), "1.3.0"),
    (
        cpu(shares=2, quota=3, period=4, realtime_runtime=5, realtime_period=6, cpus="0", mems="1"),
        resources(
            cpu={
                "shares": 2,
                "quota": 3,
                "period": 4,
                "realtimeRuntime": 5,
                "realtimePeriod": 6,
                "cpus": "0",
                "mems": "1",
            }
        ),
        "1.0.0",
    ),
    (cpu(burst=1, idle=0), resources(cpu={"burst": 1, "idle": 0}), "1.1.0"),
    (hugepage_limit("2MB", "4M"), resources(hugepageLimits=[{"pageSize": "2MB", "limit": 4194304}]), "1.0.0"),
    (network_class(5), resources(network={"classID": 5}), "1.0.0"),
    (network_priority("lo", 1), resources(network={"priorities": [{"name": "lo", "priority": 1}]}), "1.0.0"),
    (rdma("mlx", hca_handles=1, hca_objects=2), resources(rdma={"mlx": {"hcaHandles": 1, "hcaObjects": 2}}), "1.0.2"),
    (unified({"memory.max": "1"}), resources(unified={"memory.max": "1"}), "1.1.0"),
    (block_io(weight=10, leaf_weight=20), resources(blockIO={"weight": 10, "leafWeight": 20}), "1.0.0"),
    (
        block_io_weight_device(8, 0, weight=10, leaf_weight=20),
        resources(blockIO={"weightDevice": [DEVICE | {"weight": 10, "leafWeight": 20}]}),
        "1.0.0",
    ),
    (
        throttle_read_bps_device(8, 0, "1M"),
        resources(blockIO={"throttleReadBpsDevice": [DEVICE | {"rate": 1048576}]}),
        "1.0.0",
    ),
    (
        throttle_write_bps_device(8, 0, 1),
        resources(blockIO={"throttleWriteBpsDevice": [DEVICE | {"rate": 1}]}),
        "1.0.0",
    ),
    (
        throttle_read_iops_device(8, 0, 1),
        resources(blockIO={"throttleReadIOPSDevice": [DEVICE | {"rate": 1}]}),
        "1.0.0",
    ),
    (
        throttle_write_iops_device(8, 0, 1),
        resources(blockIO={"throttleWriteIOPSDevice": [DEVICE | {"rate": 1}]}),
        "1.0.0",
    ),
]

DOCUMENT: list[Row] = [
    (put("a.b", 1), {"a": {"b": 1}}, "1.0.0"),
    (put("linux.timeOffsets", {}), linux(timeOffsets={}), "1.1.0"),
    (replace("a.b", 1), {}, "1.0.0"),
    (drop("a.b"), {}, "1.0.0"),
    (add("process.env", "A=1"), process(env=["A=1"]), "1.0.0"),
]

PROGRAM: list[Row] = [
    (do("anything", 1, "two"), does("anything", "1", "two"), "1.0.0"),
    (to("/x"), does("to", "/x"), "1.0.0"),
    (tag("t"), does("tag", "t"), "1.0.0"),
    (stdin(), does("stdin"), "1.0.0"),
    (read("/x"), does("read", "/x"), "1.0.0"),
    (write("/x", "t"), does("write", "/x", "t"), "1.0.0"),
    (append("/x", "t"), does("append", "/x", "t"), "1.0.0"),
    (opened("/x"), does("open", "/x", "r"), "1.0.0"),
    (opened("/x", "rw"), does("open", "/x", "rw"), "1.0.0"),
    (stat("/x"), does("stat", "/x"), "1.0.0"),
    (readlink("/x"), does("readlink", "/x"), "1.0.0"),
    (folder("/x"), does("list", "/x"), "1.0.0"),
    (touch("2K"), does("touch", "2048"), "1.0.0"),
    (fork(3), does("fork", "3"), "1.0.0"),
    (threads(3), does("threads", "3"), "1.0.0"),
    (burn(3), does("burn", "3"), "1.0.0"),
    (syscall(39), does("syscall", "39", "0", "0", "0"), "1.0.0"),
    (syscall(39, 1, 2, 3, 4), does("syscall6", "39", "1", "2", "3", "4", "0", "0"), "1.0.0"),
    (burn_cpu(3), does("burncpu", "3"), "1.0.0"),
    (line(), does("line"), "1.0.0"),
    (syscall(39, 1, 2, 3), does("syscall", "39", "1", "2", "3"), "1.0.0"),
    (wait(), does("wait"), "1.0.0"),
    (trap("TERM"), does("trap", "TERM"), "1.0.0"),
    (ignore("TERM"), does("ignore", "TERM"), "1.0.0"),
    (spawn(), does("spawn"), "1.0.0"),
    (exits(3), does("exit", "3"), "1.0.0"),
    (until("/x"), does("sleepuntil", "/x"), "1.0.0"),
]
EVERY = [*TOP_LEVEL, *PROCESS, *MOUNTS, *NAMESPACES, *LINUX, *RESOURCES, *DOCUMENT, *PROGRAM]
EDITS = [row[0] for row in EVERY]
every_edit = pytest.mark.parametrize("edit", EDITS, ids=repr)


@pytest.mark.parametrize(("edit", "document", "since"), EVERY, ids=[repr(edit) for edit in EDITS])
def test_effect_and_version(edit: Edit, document: Config, since: str) -> None:
    config: Config = {}
    edit(config)
    assert config == document
    assert edit.since == since


@every_edit
def test_the_repr_makes_an_equal_edit(edit: Edit) -> None:
    again = eval(repr(edit), vars(strategies.edits))  # noqa: S307  # text of our own
    assert again == edit
    assert hash(again) == hash(edit)
    assert repr(again) == repr(edit)


@every_edit
def test_the_schema_accepts_the_base_with_any_one_edit(edit: Edit) -> None:
    assert errors_of(edited(edit), "config") == []


def test_the_schema_accepts_all_edits_together() -> None:
    assert errors_of(edited(*EDITS), "config") == []


@every_edit
def test_an_edit_shares_nothing_with_the_config(edit: Edit) -> None:
    first, second = base_config(), base_config()
    before = repr(edit)
    edit(first)
    edit(second)
    assert first == second
    _spoil(first)
    assert second == edited(edit) | {"ociVersion": second["ociVersion"]}
    assert repr(edit) == before


@every_edit
def test_an_edit_works_on_a_document_of_wrong_types(edit: Edit) -> None:
    sections = ("process", "root", "mounts", "linux", "hooks", "annotations")
    edit(dict.fromkeys(sections, 7))
    edit({"process": {"args": 7, "env": 7, "user": 7}, "linux": {"resources": [], "namespaces": {}}, "mounts": [7]})


def test_every_exported_edit_is_tried_and_documented() -> None:
    callables = {name for name in strategies.edits.__all__ if callable(getattr(strategies.edits, name))}
    assert callables == {edit.name for edit in EDITS} | {"rule", "arg"}
    for name in callables:
        assert getattr(strategies.edits, name).__doc__, name


def test_every_edit_of_the_modules_is_exported() -> None:
    modules = [value for value in vars(strategies.edits).values() if type(value) is type(strategies)]
    made = {name for module in modules for name, value in vars(module).items() if hasattr(value, "__signature__")}
    assert made == {edit.name for edit in EDITS}
    assert made <= set(strategies.edits.__all__)


def _spoil(value: Any) -> None:
    """Empty all objects and lists, from the innermost."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _spoil(item)
        value.clear()
