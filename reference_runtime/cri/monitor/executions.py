"""A further program in the container, started by ``exec``.

The request names the file with its process and whether it has a terminal; the descriptors beside it are its three
streams. Answered with its number, with a terminal also with the master, later with how it ended.
"""

from __future__ import annotations

import os
import signal

from reference_runtime.cri.monitor import programs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.cri.monitor.control import Connection
    from reference_runtime.cri.monitor.main import Monitor


class Execution:
    """One program."""

    def __init__(
        self, monitor: Monitor, connection: Connection, request: dict[str, Any], descriptors: list[int]
    ) -> None:
        self._loop = monitor.loop
        self._connection = connection
        self._base = request["process"].removesuffix(".json")
        self._console = programs.Console(monitor.folder, request["console"]) if request["terminal"] else None
        self._pid = 0
        self._doomed = False
        self.running = True
        words = ["--detach", "--process", request["process"], "--pid-file", f"{self._base}.pid"]
        words += ["--console-socket", self._console.path] if self._console else []
        streams = tuple(descriptors) or (os.open(os.devnull, os.O_RDWR),) * 3
        command = monitor.command(f"{self._base}.log", "exec", *words, monitor.document["id"])
        child = programs.spawn(command, (streams[0], streams[1], streams[2]))
        for descriptor in set(streams):
            os.close(descriptor)
        self._loop.expect(child, self._started)

    def kill(self) -> None:
        """Ends the program and what it has started."""
        self._doomed = True
        if self._pid and self._loop.alive(self._pid):
            for pid in (self._pid, *_descendants(self._pid)):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    def _started(self, status: int) -> None:
        try:
            if status:
                complaint = programs.complaint(f"{self._base}.log")
                self._fail(complaint or f"the runtime ended with wait status {status}")
                return
            self._pid = programs.read_pid(f"{self._base}.pid")
            master = (self._console.receive(),) if self._console else ()
        except (OSError, ValueError) as problem:
            self._fail(str(problem))
            return
        finally:
            self._clean()
        self._connection.answer({"pid": self._pid}, master)
        for descriptor in master:
            os.close(descriptor)
        self._loop.expect(self._pid, self._ended)
        if self._doomed:
            self.kill()

    def _fail(self, reason: str) -> None:
        self.running = False
        self._connection.answer({"error": reason})

    def _clean(self) -> None:
        if self._console:
            self._console.close()
        for suffix in (".json", ".pid", ".log"):
            if os.path.exists(self._base + suffix):
                os.unlink(self._base + suffix)

    def _ended(self, status: int) -> None:
        self.running = False
        code = os.waitstatus_to_exitcode(status)
        self._connection.answer({"exit": code if code >= 0 else 128 - code})


def _descendants(pid: int) -> list[int]:
    """The processes below one, as far as they can be seen."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return children + [further for child in children for further in _descendants(child)]
