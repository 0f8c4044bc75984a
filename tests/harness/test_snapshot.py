"""What counts as left behind or taken away: what the runtime did, and not what others did on the host meanwhile."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from conformance.checks.host import leaks
from conformance.harness.snapshot import take_snapshot
from conformance.harness.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Path]:
    """A mount that somebody else has on the host."""
    point = tmp_path / "foreign"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "foreign", point], check=True)
    yield point
    subprocess.run(["umount", point], stderr=subprocess.DEVNULL, check=False)


def test_a_mount_that_the_host_itself_withdraws_is_not_held_against_the_runtime(foreign: Path) -> None:
    with Trial() as trial:
        before = take_snapshot(trial, trial.folder / "state")
        subprocess.run(["umount", foreign], check=True)
        foreign.rmdir()
        after = take_snapshot(trial, trial.folder / "state")
    assert any("foreign" in mount for mount in before.mounts)
    assert not any("foreign" in mount for mount in after.mounts)
    assert leaks(before, after) == []


def test_a_mount_that_is_taken_away_in_the_trial_alone_is(foreign: Path) -> None:
    with Trial() as trial:
        before = take_snapshot(trial, trial.folder / "state")
        ended = trial.finish(trial.start(["/bin/umount", str(foreign)], files={}), 10)
        after = take_snapshot(trial, trial.folder / "state")
    assert ended.exit_status == 0
    assert leaks(before, after) == [f"mount gone: {foreign} / tmpfs"]
