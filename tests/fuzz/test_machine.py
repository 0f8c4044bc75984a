"""The machine notices deliberate faults of the reference runtime, and has nothing to say about a healthy one."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from conformance.fuzz.attempts import Bench
from conformance.fuzz.findings import signature_of
from conformance.fuzz.machine import replaying
from conformance.harness.reproduction import Story, write_reproduction
from conformance.harness.runtime import find
from conformance.harness.trial import Trial
from strategies import disasters, histories, misuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.fuzz.attempts import Attempt
    from conformance.fuzz.machine.replaying import Thing

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")

LIFE, TOGETHER = histories.SMOKE
HOOKED, FULL, HELD = disasters.SMOKE
OUTSIDE, SIGNAL, PID_FILE, BUNDLE, DOT, NO_ID = misuse.SMOKE
FEW_DESCRIPTORS = disasters.Disaster("descriptors", "create", amount=8)
NOTICED: list[tuple[str, Thing, str]] = [
    ("create-accepts-taken-id", LIFE, "lifecycle: create of a running container was accepted"),
    ("start-accepts-running", LIFE, "lifecycle: start of a running container was accepted"),
    ("start-refuses-created", LIFE, "lifecycle: start of a created container was refused"),
    ("delete-accepts-running", LIFE, "lifecycle: delete of a running container was accepted"),
    ("kill-accepts-stopped", LIFE, "lifecycle: kill of a stopped container was accepted"),
    ("start-accepts-stopped", LIFE, "lifecycle: start of a stopped container was accepted"),
    ("state-forgets-paused", LIFE, "lifecycle: state of a paused container was refused"),
    ("state-running-for-created", LIFE, "state: a container that must be created is said to be running"),
    ("state-running-for-stopped", LIFE, "state: a container that must be stopped is said to be running"),
    ("list-forgets", LIFE, "list: list does not show a running container"),
    ("ps-empty", LIFE, "list: ps does not show the process of a running container"),
    ("delete-keeps-directory", LIFE, "lifecycle: state of an absent container was accepted"),
    ("force-keeps-cgroup", LIFE, "leaked: "),
    ("concurrent-start-accepted", TOGETHER, "concurrency: no order explains the answers of a created container"),
    ("concurrent-create-accepted", TOGETHER, "concurrency: no order explains the answers of an absent container"),
    ("killed-create-keeps-cgroup", HOOKED, "clean: create killed at hook createRuntime: delete --force leaves behind"),
    ("failed-create-keeps-everything", FULL, "clean: create with a state folder that takes no more files: it was"),
    ("force-keeps-cgroup", HELD, "clean: delete --force stopped and continued at cgroup gone: delete --force"),
    ("force-kills-others", HELD, "bystander: delete --force stopped and continued at cgroup gone"),
    ("ids-unchecked", OUTSIDE, "misuse: create with an id that leads elsewhere"),
    ("signals-unchecked", SIGNAL, "misuse: kill with a signal that there is not: the operation was accepted"),
    ("pid-file-failure-ignored", PID_FILE, "misuse: create with an impossible pid file: the operation was accepted"),
    ("state-bundle-wrong", BUNDLE, "misuse: create with an unusual bundle: the state has another bundle"),
    ("errors-exit-0", NO_ID, "misuse: state without an id: the operation was accepted"),
    ("errors-without-message", DOT, "misuse: delete of an id that there is not: the operation was refused without"),
]
#: Those of which a script can repeat each kind of thing.
REPEATED = [
    "start-accepts-running",
    "concurrent-start-accepted",
    "killed-create-keeps-cgroup",
    "failed-create-keeps-everything",
    "force-kills-others",
    "signals-unchecked",
]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Trial() as trial:
        yield Bench(trial, 10.0)


def tried(bench: Bench, bug: str, thing: Thing) -> Attempt:
    runtime = find("reference", ("--bug", bug) if bug else ())
    return replaying.attempt(bench, runtime, replaying.written(thing))


@pytest.mark.parametrize(
    ("bug", "thing", "signature"), NOTICED, ids=[f"{bug}-{n}" for n, (bug, _, _) in enumerate(NOTICED)]
)
def test_a_fault_is_noticed(bench: Bench, bug: str, thing: Thing, signature: str) -> None:
    problem = tried(bench, bug, thing).problem
    assert problem is not None
    assert signature_of(problem).startswith(signature)


@pytest.mark.parametrize("thing", [*histories.SMOKE, *disasters.SMOKE, *misuse.SMOKE, FEW_DESCRIPTORS])
def test_a_healthy_runtime_is_not_accused(bench: Bench, thing: Thing) -> None:
    assert tried(bench, "", thing).problem is None


def test_a_paused_container_is_removed_at_once(bench: Bench) -> None:
    operations = ("create waits", "start", "pause", "delete --force")
    thing = tuple(histories.Turn(0, (operation,)) for operation in operations)
    assert replaying.attempt(Bench(bench.trial, 5.0), find("reference"), replaying.written(thing)).problem is None


@pytest.mark.parametrize("bug", REPEATED)
def test_a_script_repeats_it(bench: Bench, tmp_path: Path, bug: str) -> None:
    thing = next(thing for name, thing, _ in NOTICED if name == bug)
    runtime = find("reference", ("--bug", bug))
    attempt = tried(bench, bug, thing)
    script = write_reproduction(tmp_path / bug, Story(bug, "", [], str(attempt.problem)), runtime, attempt.journal)
    healthy = " ".join(find("reference").argv)
    broken = subprocess.run(["sh", str(script)], capture_output=True, text=True, timeout=60, check=False)
    sound = subprocess.run(
        ["sh", str(script)],
        env=os.environ | {"RUNTIME": healthy},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert sound.returncode == 0, sound.stdout + sound.stderr
