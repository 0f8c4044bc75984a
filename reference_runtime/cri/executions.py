"""Further programs in a container: ExecSync, and what the streaming server asks for."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import subprocess
import threading
import time
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import faults
from reference_runtime.cri.containers import Containers
from reference_runtime.cri.errors import Failed, Invalid, Refused, TooLate, WrongState
from reference_runtime.cri.link import Line
from reference_runtime.cri.node import Node
from reference_runtime.cri.records import Container
from reference_runtime.cri.spec.container import exec_process
from reference_runtime.cri.statuses import state_name

#: More output than this is read and thrown away, for each of the two streams.
MOST_OUTPUT = 16 << 20
_BLOCK = 65536
#: A runtime that has not started a program in so many seconds never will.
_START = 60.0
#: A program that was killed has ended within so many seconds.
_AFTER_KILL = 10.0
#: Output of a program that has ended is there at once; what comes later is of others that it left behind.
_LAST_OUTPUT = 0.25


class Execution:
    """A program that was started.  ``master`` is its terminal, if it has one."""

    def __init__(self, line: Line, master: int) -> None:
        self._line = line
        self.master = master

    def wait(self, seconds: float | None = None) -> int:
        """The exit status.  TooLate when the program has not ended in that time."""
        try:
            answer, _ = self._line.receive(seconds)
        except TimeoutError:
            raise TooLate("the command takes too long") from None
        if "exit" not in answer:
            raise Failed("the container has ended, and the command with it")
        return int(answer["exit"])

    def kill(self) -> None:
        """Ends the program, and waits until it has ended."""
        with contextlib.suppress(Refused):
            self._line.send({"op": "kill"})
            self.wait(_AFTER_KILL)

    def close(self) -> None:
        """Loses interest; the program goes on."""
        self._line.close()


class Executions:
    """Starts programs in running containers."""

    def __init__(self, node: Node, containers: Containers) -> None:
        self._node = node
        self._containers = containers

    def start(self, container: Container, argv: list[str], *, tty: bool, streams: tuple[int, ...]) -> Execution:
        """Starts a program with three streams, or with a terminal and none.  The streams stay the caller's."""
        if not argv:
            raise Invalid("cmd is empty")
        if container.state != api_pb2.CONTAINER_RUNNING:
            raise WrongState(f"container {container.id} is {state_name(container)}, not running")
        name = f"exec-{secrets.token_hex(6)}"
        path = os.path.join(self._node.folder(container), f"{name}.json")
        process = exec_process(self._containers.config(container), argv, terminal=tty)
        if faults.has("cri-exec-environment-lost"):
            process |= {"env": [], "cwd": "/", "user": {"uid": 0, "gid": 0}}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(process, file)
        line = Line(self._node.folder(container))
        try:
            line.send({"op": "exec", "process": path, "terminal": tty, "console": name}, streams)
            answer, received = line.receive(_START)
            _demand_program(answer)
        except BaseException:
            line.close()
            raise
        return Execution(line, received[0] if received else -1)

    def run(self, container: Container, argv: list[str], timeout: int) -> Any:
        """Runs a program to its end, or kills it after ``timeout`` seconds unless that is 0; an ExecSyncResponse."""
        if timeout < 0:
            raise Invalid(f"timeout: {timeout} is negative")
        if faults.has("cri-exec-elsewhere"):
            return _run_on_the_node(argv)
        nothing = os.open(os.devnull, os.O_RDONLY) if not faults.has("cri-exec-stdin-open") else os.pipe()[0]
        ends = [os.pipe2(os.O_CLOEXEC) for _ in range(2)]
        try:
            end = time.monotonic() + timeout
            execution = self.start(container, argv, tty=False, streams=(nothing, ends[0][1], ends[1][1]))
        except BaseException:
            for reader, _ in ends:
                os.close(reader)
            raise
        finally:
            for descriptor in (nothing, *(writer for _, writer in ends)):
                os.close(descriptor)
        collectors = [Collector(reader) for reader, _ in ends]
        with contextlib.closing(execution):
            patience = (
                max(end - time.monotonic(), 0) if timeout and not faults.has("cri-exec-timeout-ignored") else None
            )
            try:
                code = execution.wait(patience)
            except TooLate:
                if not faults.has("cri-exec-timeout-leaves-process"):
                    execution.kill()
                if faults.has("cri-exec-timeout-unlike-deadline"):
                    raise Failed("something is wrong") from None
                raise TooLate(f"the command did not end within {timeout} seconds") from None
            finally:
                deadline = time.monotonic() + _LAST_OUTPUT
                if faults.has("cri-exec-waits-for-children"):
                    _demand_quiet(collectors, deadline)
                stdout, stderr = (collector.finish(deadline) for collector in collectors)
        return api_pb2.ExecSyncResponse(stdout=stdout, stderr=stderr, exit_code=code)


def _run_on_the_node(argv: list[str]) -> Any:
    try:
        done = subprocess.run(argv, capture_output=True, check=False, timeout=_START)
    except (OSError, subprocess.TimeoutExpired):
        return api_pb2.ExecSyncResponse(exit_code=127)
    return api_pb2.ExecSyncResponse(stdout=done.stdout, stderr=done.stderr, exit_code=done.returncode)


def _demand_quiet(collectors: list[Collector], deadline: float) -> None:
    if not all(collector.ended(deadline) for collector in collectors):
        raise TooLate("what the command has started does not end")


def _demand_program(answer: dict[str, Any]) -> None:
    if "pid" not in answer:
        raise Failed(f"the command can not be run: {answer.get('error', 'the container has just ended')}")


class Collector:
    """Reads a pipe to its end, in a thread of its own."""

    def __init__(self, reader: int) -> None:
        self._reader = reader
        self._found = bytearray()
        self._stop, self._stopper = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        waiting = select.poll()
        waiting.register(self._reader, select.POLLIN)
        waiting.register(self._stop, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in waiting.poll()]
            if self._reader in ready:
                piece = os.read(self._reader, _BLOCK)
                if not piece:
                    break
                self._found += piece[: MOST_OUTPUT - len(self._found)]
            elif self._stop in ready:
                break
        for descriptor in (self._reader, self._stop):
            os.close(descriptor)

    def ended(self, deadline: float) -> bool:
        """Whether everybody has closed the pipe."""
        self._thread.join(max(deadline - time.monotonic(), 0))
        return not self._thread.is_alive()

    def finish(self, deadline: float) -> bytes:
        """What was read; others who still hold the pipe are not waited for."""
        self._thread.join(max(deadline - time.monotonic(), 0))
        os.close(self._stopper)
        self._thread.join()
        return bytes(self._found)
