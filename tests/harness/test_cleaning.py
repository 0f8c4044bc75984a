"""A run that is killed at any moment leaves nothing, at once or after ``seatrial clean``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.harness.cleaning import clean
from conformance.harness.trial import RUN, Trial

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root"),
    pytest.mark.usefixtures("alone"),
]

CODE = """
import os, sys, time
from conformance.harness.trial import Trial
trial = Trial().__enter__()
trial.start(["/bin/sleep", "1000"], files={0: ("/dev/null", 0)})
print(trial.name, trial._guardian.pid, trial.pid, flush=True)
time.sleep(1000)
"""


def until(fact: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True


def cgroups_of(name: str) -> list[Path]:
    return list(Path("/sys/fs/cgroup").glob(f"*/seatrial-{name}")) + list(
        Path("/sys/fs/cgroup").glob(f"seatrial-{name}")
    )


@pytest.fixture
def victim() -> tuple[subprocess.Popen[str], str, int, int]:
    process = subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    name, guardian, spawner = process.stdout.readline().split()
    return process, name, int(guardian), int(spawner)


def test_a_killed_worker_leaves_nothing(victim: tuple[subprocess.Popen[str], str, int, int]) -> None:
    process, name, guardian, spawner = victim
    assert (RUN / name).is_symlink()
    process.kill()
    process.communicate()
    assert until(lambda: not Path(f"/proc/{guardian}/cmdline").exists() or not (RUN / name).is_symlink())
    assert until(lambda: not cgroups_of(name))
    assert not Path(f"/proc/{spawner}").exists()


def test_clean_removes_what_is_left_when_the_guardian_is_killed_too(
    victim: tuple[subprocess.Popen[str], str, int, int],
) -> None:
    process, name, guardian, spawner = victim
    os.kill(guardian, signal.SIGKILL)
    process.kill()
    process.communicate()
    assert until(lambda: not Path(f"/proc/{guardian}").exists())
    assert cgroups_of(name)
    assert [line for line in clean() if name in line]
    assert cgroups_of(name) == []
    assert [line for line in clean() if name in line] == []
    assert not (RUN / name).is_symlink()
    assert until(lambda: not Path(f"/proc/{spawner}").exists())


PAUSED = """
import os, signal
from conformance.harness.runtime import find
from conformance.harness.scene import Scene
from conformance.harness.trial import Trial
trial = Trial().__enter__()
Scene(trial, find("reference"), timeout=20).bring("paused")
print(trial.name, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_frozen_container_does_not_hold_the_clean_up_back() -> None:
    done = subprocess.run([sys.executable, "-c", PAUSED], capture_output=True, text=True, check=False)
    name = done.stdout.strip()
    assert name
    assert until(lambda: not (RUN / name).is_symlink())
    assert cgroups_of(name) == []


def test_clean_leaves_a_trial_under_way_alone() -> None:
    with Trial() as trial:
        assert [line for line in clean() if trial.name in line] == []
        assert cgroups_of(trial.name)
        assert trial.folder.is_dir()


def ours() -> list[str]:
    """The mounts on this host that a trial can have made; others come and go by themselves."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if "/run/seatrial/" in line or " - cgroup" in line]


def test_a_whole_run_leaves_the_host_as_it_was(tmp_path: Path, root: Path) -> None:
    mounts = ours()
    arguments = ["-p", "no:cacheprovider", f"--findings={tmp_path}", "conformance/oci/runtime/test_state.py"]
    run = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], cwd=root, stdout=subprocess.DEVNULL)
    assert run.wait() == 0
    assert ours() == mounts
    assert [line for line in clean() if f"{run.pid}-" in line] == []
