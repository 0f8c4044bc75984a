"""Run the probe in a folder of its own, and read what it says."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.probe.report import Action, Report, binary, parse


@dataclass(frozen=True)
class Said:
    """What a probe printed, and its return code as ``subprocess`` has it."""

    status: int
    output: bytes

    @property
    def report(self) -> Report:
        report, _ = parse(self.output)
        assert report is not None, self.output
        return report

    @property
    def actions(self) -> list[Action]:
        return parse(self.output)[1]

    def action(self, verb: str, index: int = 0) -> Action:
        return [action for action in self.actions if action.verb == verb][index]


class Probe:
    """Runs a copy of the probe that everybody may run, in a folder that everybody may use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copyfile(binary(), folder / "probe")
        (folder / "probe").chmod(0o755)
        folder.chmod(0o777)

    def command(self, *words: str | bytes, before: tuple[str, ...] = ()) -> list[str | bytes]:
        return [*before, "./probe", *words]

    def __call__(
        self,
        *words: str | bytes,
        before: tuple[str, ...] = (),
        stdin: bytes = b"",
        env: dict[bytes, bytes] | None = None,
        user: int | None = None,
        umask: int = 0o022,
    ) -> Said:
        """Run the probe with these arguments, behind the command ``before``, perhaps as another user without groups."""
        done = subprocess.run(
            self.command(*words, before=before),
            cwd=self.folder,
            input=stdin,
            env={b"PATH": os.environb[b"PATH"]} if env is None else env,
            stdout=subprocess.PIPE,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            umask=umask,
            timeout=60,
            check=False,
        )
        return Said(done.returncode, done.stdout)

    @contextmanager
    def start(self, *words: str, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
        """Start the probe with a pipe for what it prints; whatever is left of it at the end is killed."""
        command = self.command(*words, before=before)
        process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, start_new_session=True)
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=20)


@pytest.fixture(scope="session", autouse=True)
def _signals_as_usual() -> None:
    """A run in the background of a shell without job control ignores these, and so would every probe."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    """The probe, as root; tests of it change users, namespaces and limits."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    return Probe(tmp_path)


@dataclass(frozen=True)
class Group:
    """A cgroup of the test's own."""

    folder: Path
    unified: bool

    def limit(self, v1: str, v2: str, value: str) -> None:
        (self.folder / (v2 if self.unified else v1)).write_text(value)

    @property
    def before(self) -> tuple[str, ...]:
        """A command that goes into the cgroup and then runs the words behind it."""
        return ("sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh")


@pytest.fixture
def memory_cgroup() -> Iterator[Group]:
    yield from _cgroup("memory")


@pytest.fixture
def cpu_cgroup() -> Iterator[Group]:
    yield from _cgroup("cpu")


@pytest.fixture
def pids_cgroup() -> Iterator[Group]:
    yield from _cgroup("pids")


def _cgroup(controller: str) -> Iterator[Group]:
    parent, unified = _hierarchy(controller)
    folder = parent / f"seatrial-probe-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as problem:
        pytest.skip(f"not here: {problem}")
    yield Group(folder, unified)
    folder.rmdir()


def _hierarchy(controller: str) -> tuple[Path, bool]:
    """The folder of a controller below /sys/fs/cgroup, and whether it is cgroup v2."""
    root = Path("/sys/fs/cgroup")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point, kind = line.split()[4], line.split(" - ")[1].split()
        if kind[0] == "cgroup" and controller in kind[2].split(","):
            return Path(point), False
    enabled = root / "cgroup.subtree_control"
    if enabled.exists() and controller in enabled.read_text().split():
        return root, True
    pytest.skip(f"not here: no {controller} controller")
