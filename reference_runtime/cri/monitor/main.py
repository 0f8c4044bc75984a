"""The life of a monitor: create the container, tell so, serve its streams, write down how it ended."""

from __future__ import annotations

import json
import os
import signal
import time

from reference_runtime import libc
from reference_runtime.cri.monitor import cgroup, programs
from reference_runtime.cri.monitor.control import Control
from reference_runtime.cri.monitor.logfile import LogFile
from reference_runtime.cri.monitor.loop import Loop
from reference_runtime.cri.monitor.streams import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Output that still comes from processes outside the container is waited for no longer than this many seconds.
_LAST_OUTPUT = 2.0
#: As long may somebody attached read what is left.
_LAST_READERS = 60.0


class CannotCreate(Exception):
    """The runtime has refused the container."""


class Monitor:
    """One container.  ``document`` is what the server wrote into the folder as monitor.json."""

    def __init__(self, folder: str, document: dict[str, Any]) -> None:
        self.folder = folder
        self.document = document
        self.loop = Loop()
        self.bugs = set(document["bugs"])
        unlogged = document["terminal"] and "cri-log-tty-missing" in self.bugs
        self.log = LogFile("" if unlogged else document["log"], self.bugs)
        self.outputs: dict[str, Output] = {}
        self.stdin = -1
        self.master = -1
        self.pid = 0
        self.folders: dict[str, str] = {}
        self.status: int | None = None
        self.stopping = False
        self.finished_at = 0

    def command(self, log: str, *words: str) -> list[str]:
        """A command line of the runtime that writes its complaints to a file."""
        root = self.document["root"]
        return [*self.document["runtime"], "--root", root, "--log", log, "--log-format", "json", *words]

    def create(self) -> None:
        """Creates the container.  CannotCreate when the runtime refuses it."""
        console = programs.Console(self.folder, "console") if self.document["terminal"] else None
        theirs = self._pipes() if console is None else self._nothing()
        pid_file, log = os.path.join(self.folder, "pid"), os.path.join(self.folder, "runtime.log")
        words = ["--bundle", self.document["bundle"], "--pid-file", pid_file]
        words += ["--console-socket", console.path] if console else []
        ended: list[int] = []
        child = programs.spawn(self.command(log, "create", *words, self.document["id"]), theirs)
        for descriptor in set(theirs):
            os.close(descriptor)
        self.loop.expect(child, ended.append)
        self.loop.run_while(lambda: not ended)
        if ended[0]:
            raise CannotCreate(programs.complaint(log) or f"the runtime ended with wait status {ended[0]}")
        if console:
            self._take_terminal(console.receive())
            console.close()
        self.pid = programs.read_pid(pid_file)
        self.loop.expect(self.pid, self._ended)
        self.folders = cgroup.folders_of(self.pid) if self.loop.alive(self.pid) else {}
        if self.stopping:
            self.stop()

    def _nothing(self) -> tuple[int, int, int]:
        nothing = os.open(os.devnull, os.O_RDWR)
        return nothing, nothing, nothing

    def _pipes(self) -> tuple[int, int, int]:
        if self.document["stdin"]:
            stdin, self.stdin = os.pipe2(os.O_CLOEXEC)
        else:
            stdin = os.open(os.devnull, os.O_RDONLY)
        ends = []
        for name in ("stdout", "stderr"):
            reader, writer = os.pipe2(os.O_CLOEXEC)
            self.outputs[name] = Output(self.loop, reader, name, self.log)
            ends.append(writer)
        return stdin, ends[0], ends[1]

    def _take_terminal(self, master: int) -> None:
        self.master = master
        self.outputs["stdout"] = Output(self.loop, master, "stdout", self.log)

    def stop(self) -> None:
        """Ends the container, and with it the monitor; before there is one, as soon as there is."""
        self.stopping = True
        if self.loop.alive(self.pid):
            os.kill(self.pid, signal.SIGKILL)

    def _ended(self, status: int) -> None:
        self.status = status
        self.finished_at = time.time_ns()

    def stay(self, control: Control) -> None:
        """Serves the container until it has ended, then writes down how."""
        self.loop.run_while(lambda: self.status is None)
        oom = cgroup.out_of_memory(self.folders)
        cgroup.kill_all(self.folders)
        for output in self.outputs.values():
            output.hurry()
        outputs = list(self.outputs.values())
        if not self.loop.run_while(lambda: not all(output.ended for output in outputs), _LAST_OUTPUT):
            for output in outputs:
                output.give_up()
        code = os.waitstatus_to_exitcode(self.status or 0)
        how = {"code": code if code >= 0 else 128 - code, "finished_at": self.finished_at, "oom": oom}
        programs.write_json(os.path.join(self.folder, "exit.json"), how)
        control.tell_end(how)
        self.loop.run_while(lambda: self._is_needed(control), _LAST_READERS)

    def _is_needed(self, control: Control) -> bool:
        """Whether somebody is still to be told something, once the container has ended."""
        return not self.stopping and (control.busy or any(output.busy for output in self.outputs.values()))


def main(folder: str) -> None:
    """Reads monitor.json, and says in one line on standard output whether there is a container."""
    os.setsid()
    libc.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with open(os.path.join(folder, "monitor.json"), encoding="utf-8") as file:
        document = json.load(file)
    try:
        monitor = Monitor(folder, document)
        signal.signal(signal.SIGTERM, lambda *_: monitor.stop())
        control = Control(monitor)
        monitor.create()
    except (CannotCreate, OSError, ValueError) as problem:
        _answer({"error": str(problem)})
        return
    _answer({"pid": monitor.pid, "cgroups": monitor.folders})
    monitor.stay(control)


def _answer(document: dict[str, Any]) -> None:
    """Tells the server, which waits for the end of our standard output."""
    os.write(1, json.dumps(document).encode())
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.close(nothing)
