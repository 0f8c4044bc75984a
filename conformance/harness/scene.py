"""One test on one runtime: its containers, the journal of what was done, and the check of the host afterwards."""

from __future__ import annotations

import os
import select
import shutil
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.checks.host import Snapshot, leaks
from conformance.harness.bundle import Bundle, write_bundle
from conformance.harness.container import Completed, Container
from conformance.harness.errors import Crashed, HarnessError, Hung, Leaked, OperationFailed, Violation
from conformance.harness.journal import Journal, Step
from conformance.harness.reproduction import Story, write_reproduction
from conformance.harness.snapshot import take_snapshot
from strategies.edit import Config, Edit, edited
from strategies.edits import do
from strategies.versions import VERSIONS

if TYPE_CHECKING:
    from conformance.harness.observed import Inside, Program
    from conformance.harness.runtime import Runtime
    from conformance.harness.trial import Running, Trial

#: How long the host may take to let go of what a deleted container had, before it counts as left behind.
PATIENCE = 2.0
STDERR = 2
COPIED = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


@dataclass
class Begun:
    """A call of the runtime that goes on, with the files that take what it says."""

    scene: Scene
    running: Running
    out: Path
    err: Path

    def end(self, *, background: bool = False, disturbed: bool = False) -> Completed:
        """Wait for its end, see ``Scene.finish``."""
        return self.scene.finish(self.running, self.out, self.err, background=background, disturbed=disturbed)


class Scene:
    """What a test has to do with a runtime.  One scene per test; ``settle`` ends it."""

    def __init__(  # one argument for each thing that it works with
        self,
        trial: Trial,
        runtime: Runtime,
        timeout: float,
        keep: Path | None = None,
        *,
        before: Snapshot | None = None,
    ) -> None:
        """``before`` is how the trial looks, when that is known: a scene that was settled leaves it as it was."""
        self.trial, self.runtime, self.timeout, self.keep = trial, runtime, timeout, keep
        self.journal = Journal()
        self.patience = PATIENCE
        self.containers: list[Container] = []
        self.root = trial.folder / f"state-{runtime.name}"
        self.before = self.snapshot() if before is None else before
        self._outputs = 0

    def __repr__(self) -> str:
        return f"Scene({self.runtime.name!r})"

    # Containers -------------------------------------------------------------------------------------------------

    def container(self, *edits: Edit, name: str | None = None, config: Config | None = None) -> Container:
        """A container that was not created yet, with its bundle written."""
        number = self.trial.next_number()
        document = edited(*edits) if config is None else config
        bundle = write_bundle(self.trial.folder / "bundles" / str(number), document)
        return self.container_of(bundle, name or f"c{number}", edits)

    def container_of(self, bundle: Bundle, name: str, edits: tuple[Edit, ...] = ()) -> Container:
        """A container of a bundle that is there already."""
        self.journal.configs[str(bundle.folder)] = bundle.config
        self.journal.edits = [repr(edit) for edit in edits]
        container = Container(self, name, bundle)
        self.containers.append(container)
        return container

    def bring(self, state: str, *edits: Edit) -> Container:
        """A container brought to ``created``, ``running``, ``paused`` or ``stopped``.

        Its program waits for a signal, but for ``stopped``, where it has ended; edits that set other verbs come first.
        """
        program = [do("report")] if state == "stopped" else [do("wait")]
        container = self.container(*edits, *program)
        container.create()
        if state != "created":
            container.start()
        if state == "stopped":
            container.wait()
            container.until_status("stopped")
        elif state in {"running", "paused"}:
            container.until_waiting()
        if state == "paused":
            container.pause()
        return container

    def run(self, *edits: Edit) -> Inside:
        """Create and start a container, wait for its program to end, delete it, and return what the program saw."""
        return self.run_program(*edits).inside

    def run_program(self, *edits: Edit) -> Program:
        """As ``run``, for programs that need not report."""
        return self.container(*edits).run()

    # Calls ------------------------------------------------------------------------------------------------------

    def call(self, *words: str, files: dict[int, tuple[str, int]] | None = None, under: str = "") -> Completed:
        """Call the runtime, whatever comes of it; the output goes to files, so that nobody can hold a pipe open."""
        return self.begin(*words, files=files, under=under).end()

    def begin(self, *words: str, files: dict[int, tuple[str, int]] | None = None, under: str = "") -> Begun:
        """Begin a call of the runtime without waiting for its end."""
        self._outputs += 1
        out, err = (self.trial.folder / f"{self._outputs}.{suffix}" for suffix in ("out", "err"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        stdio = {0: ("/dev/null", 0), 1: (str(out), flags), 2: (str(err), flags)}
        return Begun(self, self.start(*words, files=stdio | (files or {}), under=under), out, err)

    def start(self, *words: str, files: dict[int, tuple[str, int]], folder: str = "/", under: str = "") -> Running:
        """Start a call of the runtime without waiting for its end.

        ``under`` are shell commands that change the calling process first.
        """
        argv = self.runtime.command(self.root, *words)
        further = ", ".join(f"{number} on {path}" for number, (path, _) in files.items() if number > STDERR)
        if further:
            self.journal.add(Step("descriptors", (), text=f"The caller had further descriptors: {further}"))
        shell = []
        if under:
            self.journal.add(Step("shell", (), text=under))
            shell = ["/bin/sh", "-euc", f'{under}; exec "$@"', "sh"]
        running = self.trial.start([*shell, *argv], files=files, folder=folder)
        running.argv = argv
        return running

    def finish(  # noqa: PLR0913  # the flags say what kind of call it was
        self,
        running: Running,
        out: Path,
        err: Path,
        *,
        keep: bool = False,
        background: bool = False,
        disturbed: bool = False,
    ) -> Completed:
        """Wait for a call, with the watchdog; raises ``Hung`` and ``Crashed``.

        ``background`` is for one of several calls at once, ``disturbed`` for one that we made break down: it is for
        the caller to note it, and to judge how it ended.
        """
        ended = self.trial.finish(running, self.timeout)
        done = Completed(running.argv, ended.exit_status, _take(out, keep), _take(err, keep), ended.seconds)
        if not disturbed:
            self.journal.add(
                Step("call", tuple(done.argv), done.exit_status, done.output, "", done.seconds, background)
            )
        if ended.hung:
            raise Hung(f"{_short(done)} did not end within {self.timeout:g} seconds")
        if disturbed:
            return done
        if done.exit_status < 0 or self.runtime.profile.crashed(done.stderr):
            raise Crashed(f"{_short(done)} ended with {done.exit_status}: {done.stderr[-2000:]}")
        return done

    def skip_without(self, need: str) -> None:
        """Skip the test when the profile of the runtime says that it lacks something."""
        if (reason := self.runtime.profile.lacks(need, self.runtime.version)) is not None:
            pytest.skip(f"unsupported: {reason}")

    def skip_if_too_new(self, config: Config) -> None:
        """Skip the test when the runtime knows only older versions of the specification than the config needs."""
        newest = self.runtime.profile.newest_spec(self.runtime.version)
        wanted = config.get("ociVersion")
        if newest and isinstance(wanted, str) and wanted > newest and wanted in VERSIONS:
            pytest.skip(f"unsupported: {self.runtime.name} {self.runtime.version} knows runtime-spec up to {newest}")

    def accepted(self, done: Completed) -> Completed:
        """Demand that a call succeeded.  Raises ``OperationFailed`` otherwise."""
        if done.exit_status != 0:
            message = done.output.strip()[-2000:]
            raise OperationFailed(f"{_short(done)} was refused with {done.exit_status}: {message}", message)
        return done

    def prepare(self, script: str, folder: str, *, keep: bool = True) -> None:
        """Run shell commands in the trial; ``keep`` notes them for the script that repeats the test.

        ``$STATE`` is the folder that the runtime keeps its state in.
        Raises ``HarnessError`` when one of them fails.
        """
        if keep:
            self.journal.add(Step("prepare", (folder,), text=script))
        said = self.trial.folder / "prepare.err"
        files = {0: ("/dev/null", os.O_RDONLY), 1: ("/dev/null", os.O_WRONLY)}
        files[2] = (str(said), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        environment = self.trial.environment() | {"STATE": str(self.root)}
        running = self.trial.start(["/bin/sh", "-euc", script], files=files, folder=folder, environment=environment)
        ended = self.trial.finish(running, self.timeout)
        if ended.status != 0:
            raise HarnessError(f"could not prepare `{script}`: {said.read_text(errors='replace').strip()}")

    def pause(self, seconds: float) -> None:
        """Let the trial's messages come in for a moment, between two looks at a fact."""
        select.select([self.trial.fileno()], [], [], seconds)

    # The end ----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Remove all containers and compare the host with how it was.  Raises ``Leaked``."""
        for container in self.containers:
            container.remove()
            self._keep(container)
        found = self.left_behind()
        for container in self.containers:
            found += [f"canary changed: {path}" for path in container.bundle.canaries_changed()]
        if found:
            self.sweep()
            raise Leaked("left behind after delete: " + "; ".join(found))

    def sweep(self) -> None:
        """Make the trial what it was before the scene: without new cgroups, or else thrown away and made anew."""
        for name in sorted(self.snapshot().cgroups - self.before.cgroups, reverse=True):
            with suppress(OSError):  # it is not empty: then it goes with all the rest
                (self.trial.cgroup_root / name).rmdir()
        if self.is_messy():
            self.trial.restart()

    def start_over(self) -> None:
        """Throw the surroundings away with all that is in them: what is left there is nobody's to be blamed for."""
        self.containers.clear()
        self.trial.restart()
        self.root = self.trial.folder / self.root.name
        self.before = self.snapshot()

    def abandon(self) -> None:
        """Remove all containers of a test that failed; its journal keeps what the test saw last."""
        self.journal.close()
        for container in self.containers:
            with suppress(Violation, HarnessError):
                container.remove()
            self._keep(container)

    def is_messy(self) -> bool:
        """Whether something is there that was not there before the scene, or is gone."""
        return bool(self.changes())

    def _keep(self, container: Container) -> None:
        """Copy a bundle out of the trial, with what its program printed, when that was asked for."""
        if self.keep is not None:
            target = self.keep / container.bundle.folder.name
            shutil.copytree(container.bundle.folder, target, symlinks=True, ignore=_special, dirs_exist_ok=True)

    def changes(self, before: Snapshot | None = None) -> list[str]:
        """What is there that was not there before the scene, or before something in it, or is gone."""
        return leaks(self.before if before is None else before, self.snapshot())

    def left_behind(self, before: Snapshot | None = None) -> list[str]:
        """What is there that was not there before, or is gone, after the host had time to let go of it.

        Where no process is left nobody can clean up any more, and nothing is waited for.
        """
        deadline = time.monotonic() + self.patience
        while found := self.changes(before):
            lasting = not any(line.startswith("process ") for line in found)
            if lasting or time.monotonic() > deadline:
                break
            self.pause(0.005)
        return found

    def reproduce(self, folder: Path, story: Story) -> Path:
        """Write the folder that shows a violation; returns the path of its ``run.sh``."""
        return write_reproduction(folder, story, self.runtime, self.journal)

    def printed(self) -> str:
        """What the program of the newest container has printed."""
        return self.containers[-1].printed() if self.containers else ""

    def snapshot(self) -> Snapshot:
        """What is there now."""
        return take_snapshot(self.trial, self.state_folder)

    @property
    def state_folder(self) -> Path:
        """The folder of the runtime's state as the trial sees it, whatever is mounted there."""
        return Path(f"/proc/{self.trial.pid}/root{self.root}")


def _take(path: Path, keep: bool) -> str:
    try:
        text = path.read_text(errors="surrogateescape")
    except FileNotFoundError:
        return ""
    if not keep:
        path.unlink()
    return text


def _special(folder: str, names: list[str]) -> list[str]:
    """What can not be copied: sockets, FIFOs and device nodes."""
    return [name for name in names if stat.S_IFMT(os.lstat(f"{folder}/{name}").st_mode) not in COPIED]


def _short(done: Completed) -> str:
    words = done.argv[done.argv.index("--root") + 2 :] if "--root" in done.argv else done.argv
    return "`" + " ".join(words) + "`"
