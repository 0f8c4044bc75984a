"""config-linux.md, Devices: the listed devices are there, with the kind, the mode and the owner that they ask for."""

import pytest

from conformance import musts, proved_by, refused
from conformance.plugin.fixtures import MakeContainer, Run
from strategies.edits import device, folder, opened, readonly_root, stat, tmpfs, umask, write

NULL = ("c", 1, 3)


@musts("devices", "devices.type", "devices.numbers")
@proved_by("devices-dropped")
@pytest.mark.parametrize(
    ("kind", "major", "minor", "expected"),
    [
        ("c", 1, 3, "c"),
        ("b", 7, 200, "b"),
        ("u", 1, 5, "c"),
        ("c", 300, 70000, "c"),
        ("b", 0, 0, "b"),
        ("p", None, None, "p"),
    ],
    ids=["character", "block", "unbuffered", "big", "zero", "pipe"],
)
def test_a_device_has_its_type_and_numbers(
    run: Run, kind: str, major: int | None, minor: int | None, expected: str
) -> None:
    """Each device is a node of its type with its major and minor number; a pipe needs none."""
    seen = run(device("/dev/it", kind, major, minor, file_mode=0o600), stat("/dev/it")).action("stat")
    assert seen.type == expected
    assert expected == "p" or (seen.major, seen.minor) == (major, minor)


@musts("devices", "devices.path")
@proved_by("devices-last-dropped", "devices-first-only")
def test_every_device_of_a_list_is_there(run: Run) -> None:
    """Each device of a long list is made, and nothing else that could be taken for one."""
    names = [f"it-{number}" for number in range(20)]
    inside = run(*(device(f"/dev/{name}", "c", 1, number) for number, name in enumerate(names, 240)), folder("/dev"))
    found = {entry.name: (entry.major, entry.minor) for entry in inside.dev if entry.name.startswith("it-")}
    assert found == {name: (1, number) for number, name in enumerate(names, 240)}


@musts("devices.file-mode", "devices.uid", "devices.gid")
@proved_by("devices-mode-ignored", "devices-uid-ignored", "devices-gid-ignored")
@pytest.mark.parametrize("mode", [0o000, 0o640, 0o777, 0o1666])
def test_a_device_has_its_mode_and_owner(run: Run, mode: int) -> None:
    """A device has exactly the mode of the config, whatever the umask, and the owner and group of the config."""
    inside = run(umask(0o077), device("/dev/it", *NULL, file_mode=mode, uid=1001, gid=70002), stat("/dev/it"))
    seen = inside.action("stat")
    assert (seen.mode & 0o7777, seen.uid, seen.gid) == (mode, 1001, 70002)


@musts("devices.uid", "devices.gid")
@proved_by("devices-owner-shifted")
@pytest.mark.parametrize(("uid", "gid"), [(1001, None), (None, 1002), (0, 0)], ids=["uid", "gid", "root"])
def test_an_owner_can_be_given_alone(run: Run, uid: int | None, gid: int | None) -> None:
    """A user without a group, or a group without a user, is that of the device; 0 is root."""
    seen = run(device("/dev/it", *NULL, file_mode=0o600, uid=uid, gid=gid), stat("/dev/it")).action("stat")
    assert (uid is None or seen.uid == uid) and (gid is None or seen.gid == gid)


@musts("devices")
@proved_by("devices-dropped")
def test_a_device_works(run: Run) -> None:
    """A configured device is the device: what is written to null is gone, to full does not fit, and zero is read."""
    devices = [device(f"/dev/my-{name}", "c", 1, minor, file_mode=0o666) for name, minor in (("null", 3), ("full", 7))]
    inside = run(*devices, write("/dev/my-null", "text"), write("/dev/my-full", "text"), opened("/dev/my-null", "rw"))
    assert [action.errno for action in inside.program.actions] == [None, "ENOSPC", None]


@musts("devices.path.anywhere", "devices.path")
@proved_by("devices-dropped")
@pytest.mark.parametrize("path", ["/node", "/mnt/node", "/made/for/it", "/dev/made/for/it"])
def test_a_device_can_be_anywhere(run: Run, path: str) -> None:
    """A device can be outside of /dev and inside of a mount; folders on the way are made."""
    inside = run(tmpfs("/mnt"), device(path, *NULL, file_mode=0o666), stat(path), opened(path, "w"))
    assert (inside.action("stat").type, inside.action("stat").minor) == ("c", 3)
    assert inside.action("open").errno is None


@musts("devices", "root.readonly")
@proved_by("devices-dropped")
def test_a_device_can_be_on_a_readonly_root(run: Run) -> None:
    """A device of a container with a read-only root is there, even where its folder had to be made."""
    assert run(readonly_root(), device("/made/node", *NULL), stat("/made/node")).action("stat").type == "c"


@musts("devices.path.conflict")
@proved_by("devices-conflict-accepted")
@pytest.mark.parametrize(
    "there",
    [
        "touch rootfs/node",
        "mkdir rootfs/node",
        "mknod rootfs/node c 1 5",
        "mknod rootfs/node b 1 3",
        "mkfifo rootfs/node",
    ],
    ids=["file", "folder", "number", "type", "pipe"],
)
def test_another_file_in_the_place_of_a_device_is_refused(container: MakeContainer, there: str) -> None:
    """A file that is not the requested device is an error, and no such file is none."""
    made = container(device("/node", *NULL, file_mode=0o666))
    made.prepare(there)
    with refused(made):
        made.create()
    made.prepare("rm -r rootfs/node")
    made.create()


@musts("devices.path.conflict", "devices")
@proved_by("devices-existing-refused")
def test_the_very_device_may_be_there_already(container: MakeContainer) -> None:
    """A file that is the requested device already is no error."""
    made = container(device("/node", *NULL, file_mode=0o666), stat("/node"), opened("/node", "rw"))
    made.prepare("mknod -m 666 rootfs/node c 1 3")
    program = made.run()
    assert (program.action("stat").type, program.action("stat").minor) == ("c", 3)
    assert program.action("open").errno is None


@musts("devices.type", "create.environment.failure")
@proved_by("devices-type-unchecked")
def test_an_unknown_type_is_refused(container: MakeContainer) -> None:
    """A device of a type that the specification does not know can not be created."""
    made = container(device("/dev/it", "z", 1, 3))
    with refused(made):
        made.create()
