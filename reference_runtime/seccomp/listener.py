"""The notification descriptor of SCMP_ACT_NOTIFY, from the container's process to the agent.

The filter may hold back any system call of the process that installed it, even the one that would hand the descriptor
over. So the runtime takes it out of that process, from outside (pidfd_getfd(2)).
"""

from __future__ import annotations

import ctypes
import os
import socket
import time

from reference_runtime import faults
from reference_runtime.errors import RuntimeFault
from reference_runtime.libc import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PIDFD_GETFD = 438  # the same number on every architecture
_POLL_SECONDS = 0.001


def next_descriptor() -> int:
    """The number that the kernel gives to the next descriptor of this process: where the listener will be."""
    probe = os.open("/", os.O_PATH | os.O_CLOEXEC)
    os.close(probe)
    return probe


def take(pid: int, descriptor: int, deadline_seconds: float = 10.0) -> int:
    """The listener that a process is about to have at a known number; waits until it has it.

    The number must not be in use there before: see ``next_descriptor``. Returns a descriptor of this process.
    """
    pidfd = os.pidfd_open(pid)
    try:
        end = time.monotonic() + deadline_seconds
        while (ours := _get(pidfd, descriptor)) < 0:
            error = ctypes.get_errno()
            if error != 9 or time.monotonic() > end:  # EBADF: not there yet
                raise RuntimeFault(f"linux.seccomp: no listener from process {pid}: {os.strerror(error)}")
            time.sleep(_POLL_SECONDS)
        return ours
    finally:
        os.close(pidfd)


def send(path: str, listener: int, state: dict[str, Any], metadata: str = "") -> None:
    """Connect to the agent and send one container process state with the descriptor (config-linux.md).

    ``state`` is the container's state document; its pid and version are repeated around it as the specification asks.
    """
    message: dict[str, Any] = {"ociVersion": state["ociVersion"], "fds": ["seccompFd"], "pid": state["pid"]}
    if metadata:
        message["metadata"] = metadata
    message["state"] = state
    payload = _payload(message)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
            agent.connect(path)
            rest = payload[socket.send_fds(agent, [payload], [listener]) :]
            # An agent that has all may have left already, and would be missed even by a send of nothing.
            if rest:
                agent.sendall(rest)
    except OSError as error:
        raise RuntimeFault(f"linux.seccomp.listenerPath: {path}: {error.strerror}") from error


def _payload(message: dict[str, Any]) -> bytes:
    import json  # noqa: PLC0415  # few containers have a listener

    if faults.has("seccomp-descriptor-unnamed"):
        message["fds"] = []
    if faults.has("seccomp-state-pid-wrong"):
        message["pid"] += 1
    if faults.has("seccomp-state-empty"):
        message["state"] = {}
    return json.dumps(message).encode() * (2 if faults.has("seccomp-state-twice") else 1)


def _get(pidfd: int, descriptor: int) -> int:
    arguments = (ctypes.c_long(_PIDFD_GETFD), ctypes.c_long(pidfd), ctypes.c_long(descriptor), ctypes.c_long(0))
    return int(libc.syscall(*arguments))
