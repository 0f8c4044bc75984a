"""config.md, Root: where the root filesystem lies, and whether it can be written."""

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.container import Container
from conformance.plugin.fixtures import Bring, MakeContainer
from strategies.edits import bind, do, drop, folder, read, readonly_root, root_path, tmpfs, write

MOVED = "mkdir image; mv rootfs image/fs; echo here >image/fs/marker"
#: Every way of changing the file /there that a read-only filesystem must refuse.
CHANGES = (
    write("/there", "changed"),
    do("append", "/there", "changed"),
    do("mkdir", "/new"),
    do("unlink", "/there"),
    do("chmod", "/there", "0600"),
    do("symlink", "/there", "/link"),
)


def with_a_file(made: Container) -> Container:
    """The same container with /there in its root filesystem."""
    made.prepare("echo unchanged >rootfs/there; chmod 644 rootfs/there")
    return made


@musts("root", "root.path.relative", "root.path.conventional")
@proved_by("root-path-ignored")
@pytest.mark.parametrize("path", ["image/fs", "./image//fs/", "image/../image/fs"], ids=["plain", "odd", "parent"])
def test_a_relative_path_counts_from_the_bundle(container: MakeContainer, path: str) -> None:
    """A relative path of the root counts from the bundle, wherever the runtime is called from."""
    made = container(root_path(path), read("/marker"))
    made.prepare(MOVED)
    assert made.run().action("read").content == "here\n"


@musts("root", "root.path.relative")
@proved_by("root-path-ignored")
def test_an_absolute_path_is_taken_as_it_is(container: MakeContainer) -> None:
    """An absolute path of the root is that very folder of the host."""
    made = container(read("/marker"))
    made.prepare(MOVED)
    made.reconfigure(root_path(str(made.bundle.folder / "image" / "fs")))
    assert made.run().action("read").content == "here\n"


@musts("root")
@proved_by("root-not-pivoted")
def test_the_root_is_all_that_there_is(container: MakeContainer) -> None:
    """The program's root holds what the root filesystem holds; nothing above it can be reached or is mounted."""
    made = with_a_file(container(folder("/"), read("/there"), read("/../canary")))
    expected = sorted(entry.name for entry in made.bundle.rootfs.iterdir())
    program = made.run()
    assert program.action("list").names == expected
    assert program.action("read").content == "unchanged\n"
    assert program.action("read", 1).errno == "ENOENT"
    # The default filesystems may be there without being asked for.
    assert {mount.point.split("/")[1] for mount in program.inside.mounts} - {"sys"} == {"", "proc", "dev"}


@musts("root.readonly.default")
@proved_by("root-always-readonly")
@pytest.mark.parametrize("readonly", [None, False], ids=["absent", "false"])
def test_the_root_can_be_written_by_default(container: MakeContainer, readonly: bool | None) -> None:
    """Without readonly, or with false, what the program writes is in the root filesystem afterwards."""
    edits = () if readonly is None else (readonly_root(readonly),)
    made = with_a_file(container(*edits, *CHANGES[:3], write("/added", "by the program")))
    program = made.run()
    assert [action.errno for action in program.actions] == [None] * 4
    assert (made.bundle.rootfs / "added").read_text() == "by the program"
    assert program.inside.root.readonly is False


@musts("root.readonly")
@proved_by("root-readonly-ignored")
def test_a_readonly_root_can_not_be_changed(container: MakeContainer) -> None:
    """With readonly, each way to change the root filesystem is refused as on a read-only one; reading is not."""
    made = with_a_file(container(readonly_root(), *CHANGES, read("/there")))
    program = made.run()
    assert [action.errno for action in program.actions] == ["EROFS"] * len(CHANGES) + [None]
    assert program.action("read").content == "unchanged\n"
    assert program.inside.root.readonly is True


@musts("root.readonly")
@proved_by("root-readonly-ignored")
def test_a_readonly_root_is_so_for_every_process(bring: Bring) -> None:
    """A further process in the container can not change a read-only root either, and the host still can."""
    made = bring("running", readonly_root())
    assert made.exec("/probe", "write", "/added", "text").action("write").errno == "EROFS"
    (made.bundle.rootfs / "added").write_text("by the host")
    assert made.exec("/probe", "read", "/added").action("read").content == "by the host"


@musts("root.readonly", "mounts")
@proved_by("root-readonly-recursive")
def test_mounts_on_a_readonly_root_stay_writable(container: MakeContainer) -> None:
    """A read-only root says nothing about mounts: they can be written, also where their place had to be made."""
    places = ["/run", "/made/for/it", "/dev", "/made/by"]
    mounts = (tmpfs(places[0]), tmpfs(places[1]), bind("name", "/made/by/name"))
    changes = [write(f"{place}/name", "text") for place in places]
    made = container(readonly_root(), *mounts, *changes, write("/made/name", "text"))
    made.prepare("echo here >name")
    assert [action.errno for action in made.run().actions] == [None, None, None, None, "EROFS"]


@musts("root.path.exists", "create.environment.failure")
@proved_by("root-path-ignored")
@pytest.mark.parametrize("path", ["missing", "config.json", "rootfs/probe"])
def test_a_root_that_is_no_folder_is_refused(container: MakeContainer, path: str) -> None:
    """A root that is missing, or is a file, can not be created; the folder beside it can."""
    made = container(root_path(path))
    with refused(made):
        made.create()
    made.reconfigure(root_path("rootfs"))
    made.create()


@musts("root.required", "root.path", "create.environment.failure")
@proved_by("errors-exit-0")
@pytest.mark.parametrize("missing", ["root", "root.path"])
def test_a_config_without_a_root_is_refused(container: MakeContainer, missing: str) -> None:
    """A config that names no root filesystem can not be created."""
    made = container(drop(missing))
    with refused(made):
        made.create()
