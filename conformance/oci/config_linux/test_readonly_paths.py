"""config-linux.md, Readonly Paths: what is at these paths can be read but not changed, and all else is as before."""

import pytest

from conformance import musts, proved_by
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edits import bind, do, read, readonly_paths, tmpfs, write

FILES = """mkdir -p rootfs/shelf/deep data; echo text >rootfs/file; echo text >rootfs/other
echo text >rootfs/shelf/file; echo text >rootfs/shelf/deep/file; echo text >data/file; echo text >data/other"""
CHANGES = ("/file", "/shelf/file", "/shelf/deep/new", "/other", "/new")


@musts("readonly-paths")
@proved_by("readonly-paths-dropped")
@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("/file",), ["EROFS", None, None, None, None]),
        (("/shelf",), [None, "EROFS", "EROFS", None, None]),
        (("/file", "/shelf"), ["EROFS", "EROFS", "EROFS", None, None]),
    ],
    ids=["file", "folder", "both"],
)
def test_a_readonly_path_can_not_be_written(
    container: MakeContainer, paths: tuple[str, ...], expected: list[str | None]
) -> None:
    """A read-only file and all below a read-only folder can not be written; everything else can."""
    made = container(readonly_paths(*paths), *(write(path, "changed") for path in CHANGES))
    made.prepare(FILES)
    assert [action.errno for action in made.run().actions] == expected


@musts("readonly-paths")
@proved_by("readonly-paths-dropped")
def test_a_readonly_path_can_be_read_but_not_changed_in_any_way(container: MakeContainer) -> None:
    """What is at a read-only path is still there to be read; no name, mode or folder can be changed."""
    changes = (do("unlink", "/shelf/file"), do("mkdir", "/shelf/new"), do("chmod", "/shelf/file", "0600"))
    more = (do("append", "/shelf/file", "more"), do("symlink", "file", "/shelf/link"))
    made = container(readonly_paths("/shelf"), *changes, *more, read("/shelf/file"), read("/shelf/deep/file"))
    made.prepare(FILES)
    program = made.run()
    assert [action.errno for action in program.actions] == ["EROFS"] * 5 + [None] * 2
    assert [action.content for action in program.actions[5:]] == ["text\n"] * 2


@musts("readonly-paths")
@proved_by("readonly-paths-first-only", "readonly-paths-last-dropped", "readonly-missing-refused")
def test_every_path_of_a_list_is_readonly(container: MakeContainer) -> None:
    """Each path of a long list is read-only; one that does not exist keeps none after it from being so."""
    places = [f"/keep/{number}" for number in range(12)]
    listed = readonly_paths(*places[:6], "/missing/path", *places[6:])
    made = container(listed, *(write(place, "changed") for place in places))
    made.prepare("mkdir rootfs/keep; for n in 0 1 2 3 4 5 6 7 8 9 10 11; do echo text >rootfs/keep/$n; done")
    assert [action.errno for action in made.run().actions] == ["EROFS"] * 12


@musts("readonly-paths")
@proved_by("readonly-paths-dropped")
def test_paths_in_mounts_are_readonly(container: MakeContainer) -> None:
    """A read-only path is one of the container: what a mount brings is read-only there, and not at its source."""
    mounts = (bind("data", "/mnt"), bind("data", "/again"), tmpfs("/run"))
    places = ("/mnt/file", "/mnt/other", "/again/file", "/run/new")
    made = container(*mounts, readonly_paths("/mnt/file", "/run"), *(write(place, "changed") for place in places))
    made.prepare(FILES)
    assert [action.errno for action in made.run().actions] == ["EROFS", None, None, "EROFS"]


@musts("readonly-paths", "mounts.order")
@proved_by("readonly-paths-dropped")
def test_what_is_mounted_below_a_readonly_path_stays(container: MakeContainer) -> None:
    """A mount below a read-only path is still there: what it brings can be read."""
    below = (tmpfs("/run"), bind("data", "/run/deep/data"))
    made = container(*below, readonly_paths("/run"), read("/run/deep/data/file"), write("/run/new", "text"))
    made.prepare(FILES)
    program = made.run()
    assert program.action("read").content == "text\n"
    assert program.action("write").errno == "EROFS"


@musts("readonly-paths")
@proved_by("readonly-paths-dropped")
def test_kernel_parameters_can_be_protected(run: Run) -> None:
    """The kernel parameters of the container's own namespaces can be set, unless /proc/sys is read-only."""
    verbs = (write("/proc/sys/kernel/domainname", "changed"), read("/proc/sys/kernel/ostype"))
    assert [action.errno for action in run(*verbs).program.actions] == [None, None]
    assert [action.errno for action in run(readonly_paths("/proc/sys"), *verbs).program.actions] == ["EROFS", None]


@musts("readonly-paths")
@proved_by("readonly-paths-dropped")
def test_readonly_paths_are_so_for_every_process(bring: Bring) -> None:
    """A further process in the container can not write to a read-only path either."""
    made = bring("running", readonly_paths("/run"))
    seen = made.exec("/probe", "write", "/run/new", "text", "write", "/mnt/new", "text")
    assert [action.errno for action in seen.actions] == ["EROFS", None]


@musts("readonly-paths", "mounts.options")
@proved_by("readonly-paths-dropped")
def test_a_readonly_path_keeps_the_flags_of_its_mount(container: MakeContainer) -> None:
    """Making a path read-only takes no other protection away: on a nosuid, nodev and noexec mount it stays so."""
    flags = ["nosuid", "nodev", "noexec"]
    made = container(tmpfs("/run", *flags), bind("data", "/run/data", *flags), readonly_paths("/run/data"))
    made.prepare(FILES)
    entry = [entry for entry in made.run().inside.mounts if entry.point == "/run/data"][-1]
    assert {*flags, "ro"} <= {*entry.options}
