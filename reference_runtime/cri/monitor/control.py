"""The socket ``control`` of a monitor: the server's requests, each one packet of JSON, with descriptors beside it.

{"op": "wait"}                       answered when the container has ended
{"op": "reopen"}                     opens the log again
{"op": "attach"} + stdout, stderr    writes output to these, too; with a terminal answered with its master
{"op": "stdin", "take": …}           answered with the standard input, which is then nobody else's if it is taken
{"op": "exec", "process": FILE, …}   see executions.py
"""

from __future__ import annotations

import json
import os
import socket

from reference_runtime.cri.monitor.executions import Execution
from reference_runtime.cri.monitor.loop import READ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.cri.monitor.main import Monitor

_PACKET = 65536
_MOST_DESCRIPTORS = 3


class Control:
    """The listening side."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self.waiting: list[Connection] = []
        self.executions: set[Execution] = set()
        folder = os.open(monitor.folder, os.O_PATH | os.O_DIRECTORY)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.bind(f"/proc/self/fd/{folder}/control")
        os.close(folder)
        self._socket.listen(64)
        self._socket.setblocking(False)
        monitor.loop.watch(self._socket.fileno(), READ, self._accept)

    @property
    def busy(self) -> bool:
        """Whether a program is still running beside the container's own, or its end is to be told."""
        return any(execution.running for execution in self.executions)

    def tell_end(self, how: dict[str, Any]) -> None:
        """Answers everyone who waits for the container."""
        for connection in self.waiting:
            connection.answer({"exit": how})

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:
            return
        Connection(self._monitor, self, connection)


class Connection:
    """One client: the server, for one purpose."""

    def __init__(self, monitor: Monitor, control: Control, connection: socket.socket) -> None:
        self._monitor = monitor
        self._control = control
        self._socket = connection
        self._execution: Execution | None = None
        monitor.loop.watch(connection.fileno(), READ, self._read)

    def answer(self, document: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        """Sends one packet, if the client is still there."""
        try:
            socket.send_fds(self._socket, [json.dumps(document).encode()], descriptors)
        except OSError:
            return

    def _read(self) -> None:
        try:
            packet, descriptors, _, _ = socket.recv_fds(self._socket, _PACKET, _MOST_DESCRIPTORS)
        except OSError:
            packet, descriptors = b"", []
        if not packet:
            self._close()
            return
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        try:
            self._obey(json.loads(packet), descriptors)
        except (OSError, ValueError, KeyError) as problem:
            self.answer({"error": str(problem)})

    def _close(self) -> None:
        self._monitor.loop.unwatch(self._socket.fileno(), READ)
        if self in self._control.waiting:
            self._control.waiting.remove(self)
        self._socket.close()

    def _obey(self, request: dict[str, Any], descriptors: list[int]) -> None:
        monitor, operation = self._monitor, request["op"]
        if operation == "wait":
            self._control.waiting.append(self)
        elif operation == "reopen":
            monitor.log.reopen()
            self.answer({})
        elif operation == "attach":
            self._attach(request, descriptors)
        elif operation == "stdin":
            self._give_stdin(take=request["take"])
        elif operation == "exec":
            self._execution = Execution(monitor, self, request, descriptors)
            self._control.executions.add(self._execution)
        elif operation == "kill" and self._execution:
            self._execution.kill()

    def _attach(self, request: dict[str, Any], descriptors: list[int]) -> None:
        outputs = self._monitor.outputs
        for name, descriptor in zip(request["streams"], descriptors, strict=True):
            if name in outputs:
                outputs[name].attach(descriptor)
            else:
                os.close(descriptor)
        self.answer({})

    def _give_stdin(self, *, take: bool) -> None:
        monitor = self._monitor
        stdin = monitor.stdin if monitor.master < 0 else monitor.master
        if stdin < 0:
            self.answer({"error": "the container has no standard input"})
            return
        self.answer({}, (stdin,))
        if take and monitor.master < 0:
            os.close(monitor.stdin)
            monitor.stdin = -1
