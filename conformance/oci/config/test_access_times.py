"""config.md, Linux mount options: those that say when reading moves the access time of a file."""

import pytest

from conformance import musts, proved_by
from conformance.checks.mounts import OLD_AND_NEW, AccessTimes, atime_of, mount_at
from conformance.plugin.fixtures import MakeContainer, Run
from strategies.edits import bind, folder, read, tmpfs


@musts("mounts.options.noatime", "mounts.options.relatime", "mounts.options.strictatime", "mounts.options.nodiratime")
@proved_by("mount-access-times-mixed")
@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("noatime", set()),
        ("relatime", {"old", "folder"}),
        ("strictatime", {"old", "new", "folder"}),
        ("nodiratime", {"old"}),
    ],
)
def test_access_times_move_as_the_option_says(container: MakeContainer, option: str, expected: set[str]) -> None:
    """Reading moves no access time with noatime, each with strictatime, those older than the change with relatime."""
    made = container(bind("data", "/mnt", option), folder("/mnt"), read("/mnt/old"), read("/mnt/new"))
    made.prepare(OLD_AND_NEW)
    times = AccessTimes(made.bundle.folder / "data")
    made.run()
    assert times.moved() == expected


@musts("mounts.options.mount8", "mounts.options")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(
            options, expected, id="-".join(options), marks=[musts(f"mounts.options.{options[-1]}"), proved_by(bug)]
        )
        for options, expected, bug in (
            (("noatime",), "noatime", "mount-noatime-ignored"),
            (("relatime",), "relatime", "mount-access-times-mixed"),
            (("strictatime",), "strictatime", "mount-strictatime-ignored"),
            (("noatime", "atime"), "relatime", "mount-options-first-wins"),
            (("strictatime", "nostrictatime"), "relatime", "mount-options-first-wins"),
            (("noatime", "norelatime"), "noatime", "mount-noatime-ignored"),
            (("noatime", "strictatime", "nostrictatime"), "noatime", "mount-options-first-wins"),
            (("noatime", "atime", "strictatime"), "strictatime", "mount-strictatime-ignored"),
        )
    ],
)
def test_access_time_options_combine(run: Run, options: tuple[str, ...], expected: str) -> None:
    """A new filesystem keeps access times as its options say: one takes back its opposite, and no other."""
    assert atime_of(mount_at(run(tmpfs("/mnt", *options)).mounts, "/mnt").options) == expected
