"""runtime-linux.md, Dev symbolic links: the links of /dev that create makes."""

import pytest

from conformance import musts, proved_by
from conformance.plugin.fixtures import Bring, Run
from strategies.edits import append, readlink, readonly_root, unmount, user

LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}


@musts("devices.symlinks", *(f"devices.symlinks.{name}" for name in LINKS))
@proved_by("link-stdin-missing", "link-stderr-missing")
@pytest.mark.parametrize("place", ["tmpfs", "rootfs", "readonly"])
def test_the_links_of_dev_are_there(run: Run, place: str) -> None:
    """/dev/fd and the three standard streams are links to the descriptors of whoever looks."""
    edit = {"tmpfs": user(0, 0), "rootfs": unmount("/dev"), "readonly": readonly_root()}[place]
    inside = run(edit, *(readlink(f"/dev/{name}") for name in LINKS))
    assert [action.content for action in inside.program.actions] == [*LINKS.values()]


@musts("devices.symlinks")
@proved_by("link-stdout-missing")
def test_the_links_lead_to_the_streams_of_the_program(run: Run) -> None:
    """What is written to /dev/stdout arrives at the standard output of the program, for every user."""
    inside = run(user(0, 0), append("/dev/stdout", "by way of the link\n"))
    assert inside.action("append").errno is None
    assert "by way of the link\n" in inside.program.output


@musts("devices.symlinks")
@proved_by("link-fd-missing")
def test_the_links_are_made_by_create(bring: Bring) -> None:
    """The links are there once create has returned, before the program is started."""
    made = bring("created")
    assert made.exec("/probe", "readlink", "/dev/fd").action("readlink").content == "/proc/self/fd"
