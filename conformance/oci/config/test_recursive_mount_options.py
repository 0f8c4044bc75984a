"""config.md, Linux mount options: the recursive forms reach every mount below, the plain ones do not."""

import os
from collections.abc import Iterable

import pytest

from conformance import musts, proved_by
from conformance.checks.mounts import atime_of, flags_of, mount_at
from conformance.harness.container import Container
from conformance.plugin.fixtures import MakeContainer
from strategies.edits import bind, write

SETTING = {
    "rro": "ro",
    "rnosuid": "nosuid",
    "rnoexec": "noexec",
    "rnodiratime": "nodiratime",
    "rnosymfollow": "nosymfollow",
}
CLEARING = {
    "rrw": "ro",
    "rsuid": "nosuid",
    "rdev": "nodev",
    "rexec": "noexec",
    "rdiratime": "nodiratime",
    "rsymfollow": "nosymfollow",
}
KEEPING_TIMES = {
    "rnoatime": ("relatime", "noatime"),
    "rrelatime": ("noatime", "relatime"),
    "rstrictatime": ("relatime", "strictatime"),
    "ratime": ("noatime", "relatime"),
    "rnostrictatime": ("strictatime", "relatime"),
}
BELOW = ("/mnt", "/mnt/sub", "/mnt/sub/sub")


def nested(made: Container, options: str = "rw") -> Container:
    """The same container with three mounts below each other, with these options, in the folder that it binds."""
    point = ("data", "data/sub", "data/sub/sub")
    steps = [f"mkdir -p {place}; mount -t tmpfs nested {place}" for place in point]
    remounts = [f"mount -o remount,bind,{options} {place}" for place in point]
    made.prepare("; ".join([*steps, *remounts]))
    return made


def tables_of(made: Container) -> list[list[str]]:
    """The options of the three mounts, as the program sees them."""
    mounts = made.run().inside.mounts
    return [mount_at(mounts, point).options for point in BELOW]


def parameters(options: Iterable[str]) -> list[object]:
    """Each option as a parameter that is bound to its own requirement."""
    return [pytest.param(option, marks=musts(f"mounts.options.{option}", needs="kernel.5.12")) for option in options]


@proved_by("mount-recursive-only-top")
@pytest.mark.parametrize("option", parameters(SETTING))
def test_a_recursive_option_sets_its_flag_on_all_below(container: MakeContainer, option: str) -> None:
    """The flag is on the mount and on every mount below it, and it is the only one."""
    made = nested(container(bind("data", "/mnt", option)))
    assert [flags_of(options) for options in tables_of(made)] == [{SETTING[option]}] * 3


@proved_by("mount-recursive-only-top")
@pytest.mark.parametrize("option", parameters(CLEARING))
def test_a_recursive_option_clears_its_flag_on_all_below(container: MakeContainer, option: str) -> None:
    """The flag is gone from the mount and from every mount below it, and others stay."""
    kept = {"nosuid", "noexec"} - {CLEARING[option]}
    made = nested(container(bind("data", "/mnt", option)), ",".join([CLEARING[option], *kept]))
    assert [flags_of(options) for options in tables_of(made)][1:] == [kept] * 2


@proved_by("mount-recursive-only-top")
@pytest.mark.parametrize("option", parameters(KEEPING_TIMES))
def test_a_recursive_option_decides_about_access_times_below(container: MakeContainer, option: str) -> None:
    """The mount and every mount below it keep access times as the option says."""
    before, expected = KEEPING_TIMES[option]
    made = nested(container(bind("data", "/mnt", option)), before)
    assert [atime_of(options) for options in tables_of(made)] == [expected] * 3


@musts("mounts.options.rro", "mounts.options.ro", needs="kernel.5.12")
@pytest.mark.parametrize(
    ("option", "expected"),
    [
        pytest.param("rro", ["EROFS"] * 3, id="rro", marks=proved_by("mount-recursive-only-top")),
        pytest.param("ro", ["EROFS", None, None], id="ro", marks=proved_by("mount-ro-recursive")),
        pytest.param("rw", [None] * 3, id="rw", marks=proved_by("mount-always-restricted")),
    ],
)
def test_only_rro_keeps_all_below_from_being_written(
    container: MakeContainer, option: str, expected: list[str | None]
) -> None:
    """With rro nothing below can be written; ro is about one mount, and leaves those below it as they are."""
    made = nested(container(bind("data", "/mnt", option), *(write(f"{point}/new", "text") for point in BELOW)))
    assert [action.errno for action in made.run().actions] == expected


@musts("mounts.options.rro", needs="kernel.5.12")
@proved_by("mount-rro-ignored")
def test_a_recursive_option_leaves_the_host_as_it_is(container: MakeContainer) -> None:
    """Options that reach the mounts below do so in the container alone: on the host all of them can be written."""
    made = nested(container(bind("data", "/mnt", "rro"), write("/mnt/sub/sub/new", "text")))
    made.create()
    outside = os.statvfs(made.outside("data/sub/sub")).f_flag
    made.start()
    assert made.wait().action("write").errno == "EROFS"
    assert not outside & os.ST_RDONLY


@musts("mounts.options.rnorelatime", needs="kernel.5.12")
@proved_by("mount-rro-ignored")
def test_rnorelatime_keeps_other_options_from_nothing(container: MakeContainer) -> None:
    """rnorelatime, of which nothing can be seen where relatime is the kernel's default, is understood."""
    made = nested(container(bind("data", "/mnt", "rnorelatime", "rro")))
    assert [flags_of(options) for options in tables_of(made)] == [{"ro"}] * 3
