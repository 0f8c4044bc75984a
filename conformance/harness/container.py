"""A container under test, and the operations on it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.harness.errors import HarnessError, Hung, Violation
from conformance.harness.journal import Step
from conformance.harness.observed import Program
from conformance.harness.state import State, read_state
from strategies.edit import edited

if TYPE_CHECKING:
    from conformance.harness.bundle import Bundle
    from conformance.harness.scene import Begun, Scene
    from conformance.harness.trial import Running
    from strategies.edit import Edit


POLL = 0.002
#: What the probe prints when it waits for a signal.
WAITING = '{"verb":"wait"'

#: Descriptors of a command: a path and the flags of open(2) for each.
Files = dict[int, tuple[str, int]]


@dataclass(frozen=True)
class Completed:
    """One finished call of the runtime.  ``exit_status`` is negative when a signal killed it; times are seconds."""

    argv: list[str]
    exit_status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def output(self) -> str:
        """Standard output and standard error, in this order."""
        return self.stdout + self.stderr

    def json(self) -> Any:
        """Standard output read as JSON.  Raises ``Violation`` when it is none."""
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise Violation(f"{self.argv[-2:]} printed no JSON: {self.stdout[:500]!r}") from None


class Container:
    """One container: a bundle, an id, and the runtime that is asked to do things with it.

    Every operation raises ``OperationFailed`` when the runtime refuses it, ``Hung`` when it outlives the watchdog and
    ``Crashed`` when the runtime broke down.
    """

    def __init__(self, scene: Scene, name: str, bundle: Bundle) -> None:
        self.scene, self.id, self.bundle = scene, name, bundle
        self.stdout = bundle.folder / "stdout"
        self.stderr = bundle.folder / "stderr"
        self.pid_file = bundle.folder / "pid"
        self.pid = 0
        self.deleted = False
        self.outcome: int | None = None
        self._prepared: list[str] = []

    # What a test lays out before create -------------------------------------------------------------------------

    def prepare(self, script: str) -> None:
        """Run shell commands in the bundle's folder, as the host's root in the trial's namespaces.

        They lay out files for binds, say, or mounts below the bundle; ``remove`` takes those mounts away.  Raises
        ``HarnessError`` when a command fails.
        """
        before = self.scene.trial.mounts()
        self.scene.prepare(script, str(self.bundle.folder))
        self._prepared += [mount.split()[0] for mount in self.scene.trial.mounts() if mount not in before]

    def reconfigure(self, *edits: Edit) -> None:
        """Edit config.json once more, for edits that need to know where the bundle is."""
        config = edited(*edits, base=self.bundle.config)
        self.bundle.config.clear()
        self.bundle.config.update(config)
        self.bundle.rewrite(config)
        self.scene.journal.edits += [repr(edit) for edit in edits]

    def run(self) -> Program:
        """Create and start the container, wait for the end of its program, delete it."""
        self.create()
        self.start()
        program = self.wait()
        self.delete()
        return program

    # The operations of the specification ------------------------------------------------------------------------

    def create(self, *flags: str, files: Files | None = None, under: str = "") -> Completed:
        """Create the container; ``flags`` go before the id, ``files`` are further descriptors of the call.

        ``under`` are shell commands that change the process that calls the runtime, such as "umask 077".
        """
        return self.scene.accepted(self.ask_to_create(*flags, files=files, under=under))

    def ask_to_create(self, *flags: str, files: Files | None = None, under: str = "") -> Completed:
        """As ``create``, whatever comes of it."""
        return self.end_create(self.begin_create(*flags, files=files, under=under))

    def begin_create(self, *flags: str, files: Files | None = None, under: str = "") -> Running:
        """Begin ``create`` without waiting for its end."""
        self.scene.skip_if_too_new(self.bundle.config)
        stdio = {0: ("/dev/null", os.O_RDONLY), 1: _to(self.stdout), 2: _to(self.stderr)} | (files or {})
        words = ["--bundle", str(self.bundle.folder), "--pid-file", str(self.pid_file), *flags, self.id]
        return self.scene.start("create", *words, files=stdio, under=under)

    def end_create(self, running: Running, *, background: bool = False, disturbed: bool = False) -> Completed:
        """Wait for the end of a ``create`` that was begun, whatever comes of it; see ``Scene.finish``."""
        done = self.scene.finish(
            running, self.stdout, self.stderr, keep=True, background=background, disturbed=disturbed
        )
        try:
            self.pid = int(self.pid_file.read_text())
        except (OSError, ValueError):
            self.pid = 0
        return done

    def start(self) -> Completed:
        """Start the program of the container."""
        return self.call("start", self.id)

    def state(self) -> State:
        """The state of the container, read strictly."""
        return read_state(self.raw_state(), self.scene.journal)

    def raw_state(self) -> str:
        """What ``state`` prints."""
        text = self.call("state", self.id).stdout
        self.scene.journal.saw("output", text)
        return text

    def kill(self, name: str = "TERM", *flags: str) -> Completed:
        """Send a signal to the container's first process."""
        return self.call("kill", *flags, self.id, name)

    def delete(self, *flags: str) -> Completed:
        """Delete the container; ``--force`` kills it first."""
        return self.end_delete(self.begin_delete(*flags))

    def begin_delete(self, *flags: str) -> Begun:
        """Begin ``delete`` without waiting for its end."""
        return self.scene.begin("delete", *flags, self.id)

    def end_delete(self, begun: Begun) -> Completed:
        """Wait for the end of a ``delete`` that was begun, and demand success."""
        done = self.scene.accepted(begun.end())
        self.deleted = True
        return done

    # The other commands that runtimes share ---------------------------------------------------------------------

    def exec(
        self,
        *words: str,
        flags: tuple[str, ...] = (),
        process: dict[str, Any] | None = None,
        files: Files | None = None,
    ) -> Program:
        """Run a further process in the container and see what it saw.

        ``words`` are its arguments (the probe's report without any), or ``process`` is its whole document; ``files``
        are further descriptors of the call.
        """
        if process is not None:
            path = self.bundle.folder / "process.json"
            path.write_text(json.dumps(process))
            again = f"printf %s {shlex.quote(json.dumps(process))} >process.json"
            self.scene.journal.add(Step("prepare", (str(self.bundle.folder),), text=again))
            flags = (*flags, "--process", str(path))
            done = self.scene.call("exec", *flags, self.id, files=files)
        else:
            done = self.scene.call("exec", *flags, self.id, *(words or ("/probe", "report")), files=files)
        return Program(self.scene.journal, done.stdout, done.stderr, _as_wait_status(done.exit_status), "output")

    def pause(self) -> Completed:
        """Suspend all processes of the container."""
        return self.call("pause", self.id)

    def resume(self) -> Completed:
        """Let all processes of the container go on."""
        return self.call("resume", self.id)

    def call(self, *words: str) -> Completed:
        """Call the runtime and demand success."""
        return self.scene.accepted(self.ask(*words))

    def ask(self, *words: str) -> Completed:
        """Call the runtime, whatever comes of it."""
        return self.scene.call(*words)

    # What is waited for ----------------------------------------------------------------------------------------

    def wait(self) -> Program:
        """Wait until the program has ended, and see what it saw.  Raises ``Hung`` when it does not end."""
        return self.observed(self.until_ended())

    def until_ended(self) -> int | None:
        """Wait until the program has ended; returns its wait status.  Raises ``Hung`` when it does not end."""
        status = self._wait_status()
        self.outcome = status
        self.scene.journal.add(Step("wait", (self.id,), text=str(status)))
        return status

    def _wait_status(self) -> int | None:
        if self.outcome is not None:
            return self.outcome
        status = self.scene.trial.reap(self.pid, self.scene.timeout)
        if status is None and self.scene.trial.alive(self.pid):
            raise Hung(f"the program (process {self.pid}) did not end within {self.scene.timeout:g} seconds")
        return status

    def observed(self, status: int | None = None) -> Program:
        """What the program has printed so far, and how it ended if it did."""
        return Program(self.scene.journal, self.printed(), _text(self.stderr), status)

    def printed(self) -> str:
        """What the program has written to its standard output so far."""
        return _text(self.stdout)

    def until_printed(self, word: str) -> None:
        """Wait until the program has printed ``word``.

        Raises ``Violation`` if it ends before, ``Hung`` if it never does.
        """
        deadline = time.monotonic() + self.scene.timeout
        while word not in self.printed():
            if time.monotonic() > deadline:
                raise Hung(f"the program never printed {word!r}, only {self.printed()[-500:]!r}")
            if self.pid and not self.scene.trial.alive(self.pid) and word not in self.printed():
                raise Violation(
                    f"the program ended before it printed {word!r}: {self.printed()[-500:]!r}{_text(self.stderr)!r}"
                )
            self.scene.pause(POLL)
        self.scene.journal.add(Step("printed", (self.id,), text=word))

    def until_waiting(self) -> None:
        """Wait until the program has come to the probe's verb ``wait``."""
        self.until_printed(WAITING)

    def until_status(self, status: str) -> State:
        """Wait until ``state`` says ``status``.

        Raises ``Violation`` if it does not within the time for an operation.
        """
        deadline = time.monotonic() + self.scene.timeout
        while (state := self.state()).status != status:
            if time.monotonic() > deadline:
                raise Violation(f"the status stayed {state.status!r}, it never became {status!r}")
            self.scene.pause(POLL)
        return state

    # What the host sees -----------------------------------------------------------------------------------------

    @property
    def proc(self) -> Path:
        """The container's first process in /proc, as the trial sees it."""
        if not self.pid:
            raise HarnessError(f"{self.id} has no known process")
        return self.scene.trial.proc / str(self.pid)

    def outside(self, path: str) -> Path:
        """A path below the bundle with what is mounted there in the trial, outside of the container."""
        return Path(f"/proc/{self.scene.trial.pid}/root{self.bundle.folder}") / path

    def cgroup(self, controller: str) -> Path:
        """The folder of the cgroup that the container's first process is in, for a v1 controller or "" for v2."""
        for line in (self.proc / "cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            if controller in names.split(","):
                return self.scene.trial.cgroup_folder(controller, path.removeprefix(self.scene.trial.cgroup))
        raise HarnessError(f"process {self.pid} is in no {controller or 'v2'} cgroup")

    def read(self, path: Path) -> str:
        """The content of a file on the host that a test judges by."""
        text = path.read_text()
        self.scene.journal.add(Step("read", (str(path),), text=text))
        self.scene.journal.saw(f"file {path}", text)
        return text

    def exists(self, path: Path) -> bool:
        """Whether something that a test judges by is there on the host."""
        there = path.exists()
        self.scene.journal.saw(f"exists {path}", str(there))
        return there

    def remove(self) -> None:
        """Make the container go away, whatever state it is in."""
        if not self.deleted:
            self.ask("delete", "--force", self.id)
            self.deleted = True
        if self.pid and self.scene.trial.alive(self.pid):
            self.scene.trial.signal(self.pid, signal.SIGKILL)
        if self._prepared:
            points = " ".join(reversed(self._prepared))
            self.scene.prepare(f"umount --lazy {points} || true", "/", keep=False)
            self._prepared.clear()


def _to(path: Path) -> tuple[str, int]:
    return str(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="surrogateescape")
    except FileNotFoundError:
        return ""


def _as_wait_status(exit_status: int) -> int:
    """A wait status from an exit status whose negative numbers are signals."""
    return -exit_status if exit_status < 0 else exit_status << 8
