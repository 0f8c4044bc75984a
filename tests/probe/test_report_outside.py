"""The report next to what the host sees of the same process in /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.probe.report import INFINITY, Mount, Report, parse

if TYPE_CHECKING:
    from tests.probe.conftest import Probe


@dataclass(frozen=True)
class Both:
    """What the process says, and its folder in /proc, while it lives."""

    report: Report
    proc: Path

    @property
    def status(self) -> dict[str, str]:
        lines = (self.proc / "status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.fixture
def both(probe: Probe) -> Iterator[Both]:
    with probe.start("report", "wait") as process:
        assert process.stdout is not None
        report, _ = parse(process.stdout.readline())
        assert report is not None
        process.stdout.readline()
        yield Both(report, Path(f"/proc/{process.pid}"))


def test_identity(both: Both) -> None:
    pid = int(both.proc.name)
    told = (both.report.pid, both.report.ppid, both.report.pgid, both.report.sid)
    assert told == (pid, os.getpid(), os.getpgid(pid), os.getsid(pid))
    assert both.report.exe == str((both.proc / "exe").readlink())
    assert both.report.comm == both.status["Name"]


def test_capabilities(both: Both) -> None:
    sets, status = both.report.capabilities, both.status
    kinds = {"CapEff": sets.effective, "CapPrm": sets.permitted, "CapInh": sets.inheritable, "CapBnd": sets.bounding}
    for kind, names in kinds.items():
        assert len(names) == int(status[kind], 16).bit_count(), kind


def test_status(both: Both) -> None:
    report, status = both.report, both.status
    assert report.umask == int(status["Umask"], 8)
    assert report.mems_allowed == status["Mems_allowed_list"]
    assert report.groups == sorted(map(int, status["Groups"].split()))
    assert report.seccomp.mode == int(status["Seccomp"])
    assert report.no_new_privs == bool(int(status["NoNewPrivs"]))


def test_limits(both: Both) -> None:
    names = {"Max open files": "NOFILE", "Max processes": "NPROC", "Max stack size": "STACK", "Max cpu time": "CPU"}
    for line in (both.proc / "limits").read_text().splitlines()[1:]:
        name = names.get(line[:26].strip())
        if name is not None:
            soft, hard = (INFINITY if word == "unlimited" else int(word) for word in line[26:].split()[:2])
            assert both.report.rlimits[name] == (soft, hard)


def test_namespaces(both: Both) -> None:
    kinds = [path for path in (both.proc / "ns").iterdir() if not path.name.endswith("_for_children")]
    assert both.report.namespaces == {path.name: path.stat().st_ino for path in kinds}


def test_maps_of_ids(both: Both) -> None:
    assert both.report.uid_map == [(0, 0, 2**32 - 1)]
    assert both.report.gid_map == both.report.uid_map
    assert both.report.setgroups == "allow"


def test_descriptors(both: Both) -> None:
    assert both.report.fds == {path.name: str(path.readlink()) for path in (both.proc / "fd").iterdir()}


def test_cgroups(both: Both) -> None:
    lines = [f"{one.hierarchy}:{','.join(one.controllers)}:{one.path}" for one in both.report.cgroups]
    assert lines == (both.proc / "cgroup").read_text().splitlines()


def line_of(mount: Mount) -> str:
    tags = "".join(tag + " " for tag in mount.propagation)
    front = f"{mount.id} {mount.parent} {mount.device} {mount.root} {mount.point} {','.join(mount.options)}"
    return f"{front} {tags}- {mount.type} {mount.source} {','.join(mount.super_options)}"


def test_mounts(both: Both) -> None:
    assert list(map(line_of, both.report.mounts)) == (both.proc / "mountinfo").read_text().splitlines()


def test_devices(both: Both) -> None:
    null, found = both.report.device("null"), Path("/dev/null").stat()
    assert null is not None
    assert (null.type, null.major, null.minor, null.mode) == ("c", 1, 3, found.st_mode & 0o7777)
    assert both.report.device("nothing-like-it") is None


def test_names_and_links_in_dev(both: Both) -> None:
    top = [node for node in both.report.dev if "/" not in node.name]
    assert [node.name for node in top] == sorted(path.name for path in Path("/dev").iterdir())
    links = {path.name: str(path.readlink()) for path in Path("/dev").iterdir() if path.is_symlink()}
    assert {node.name: node.target for node in top if node.type == "l"} == links


def test_root(both: Both) -> None:
    root, found = both.report.root, Path("/").stat()
    assert (root.inode, root.uid, root.mode) == (found.st_ino, found.st_uid, found.st_mode & 0o7777)
    assert root.device == f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}"
    assert root.readonly == bool(os.statvfs("/").f_flag & os.ST_RDONLY)
