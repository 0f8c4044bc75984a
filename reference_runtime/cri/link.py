"""The server's side of a monitor: starting one, and asking it for something."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from reference_runtime.cri.errors import Failed, WrongState

_MONITOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "monitor", "__main__.py")
_PACKET = 65536
_PATIENCE = 60.0


def start_monitor(folder: str, document: dict[str, Any]) -> dict[str, Any]:
    """Starts the monitor of a container, which creates that; its number and its cgroups.  Failed when it can not."""
    with open(os.path.join(folder, "monitor.json"), "w", encoding="utf-8") as file:
        json.dump(document, file)
    argv = [os.path.realpath(sys.executable), "-I", "-S", _MONITOR, folder]
    with open(os.path.join(folder, "monitor.log"), "wb") as log:
        # Popen would wait for it somewhen; whoever watches the container does.
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
    assert process.stdout
    with process.stdout:
        text = process.stdout.read()
    try:
        answer: dict[str, Any] = json.loads(text)
    except ValueError:
        process.kill()
        process.wait()
        raise Failed("the monitor of the container broke down: see monitor.log beside its bundle") from None
    if "error" in answer:
        process.wait()
        raise Failed(f"the runtime refuses the container: {answer['error']}")
    answer["monitor"] = process.pid
    return answer


class Line:
    """A connection to a monitor, for one purpose."""

    def __init__(self, folder: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            # The path of a socket has to be short, and this one is however deep the folder lies.
            place = os.open(folder, os.O_PATH | os.O_DIRECTORY)
            try:
                self._socket.connect(f"/proc/self/fd/{place}/control")
            finally:
                os.close(place)
        except OSError:
            self._socket.close()
            raise WrongState("the container is not running") from None

    def fileno(self) -> int:
        """The descriptor, to wait for."""
        return self._socket.fileno()

    def send(self, request: dict[str, Any], descriptors: Iterable[int] = ()) -> None:
        """Sends a request with descriptors."""
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], list(descriptors))
        except OSError:
            raise WrongState("the container has just stopped") from None

    def receive(self, seconds: float | None = None) -> tuple[dict[str, Any], list[int]]:
        """The next answer, and the descriptors with it.  TimeoutError when it takes longer; empty at the end."""
        self._socket.settimeout(seconds)
        try:
            packet, descriptors, _, _ = socket.recv_fds(self._socket, _PACKET, 3)
        except ConnectionError:
            return {}, []
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return (json.loads(packet) if packet else {}), descriptors

    def ask(self, request: dict[str, Any], descriptors: Iterable[int] = ()) -> list[int]:
        """Sends a request and awaits its answer: the descriptors with it.  Failed when it is refused."""
        self.send(request, descriptors)
        answer, received = self.receive(_PATIENCE)
        if "error" in answer:
            raise Failed(answer["error"])
        return received

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()
