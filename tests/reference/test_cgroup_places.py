"""Where control groups are: mounts of either version, and the meaning of cgroupsPath."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reference_runtime.cgroups.mounts import UNIFIED, hierarchies
from reference_runtime.cgroups.paths import resolve
from reference_runtime.errors import SpecError


def device(folder: Path) -> str:
    number = folder.stat().st_dev
    return f"{os.major(number)}:{os.minor(number)}"


def line(where: object, kind: str, options: str = "rw", *, number: str = "0:99", root: str = "/") -> str:
    return f"30 23 {number} {root} {where} rw,relatime shared:9 - {kind} {kind} {options}\n"


V1 = line("/cg/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct") + line("/cg/pids", "cgroup", "rw,xattr,pids")
NAMED = line("/cg/systemd", "cgroup", "rw,xattr,name=systemd")
V2 = line("/cg/unified", "cgroup2", "rw,nsdelegate")
OTHER = line("/", "ext4") + line("/cg", "tmpfs", "rw,mode=755")


@pytest.mark.parametrize(
    ("mountinfo", "found"),
    [
        (OTHER, {}),
        (OTHER + V1, {"cpu": "/cg/cpu,cpuacct", "cpuacct": "/cg/cpu,cpuacct", "pids": "/cg/pids"}),
        (OTHER + V2, {UNIFIED: "/cg/unified"}),
        (NAMED + V2, {"name=systemd": "/cg/systemd", UNIFIED: "/cg/unified"}),
        (line(r"/a\040b\134", "cgroup2"), {UNIFIED: "/a b\\"}),
    ],
)
def test_every_kind_of_host(mountinfo: str, found: dict[str, str]) -> None:
    assert hierarchies(mountinfo) == found


def test_a_mount_that_can_be_reached_is_better_than_a_covered_one(tmp_path: Path) -> None:
    reachable = line(tmp_path, "cgroup2", number=device(tmp_path))
    covered = line("/sys/fs/cgroup/unified", "cgroup2", number="0:0")
    assert hierarchies(reachable + covered) == hierarchies(covered + reachable) == {UNIFIED: str(tmp_path)}


def test_a_whole_mount_is_better_than_a_part(tmp_path: Path) -> None:
    part, whole = tmp_path / "part", tmp_path / "whole"
    part.mkdir()
    whole.mkdir()
    lines = line(whole, "cgroup2", number=device(whole)) + line(part, "cgroup2", number=device(part), root="/x")
    assert hierarchies(lines) == {UNIFIED: str(whole)}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (None, "/seatrial/me"),
        ("", "/seatrial/me"),
        ("/a", "/a"),
        ("//a/./b/", "/a/b"),
        ("a/b", "/seatrial-relative/a/b"),
        ("me", "/seatrial-relative/me"),
        ("system.slice:runc:me", "/seatrial-relative/system.slice:runc:me"),
    ],
)
def test_paths(path: str | None, place: str) -> None:
    assert resolve(path, "me") == place


@pytest.mark.parametrize("path", ["/", ".", "//.", "/a/../b", "..", "../a", "a\0b", "/a\nb", 3])
def test_invalid_paths(path: str) -> None:
    with pytest.raises(SpecError, match=r"linux\.cgroupsPath: "):
        resolve(path, "me")
