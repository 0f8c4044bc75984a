"""Learns when containers end: one thread waits for what all monitors have to tell."""

from __future__ import annotations

import contextlib
import json
import os
import select
import threading
from collections.abc import Callable
from typing import Any

from reference_runtime.cri import faults
from reference_runtime.cri.errors import WrongState
from reference_runtime.cri.link import Line

#: What is told of a container whose monitor is gone without a word.
LOST: dict[str, Any] = {"code": 255, "finished_at": 0, "oom": False, "lost": True}


class Watcher:
    """Calls ``ended(id, how)`` once for each container that is watched, in its own thread."""

    def __init__(self, ended: Callable[[str, dict[str, Any]], None]) -> None:
        self._ended = ended
        self._poll = select.epoll()
        self._lines: dict[int, tuple[str, str, int, Line]] = {}
        threading.Thread(target=self._run, daemon=True, name="watcher").start()

    def watch(self, container_id: str, folder: str, monitor: int) -> None:
        """Waits for a container's end; one that has ended already is told of at once."""
        try:
            line = Line(folder)
            line.send({"op": "wait"})
        except WrongState:
            self._tell(container_id, folder, monitor, {})
            return
        self._lines[line.fileno()] = (container_id, folder, monitor, line)
        self._poll.register(line.fileno(), select.EPOLLIN)

    def _run(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll():
                container_id, folder, monitor, line = self._lines.pop(descriptor)
                self._poll.unregister(descriptor)
                answer, _ = line.receive()
                line.close()
                self._tell(container_id, folder, monitor, answer)

    def _tell(self, container_id: str, folder: str, monitor: int, answer: dict[str, Any]) -> None:
        told = LOST if faults.has("cri-exit-while-down-lost") else read_end(folder)
        self._ended(container_id, answer.get("exit") or told)
        if monitor:
            # The monitor may stay a while for those who are attached.
            threading.Thread(target=_wait_for, args=(monitor,), daemon=True).start()


def read_end(folder: str) -> dict[str, Any]:
    """How a container ended, as its monitor wrote it down."""
    try:
        with open(os.path.join(folder, "exit.json"), encoding="utf-8") as file:
            how: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return LOST
    return how


def _wait_for(child: int) -> None:
    """Reaps a monitor that is our child; one that an earlier server started is not."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
