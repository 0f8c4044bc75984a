"""config.md, Linux mount options: those that are about the filesystem, and those that only the filesystem knows."""

import pytest

from conformance import musts, proved_by
from conformance.checks.mounts import flags_of, mount_at
from conformance.plugin.fixtures import MakeContainer, Run
from strategies.edits import do, mount, read, stat, tmpfs, write


@musts("mounts.options.mount8")
@proved_by("mount-options-dropped")
@pytest.mark.parametrize(
    ("option", "opposite"),
    [
        pytest.param("sync", "async", marks=musts("mounts.options.sync", "mounts.options.async")),
        pytest.param("lazytime", "nolazytime", marks=musts("mounts.options.lazytime", "mounts.options.nolazytime")),
        pytest.param("dirsync", "", marks=musts("mounts.options.dirsync")),
    ],
)
def test_an_option_of_the_filesystem_is_set(run: Run, option: str, opposite: str) -> None:
    """The filesystem has the option; with its opposite after it, it does not."""
    inside = run(tmpfs("/mnt", option), tmpfs("/run", option, opposite) if opposite else tmpfs("/run"))
    assert option in mount_at(inside.mounts, "/mnt").super_options
    assert option not in mount_at(inside.mounts, "/run").super_options


@musts("mounts.options.tmpcopyup")
@proved_by("mounts-dropped", "mount-tmpcopyup-ignored")
def test_tmpcopyup_begins_with_what_it_covers(container: MakeContainer) -> None:
    """A tmpfs with tmpcopyup holds what was at its place, and what is written to it does not get there."""
    made = container(tmpfs("/full", "tmpcopyup"), read("/full/sub/name"), write("/full/new", "text"))
    made.prepare("mkdir -p rootfs/full/sub; echo here >rootfs/full/sub/name")
    program = made.run()
    assert program.action("read").content == "here\n"
    assert program.action("write").errno is None
    assert not (made.bundle.rootfs / "full" / "new").exists()


@musts("mounts.options.unknown", "mounts.options")
@proved_by("mount-data-dropped", "mount-data-first-only")
def test_options_of_the_filesystem_reach_it(run: Run) -> None:
    """Options that are none of the table go to the filesystem, all of them, whatever stands between them."""
    inside = run(tmpfs("/mnt", "size=4096k", "nosuid", "uid=11", "noexec", "gid=12", "nr_inodes=77"), stat("/mnt"))
    seen, entry = inside.action("stat"), mount_at(inside.mounts, "/mnt")
    assert (seen.uid, seen.gid) == (11, 12)
    assert {"size=4096k", "nr_inodes=77"} <= {*entry.super_options}
    assert flags_of(entry.options) == {"nosuid", "noexec"}


@musts("mounts.options.unknown", "mounts.options")
@proved_by("mount-data-dropped")
@pytest.mark.parametrize("place", ["/mnt", "/made"], ids=["there", "missing"])
@pytest.mark.parametrize("mode", [0o700, 0o1751], ids=["private", "sticky"])
def test_the_mode_of_a_tmpfs_is_its_own(run: Run, place: str, mode: int) -> None:
    """A tmpfs has the mode of its option mode, be there a folder of another mode below it or not."""
    assert run(tmpfs(place, f"mode={mode:o}"), stat(place)).action("stat").mode == mode


@musts("mounts.options.unknown", "mounts.options")
@proved_by("mount-data-dropped")
def test_the_size_of_a_tmpfs_is_its_limit(run: Run) -> None:
    """As much as the option size says can be written to a tmpfs, and no more."""
    mounts = (tmpfs("/mnt", "size=64k"), tmpfs("/run", "size=1m"))
    inside = run(*mounts, do("fill", "/mnt/file", 200_000), do("fill", "/run/file", 200_000))
    assert [action.result for action in inside.program.actions] == [65536, 200_000]


@musts("mounts.options.unknown", "mounts.options", "mounts.type", needs="filesystem.overlay")
@proved_by("mount-data-dropped")
def test_an_overlay_is_mounted_from_its_options(container: MakeContainer) -> None:
    """The options of an overlay reach the filesystem: its lower folder is read, its upper folder is written."""
    made = container(read("/mnt/name"), write("/mnt/new", "text"))
    made.prepare("mkdir data upper work; echo here >data/name")
    words = {"lowerdir": "data", "upperdir": "upper", "workdir": "work"}
    options = [f"{key}={made.bundle.folder / name}" for key, name in words.items()]
    made.reconfigure(mount("/mnt", type="overlay", source="overlay", options=options))
    assert made.run().action("read").content == "here\n"
    assert (made.bundle.folder / "upper" / "new").read_text() == "text"


@musts("mounts.options.unknown", "mounts.options", "mounts.type")
@proved_by("mount-data-dropped")
def test_filesystems_that_runtimes_know_get_their_options_too(run: Run) -> None:
    """The options of /dev, /dev/pts and /proc, which runtimes make much of themselves, reach the filesystem as well."""
    pts = mount(
        "/dev/pts", type="devpts", source="devpts", options=["newinstance", "gid=7", "mode=600", "ptmxmode=644"]
    )
    proc = mount("/proc", type="proc", source="proc", options=["hidepid=1"], replaces="/proc")
    dev = mount("/dev", type="tmpfs", source="tmpfs", options=["size=128k", "uid=3"], replaces="/dev")
    inside = run(proc, dev, pts, stat("/dev"))
    assert inside.action("stat").uid == 3
    assert "size=128k" in mount_at(inside.mounts, "/dev").super_options
    assert {"gid=7", "mode=600", "ptmxmode=644"} <= {*mount_at(inside.mounts, "/dev/pts").super_options}
    assert {"hidepid=1", "hidepid=noaccess"} & {*mount_at(inside.mounts, "/proc").super_options}
