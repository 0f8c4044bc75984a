"""runtime-linux.md, File descriptors: which the program finds open."""

import os
from pathlib import Path

import pytest

from conformance import musts, proved_by
from conformance.harness.container import Container
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import Edit
from strategies.edits import hostname, mount, namespace, readonly_paths, user

STANDARD = {"0", "1", "2"}


def files(made: Container, *descriptors: int) -> dict[int, tuple[str, int]]:
    """Descriptors that the caller of the runtime has open, each on a file of its own name."""
    made.prepare("touch " + " ".join(f"open{number}" for number in descriptors))
    return {number: (str(made.bundle.folder / f"open{number}"), os.O_RDONLY) for number in descriptors}


@musts("file-descriptors.standard")
@proved_by("descriptors-leaked")
@pytest.mark.parametrize(
    "changes",
    [
        (),
        (user(1000, 1000),),
        (
            hostname("sea"),
            namespace("network"),
            mount("/sys", type="sysfs", source="sysfs", options=["ro"]),
            readonly_paths("/proc/sys"),
        ),
    ],
    ids=["base", "user", "more"],
)
def test_the_program_has_the_standard_streams_only(run: Run, changes: tuple[Edit, ...]) -> None:
    """The program finds standard input, output and error open, and no descriptor of the runtime."""
    assert set(run(*changes).fds) == STANDARD


@musts("file-descriptors.standard")
@proved_by("descriptors-inherited", "descriptors-leaked")
def test_what_the_caller_has_open_is_closed(container: MakeContainer) -> None:
    """Descriptors that the caller of create has open are not open in the program."""
    made = container()
    made.create(files=files(made, 3, 4, 7, 20, 250))
    made.start()
    assert set(made.wait().inside.fds) == STANDARD


@musts("file-descriptors.additional", "file-descriptors.standard")
@proved_by("descriptors-preserved-dropped", "descriptors-inherited")
def test_what_is_to_be_preserved_is_handed_down(container: MakeContainer) -> None:
    """Of the caller's descriptors those are open in the program that create was told to preserve, and no others."""
    made = container()
    made.create("--preserve-fds", "2", files=files(made, 3, 4, 5, 9))
    made.start()
    seen = made.wait().inside.fds
    assert set(seen) == STANDARD | {"3", "4"}
    assert [Path(seen[name]).name for name in ("3", "4")] == ["open3", "open4"]


@musts("file-descriptors.standard", needs="command.exec")
@proved_by("exec-descriptors-inherited")
def test_exec_has_the_standard_streams_only(bring: Bring) -> None:
    """A process executed later finds the standard streams open, and nothing of the runtime or its caller."""
    running = bring("running")
    assert set(running.exec().inside.fds) == STANDARD
    assert set(running.exec(files=files(running, 3, 5, 30)).inside.fds) == STANDARD


@musts("file-descriptors.additional", "file-descriptors.standard", needs="command.exec")
@proved_by("descriptors-preserved-dropped", "exec-descriptors-inherited")
def test_exec_hands_down_what_is_to_be_preserved(bring: Bring) -> None:
    """A process executed later has those descriptors of the caller that exec was told to preserve."""
    running = bring("running")
    seen = running.exec(flags=("--preserve-fds", "1"), files=files(running, 3, 4)).inside.fds
    assert set(seen) == STANDARD | {"3"}
