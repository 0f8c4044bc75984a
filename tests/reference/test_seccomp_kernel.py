"""Filters that the kernel really takes, and what it then does: each in a child process of its own."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import mmap
import os
import platform
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_runtime.errors import RuntimeFault
from reference_runtime.seccomp import compile_filter, install
from reference_runtime.seccomp.kernel import supported_flags
from reference_runtime.seccomp.listener import next_descriptor, send, take

PR_SET_NO_NEW_PRIVS = 38
MACHINE = platform.machine()
Document = dict[str, Any]

pytestmark = pytest.mark.skipif(MACHINE not in {"x86_64", "aarch64"}, reason="no table for this machine")


def child(body: Callable[[], int]) -> int:
    """Wait status of a child that may only make system calls of its own choice, and gives no other sign of life."""
    pid = os.fork()
    if pid == 0:
        try:
            ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            os._exit(body())
        finally:
            os._exit(99)
    return os.waitpid(pid, 0)[1]


def under(document: Document, body: Callable[[], object]) -> int:
    """Exit code of a child under a filter: 0, or the errno that the body fails with; -signal if it was killed."""
    program, flags = compile_filter(document, MACHINE)

    def filtered() -> int:
        install(program, flags)
        try:
            body()
        except OSError as error:
            return error.errno or 98
        return 0

    return os.waitstatus_to_exitcode(child(filtered))


def on(*names: str, action: str, args: list[Document] | None = None, **more: Any) -> Document:
    """A profile that allows all but some calls."""
    rule = {"names": list(names), "action": f"SCMP_ACT_{action}", "args": args or [], **more}
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("ALLOW", 0),
        ("LOG", 0),
        ("ERRNO", errno.EPERM),
        ("KILL", -signal.SIGSYS),
        ("KILL_THREAD", -signal.SIGSYS),
        ("KILL_PROCESS", -signal.SIGSYS),
        ("TRAP", -signal.SIGSYS),
        ("TRACE", errno.ENOSYS),  # no tracer is there
    ],
)
def test_every_action(action: str, outcome: int) -> None:
    assert under(on("getpgid", action=action), lambda: os.getpgid(0)) == outcome
    assert under(on("getpgid", action=action), lambda: os.getsid(0)) == 0


def test_the_errno_of_the_rule() -> None:
    assert under(on("getpgid", action="ERRNO", errnoRet=errno.EXDEV), lambda: os.getpgid(0)) == errno.EXDEV


def test_arguments_are_seen_as_passed() -> None:
    second = {"index": 1, "value": int(signal.SIGUSR1), "op": "SCMP_CMP_EQ"}
    only = on("kill", action="ERRNO", args=[second], errnoRet=errno.EXDEV)
    assert under(only, lambda: os.kill(os.getpid(), signal.SIGUSR1)) == errno.EXDEV
    assert under(only, lambda: os.kill(os.getpid(), 0)) == 0


def test_a_default_that_refuses_all_but_the_end() -> None:
    # What the interpreter needs to tell how it went, and nothing else.
    needed = ["exit_group", "rt_sigaction", "munmap", "mmap", "brk", "futex"]
    document = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": errno.EXDEV,
        "syscalls": [{"names": needed, "action": "SCMP_ACT_ALLOW"}],
    }
    assert under(document, os.getpid) == 0  # CPython asks the kernel and does not look at the answer
    assert under(document, lambda: os.getpgid(0)) == errno.EXDEV


def test_every_flag_of_this_kernel_is_taken() -> None:
    flags = [name for name in supported_flags() if not name.endswith("WAIT_KILLABLE_RECV")]
    assert under(on("getpgid", action="ERRNO") | {"flags": flags}, lambda: os.getpgid(0)) == errno.EPERM


def test_an_invalid_program_is_refused_by_the_kernel() -> None:
    with pytest.raises(RuntimeFault, match="the filter can not be installed: seccomp: Invalid argument"):
        install(b"\0" * 8, 0)


# The listener.


@contextlib.contextmanager
def notified(document: Document, body: Callable[[], None]) -> Iterator[int]:
    """The listener of a child that runs a body under a filter; it is killed afterwards."""
    program, flags = compile_filter(document, MACHINE)
    board = mmap.mmap(-1, 4096)  # shared with the child, which can not rely on any system call
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        board[:2] = bytes([1, next_descriptor()])
        install(program, flags)
        body()
        os._exit(0)
    while not board[0]:
        os.sched_yield()
    listener = take(pid, board[1])
    yield listener
    os.close(listener)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@pytest.mark.parametrize("default", ["ALLOW", "NOTIFY"])
def test_the_listener_is_taken_from_the_container(default: str) -> None:
    document = on("getppid", action="NOTIFY") | {"listenerPath": "/agent", "defaultAction": f"SCMP_ACT_{default}"}
    with notified(document, lambda: print(os.getppid())) as listener:
        assert Path(f"/proc/self/fd/{listener}").readlink().name == "anon_inode:seccomp notify"


def test_the_listener_is_waited_for_no_longer_than_told() -> None:
    with pytest.raises(RuntimeFault, match="no listener from process"):
        take(os.getpid(), 9999, deadline_seconds=0.01)


def test_the_agent_gets_one_message_with_the_descriptor(tmp_path: Path) -> None:
    state = {"ociVersion": "1.3.0", "id": "c", "status": "creating", "pid": 42, "bundle": "/b" * 3000}
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "agent"))
        server.listen()
        reading, writing = os.pipe()
        send(str(tmp_path / "agent"), reading, state, "for the agent")
        connection, _ = server.accept()
        with connection:
            payload, (received,), _, _ = socket.recv_fds(connection, 100, 1)
            while more := connection.recv(65536):
                payload += more
    os.write(writing, b"x")
    assert os.read(received, 1) == b"x"
    for descriptor in (reading, writing, received):
        os.close(descriptor)
    assert json.loads(payload) == {
        "ociVersion": "1.3.0",
        "fds": ["seccompFd"],
        "pid": 42,
        "metadata": "for the agent",
        "state": state,
    }


def test_an_absent_agent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeFault, match=r"listenerPath: .*/agent: No such file"):
        send(str(tmp_path / "agent"), 0, {"ociVersion": "1.3.0", "pid": 1})
