"""config-linux.md, Default Filesystems: those that programs for Linux expect."""

import pytest

from conformance import musts, proved_by
from conformance.checks.mounts import mount_at
from conformance.plugin.fixtures import Run
from strategies.edits import mount, read, write

SHARED_MEMORY = "/dev/shm"
EXPECTED = {"/proc": "proc", "/sys": "sysfs", "/dev/pts": "devpts", SHARED_MEMORY: "tmpfs"}


@musts("mounts", "mounts.type")
@proved_by("mount-type-ignored")
def test_the_default_filesystems_can_be_configured(run: Run) -> None:
    """With an entry for each of them, all default filesystems are there and do what they are for."""
    wanted = [mount(place, type=kind, source=kind) for place, kind in EXPECTED.items() if place != "/proc"]
    inside = run(
        *wanted,
        read("/proc/self/comm"),
        read("/sys/kernel/mm/transparent_hugepage/enabled"),
        write(f"{SHARED_MEMORY}/x", "y"),
    )
    assert {place: mount_at(inside.mounts, place).type for place in EXPECTED} == EXPECTED


@musts("filesystems.default", "filesystems.default.proc")
@proved_by("proc-missing")
def test_proc_is_there(run: Run) -> None:
    """There is a /proc."""
    assert mount_at(run().mounts, "/proc").type == "proc"


@musts("filesystems.default")
@proved_by("default-filesystems-missing")
@pytest.mark.parametrize(
    "place",
    [
        pytest.param(place, id=name, marks=musts(f"filesystems.default.{name}"))
        for place, name in (("/sys", "sys"), ("/dev/pts", "pts"), (SHARED_MEMORY, "shm"))
    ],
)
def test_the_default_filesystems_are_there(run: Run, place: str) -> None:
    """Each other default filesystem is there, also when the config does not mention it."""
    assert mount_at(run().mounts, place).type == EXPECTED[place]
