"""config-linux.md, Default Devices: those that every container has, configured or not."""

import pytest

from conformance import musts, proved_by
from conformance.plugin.fixtures import Run
from strategies.edits import (
    device,
    do,
    folder,
    mount,
    opened,
    readonly_root,
    stat,
    unmount,
    user,
    write,
)

DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
PTS = mount("/dev/pts", type="devpts", source="devpts", options=["newinstance", "ptmxmode=0666", "mode=0620"])


@musts("devices.default", *(f"devices.default.{name}" for name in DEVICES))
@proved_by("default-devices-missing")
@pytest.mark.parametrize("place", ["tmpfs", "rootfs", "readonly", "readonly-dev", "configured"])
def test_the_default_devices_are_there(run: Run, place: str) -> None:
    """Each default device has its type and numbers, be /dev a mount or not, and whatever other devices there are."""
    edit = {
        "tmpfs": user(0, 0),
        "rootfs": unmount("/dev"),
        "readonly": readonly_root(),
        "readonly-dev": mount("/dev", type="tmpfs", source="tmpfs", options=["nosuid", "ro"], replaces="/dev"),
        "configured": device("/dev/it", "c", 1, 3),
    }[place]
    inside = run(edit)
    found = {entry.name: (entry.major, entry.minor) for entry in inside.dev if entry.type == "c"}
    assert {name: found.get(name) for name in DEVICES} == DEVICES


@musts("devices.default", *(f"devices.default.{name}" for name in DEVICES))
@pytest.mark.parametrize(
    "uid",
    [
        pytest.param(0, marks=proved_by("default-devices-missing"), id="root"),
        pytest.param(1000, marks=proved_by("default-devices-private"), id="user"),
    ],
)
def test_the_default_devices_work(run: Run, uid: int) -> None:
    """Every user can use them: null and zero take all, zero, random and urandom give what is asked, full is full."""
    opening = [opened(f"/dev/{name}", "rw") for name in DEVICES]
    reading = [do("head", f"/dev/{name}", 8) for name in DEVICES if name != "tty"]
    writing = [write(f"/dev/{name}", "text") for name in ("null", "zero", "full")]
    actions = run(user(uid, uid), *opening, *reading, *writing).program.actions
    # Without a terminal there is none that /dev/tty could be: see tty(4).
    assert [action.errno for action in actions] == [None] * 5 + ["ENXIO"] + [None] * 7 + ["ENOSPC"]
    contents = [action.content for action in actions if action.verb == "head"]
    assert contents[:3] == ["", "\0" * 8, "\0" * 8]
    assert contents[3] != contents[4] != "\0" * 8


@musts("devices.default.ptmx", "devices.default.ptmx.own")
@proved_by("link-ptmx-missing")
def test_ptmx_is_the_one_of_the_container(run: Run) -> None:
    """/dev/ptmx leads to the multiplexer of the container's own /dev/pts, whose terminals it makes."""
    inside = run(PTS, stat("/dev/pts/ptmx"), stat("/dev/ptmx"), opened("/dev/ptmx", "rw"), folder("/dev/pts"))
    own, offered = inside.action("stat"), inside.action("stat", 1)
    assert (offered.device, offered.inode, offered.major, offered.minor) == (own.device, own.inode, 5, 2)
    assert inside.action("open").errno is None
