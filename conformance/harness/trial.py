"""The surroundings of a trial: namespaces, cgroups and a workspace of its own, seen from the pytest worker.

Everything a runtime does happens below a ``Trial``.  The worker itself stays in the host's namespaces and looks in
through ``/proc/PID/root`` of the spawner.  Paths below ``Trial.folder`` read the same inside and outside.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import select
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from conformance.harness.errors import HarnessError, WrongUse
from conformance.harness.mounted import mount_points

RUN = Path("/run/seatrial")
GUARDIAN = Path(__file__).with_name("guardian.py")
#: Variables that change what a runtime does with the descriptors and sockets of whoever started it.
MISLEADING = ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


@dataclass(frozen=True)
class Ended:
    """How a command ended: ``status`` as waitpid(2) gives it, and its wall time in seconds."""

    status: int
    seconds: float
    hung: bool = False

    @property
    def exit_status(self) -> int:
        """The exit status, or the negative number of the signal that killed it."""
        return os.waitstatus_to_exitcode(self.status)


@dataclass
class Running:
    """A command under way in the trial, or just about to be."""

    trial: Trial
    number: int
    began: float
    argv: list[str]

    @cached_property
    def pid(self) -> int:
        """Its number inside the trial's PID namespace.  Raises ``HarnessError`` when it could not be started."""
        return self.trial.started(self)


class Trial:
    """The surroundings of one worker's containers, from ``with`` to the end of the block.

    Raises ``WrongUse`` when this user or this host can not make them.
    """

    _socket: socket.socket
    _lifeline: int

    def __init__(self) -> None:
        self._containers = 0

    def __enter__(self) -> Self:
        """Make the surroundings."""
        if os.geteuid() != 0:
            raise WrongUse("a trial makes namespaces, mounts and cgroups: run it as root (sudo pytest …)")
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the surroundings away."""
        self.close()

    def close(self) -> None:
        """Let go of the lifeline, and wait until the guardian has cleaned up."""
        self.let_go()
        self._guardian.wait()

    def let_go(self) -> None:
        """Begin to take the surroundings away; ``close`` then only waits."""
        self._socket.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def restart(self) -> None:
        """Throw the surroundings away with all that is in them, and make new ones."""
        self.close()
        self._begin()

    def next_number(self) -> int:
        """A number for a container, never used before in this trial."""
        self._containers += 1
        return self._containers

    def _begin(self) -> None:
        """Start a guardian and wait until its spawner is ready."""
        self.name = f"{os.getpid()}-{secrets.token_hex(2)}"
        self.folder = RUN / self.name
        self.cgroup = f"/seatrial-{self.name}"  # the root of the trial's cgroup namespace, as the host sees it
        self.inherited = mount_points()
        self._number = 0
        self._ended: dict[int, Ended] = {}
        self._reaped: dict[int, int] = {}
        self._answers: dict[int, dict[str, Any]] = {}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        watched, self._lifeline = os.pipe()
        interpreter = os.path.realpath(sys.executable)  # a version manager's shim would cost 80 ms
        self._guardian = subprocess.Popen(
            [interpreter, "-I", "-S", str(GUARDIAN), self.name, str(theirs.fileno()), str(watched)],
            pass_fds=(theirs.fileno(), watched),
            stdin=subprocess.DEVNULL,
            cwd="/",
        )
        theirs.close()
        os.close(watched)
        self._socket = ours
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self._wait_until_ready()
        self.inherited |= mount_points()  # others may mount and unmount at the same time

    def _wait_until_ready(self) -> None:
        try:
            packet = self._socket.recv(1 << 20)
        except ConnectionError:
            packet = b""
        answer = json.loads(packet) if packet else {"failed": "the guardian ended at once"}
        if "failed" in answer:
            self.close()
            raise WrongUse(f"no trial can be made here ({answer['failed']}): it needs CAP_SYS_ADMIN and cgroups")
        self.pid = self._spawner_pid()
        self.proc = Path(f"/proc/{self.pid}/root/proc")
        self.cgroup_root = Path(f"/proc/{self.pid}/root/sys/fs/cgroup")

    def _spawner_pid(self) -> int:
        """The spawner's number outside: of the guardian's children, the one that is process 1 of its own namespace.

        It is the guardian's only once the process between the two is gone, which may be a moment after it was ready.
        """
        guardian = self._guardian.pid
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for child in Path(f"/proc/{guardian}/task/{guardian}/children").read_text().split():
                with suppress(OSError):  # the process between the two is on its way out
                    numbers = re.search(r"^NSpid:\t(.*)$", Path(f"/proc/{child}/status").read_text(), re.MULTILINE)
                    if numbers and len(numbers[1].split()) > 1 and numbers[1].split()[-1] == "1":
                        return int(child)
            select.select([], [], [], 0.001)
        raise HarnessError("the spawner was not found below its guardian")

    # Commands ---------------------------------------------------------------------------------------------------

    def start(
        self,
        argv: list[str],
        *,
        files: dict[int, tuple[str, int]],
        folder: str = "/",
        environment: dict[str, str] | None = None,
    ) -> Running:
        """Start a command in a session of its own.

        ``files`` says what each descriptor is: a path and the flags of open(2).  Nobody waits until it has been
        started: that the program or one of the files can not be opened is told by ``finish``.
        """
        self._number += 1
        request = {
            "start": self._number,
            "argv": argv,
            "environment": self.environment() if environment is None else environment,
            "folder": folder,
            "files": {str(descriptor): target for descriptor, target in files.items()},
        }
        self._send(request)
        return Running(self, self._number, time.monotonic(), argv)

    def started(self, running: Running) -> int:
        """Wait until a command has been started; returns its pid.  Raises ``HarnessError`` when it could not be."""
        while running.number not in self._answers:
            self._receive(None)
        answer = self._answers[running.number]
        if "refused" in answer:
            raise HarnessError(f"could not start {running.argv[0]}: {answer['why']}")
        return int(answer["pid"])

    def finish(self, running: Running, timeout: float) -> Ended:
        """Wait for a command to end; after ``timeout`` seconds its process group is killed and ``hung`` is set.

        Raises ``HarnessError`` when it could not be started.
        """
        deadline = running.began + timeout
        while running.number not in self._ended:
            if "refused" in self._answers.get(running.number, ()):
                self.started(running)
            if not self._receive(deadline):
                self.signal(-running.pid, 9)
                self._receive_until_ended(running)
                return replace(self._taken(running), hung=True)
        return self._taken(running)

    def _taken(self, running: Running) -> Ended:
        running.pid = self._answers.pop(running.number)["pid"]
        return self._ended.pop(running.number)

    def _receive_until_ended(self, running: Running) -> None:
        deadline = time.monotonic() + 10
        while running.number not in self._ended:
            if not self._receive(deadline):
                raise HarnessError(f"process {running.pid} survived SIGKILL for 10 seconds")

    def ended(self, running: Running) -> bool:
        """Whether a command has ended by now."""
        while self._receive(0.0):
            pass
        return running.number in self._ended

    def reap(self, pid: int, timeout: float) -> int | None:
        """The wait status of an orphan; None if somebody else reaped it, or it still lives after ``timeout``."""
        deadline = time.monotonic() + timeout
        while pid not in self._reaped:
            if not self._receive(deadline):
                return None
        return self._reaped.pop(pid)

    def signal(self, pid: int, number: int) -> None:
        """Send a signal to a process of the trial, or to a group when ``pid`` is negative."""
        self._send({"signal": pid, "number": number})

    def environment(self) -> dict[str, str]:
        """What every command gets: the caller's environment, and a marker that no container may ever see."""
        kept = {name: value for name, value in os.environ.items() if name not in MISLEADING}
        return kept | {"SEATRIAL_TRIAL": self.name}

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._socket.send(json.dumps(message).encode())
        except OSError as problem:
            raise HarnessError(f"the spawner is gone: {problem.strerror}") from problem

    def _receive(self, deadline: float | None) -> bool:
        """Take one message in; False when none came before the deadline."""
        wait = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([self._socket], [], [], wait)[0]:
            return False
        packet = self._socket.recv(1 << 20)
        if not packet:
            raise HarnessError("the spawner is gone")
        message = json.loads(packet)
        if "ended" in message:
            self._ended[message["ended"]] = Ended(message["status"], message["seconds"])
        elif "reaped" in message:
            self._reaped[message["reaped"]] = message["status"]
        else:
            self._answers[message.get("started") or message["refused"]] = message
        return True

    # What can be seen -------------------------------------------------------------------------------------------

    def processes(self) -> dict[int, str]:
        """The processes of the trial but for the spawner: number inside to command line; zombies are left out."""
        found = {}
        try:
            names = os.listdir(self.proc)
        except OSError as problem:
            raise HarnessError(f"the spawner is gone: {problem.strerror}") from problem
        for name in names:
            if name.isdigit() and name != "1":
                with suppress(OSError):
                    line = (self.proc / name / "cmdline").read_bytes()
                    if line or not self._is_zombie(int(name)):
                        found[int(name)] = line.replace(b"\0", b" ").decode(errors="replace").strip()
        return found

    def _is_zombie(self, pid: int) -> bool:
        return (self.proc / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"

    def fileno(self) -> int:
        """The descriptor on which messages of the trial arrive."""
        return self._socket.fileno()

    @property
    def is_unified(self) -> bool:
        """Whether the host has cgroup v2 only."""
        return (self.cgroup_root / "cgroup.subtree_control").exists()

    def cgroup_folder(self, controller: str, path: str) -> Path:
        """The folder of a cgroup, by a controller of v1 or "" for v2, and its path as /proc/PID/cgroup gives it."""
        for line in Path(f"/proc/{self.pid}/mountinfo").read_text().splitlines():
            left, _, right = line.partition(" - ")
            kind, _, options = right.split()[:3]
            names = [""] if kind == "cgroup2" else options.split(",") if kind == "cgroup" else []
            point = left.split()[4]
            if controller in names and point.startswith("/sys/fs/cgroup"):
                return Path(f"/proc/{self.pid}/root{point}{path.rstrip('/')}")
        raise HarnessError(f"no cgroup hierarchy for {controller or 'v2'}")

    def alive(self, pid: int) -> bool:
        """Whether a process of the trial is there and not a zombie."""
        try:
            return not self._is_zombie(pid)
        except OSError:
            return False

    def mounts(self) -> list[str]:
        """The mount table of the trial: mount point, root and type of each mount, in order."""
        lines = Path(f"/proc/{self.pid}/mountinfo").read_text().splitlines()
        return [
            f"{fields[4]} {fields[3]} {line.partition(' - ')[2].split()[0]}"
            for line in lines
            for fields in [line.split()]
        ]

    def namespace(self, kind: str, pid: int | None = None) -> int:
        """The inode of a namespace, of the spawner or of a process of the trial."""
        process = self.proc / str(pid) if pid else Path(f"/proc/{self.pid}")
        return (process / "ns" / kind).stat().st_ino
