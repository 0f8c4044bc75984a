"""config-linux.md, Block IO, Huge page limits, Network, Unified."""

from pathlib import Path

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.limits import file_of
from conformance.plugin.fixtures import Bring, MakeContainer
from strategies.edit import Edit
from strategies.edits import (
    hugepage_limit,
    throttle_read_bps_device,
    throttle_read_iops_device,
    throttle_write_bps_device,
    throttle_write_iops_device,
    unified,
)

THROTTLES = {
    "read_bps": throttle_read_bps_device,
    "write_bps": throttle_write_bps_device,
    "read_iops": throttle_read_iops_device,
    "write_iops": throttle_write_iops_device,
}


def disks_of_this_host() -> list[tuple[int, int]]:
    """The numbers of the block devices of this host."""
    texts = [(entry / "dev").read_text().split(":") for entry in sorted(Path("/sys/block").iterdir())]
    return [(int(major), int(minor)) for major, minor in texts]


def a_disk() -> tuple[int, int]:
    """The numbers of a block device of this host."""
    disks = disks_of_this_host()
    if not disks:
        pytest.skip("not here: the host has no block device")
    return disks[0]


def throttle(which: str, rate: int) -> tuple[Edit, str]:
    """The edit that throttles a disk, and the line that the kernel then shows."""
    major, minor = a_disk()
    return THROTTLES[which](major, minor, rate), f"{major}:{minor} {rate}"


@musts(
    "block-io.throttle-read-bps",
    "block-io.throttle-write-bps",
    "block-io.throttle-read-iops",
    "block-io.throttle-write-iops",
    needs=("cgroup.blkio", "cgroup.v1", "cgroup.file.blkio.throttle.read_bps_device"),
)
@pytest.mark.parametrize(
    "which",
    [
        pytest.param("read_bps", marks=proved_by("block-io-read-bytes-dropped")),
        pytest.param("write_bps", marks=proved_by("block-io-write-bytes-dropped")),
        pytest.param("read_iops", marks=proved_by("block-io-read-operations-dropped")),
        pytest.param("write_iops", marks=proved_by("block-io-write-operations-dropped")),
    ],
)
def test_a_disk_is_throttled(bring: Bring, which: str) -> None:
    """The cgroup has the rate of the config for the device of the config."""
    edit, line = throttle(which, 1 << 20)
    assert file_of(bring("created", edit), "blkio", f"blkio.throttle.{which}_device") == line


@musts(
    "block-io.throttle-read-bps",
    "block-io.throttle-write-bps",
    needs=("cgroup.blkio", "cgroup.v1", "cgroup.file.blkio.throttle.read_bps_device"),
)
@proved_by("block-io-first-device-only")
def test_every_disk_of_a_list_is_throttled(bring: Bring) -> None:
    """Each device of a list has its own rate, for reading and for writing."""
    disks = [(*disk, (index + 1) << 20) for index, disk in enumerate(disks_of_this_host()[:3])]
    edits = [THROTTLES[which](*disk) for which in ("read_bps", "write_bps") for disk in disks]
    container = bring("created", *edits)
    lines = {f"{major}:{minor} {rate}" for major, minor, rate in disks}
    for which in ("read_bps", "write_bps"):
        assert set(file_of(container, "blkio", f"blkio.throttle.{which}_device").splitlines()) == lines


@musts("hugepage-limits", needs=("cgroup.hugetlb", "cgroup.v1", "cgroup.file.hugetlb.2MB.rsvd.limit_in_bytes"))
@proved_by("huge-pages-dropped")
def test_huge_pages_are_limited(bring: Bring) -> None:
    """The cgroup has the limit of the config for reservations of pages of that size, or for their use."""
    container = bring("created", hugepage_limit("2MB", "4M"))
    limits = [file_of(container, "hugetlb", f"hugetlb.2MB.{which}limit_in_bytes") for which in ("rsvd.", "")]
    assert str(4 << 20) in limits


@musts("unified.file", "unified", needs=("cgroup.v2", "cgroup.memory"))
@proved_by("unified-dropped")
def test_a_unified_value_is_written(bring: Bring) -> None:
    """Each key of unified is a file of the container's cgroup and holds the value."""
    container = bring("created", unified({"memory.high": "67108864", "memory.low": "4096"}))
    assert file_of(container, "", "memory.high") == "67108864"
    assert file_of(container, "", "memory.low") == "4096"


@musts("unified.missing-controller", needs="cgroup.v2")
@proved_by("unified-unknown-dropped")
def test_a_unified_file_of_no_controller_is_refused(container: MakeContainer) -> None:
    """A key that belongs to a controller which is not there is an error."""
    made = container(unified({"nosuch.limit": "1"}))
    with refused(made):
        made.create()
