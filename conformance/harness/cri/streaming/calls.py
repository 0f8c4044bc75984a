"""The calls Exec, Attach and PortForward together with what follows: the streams under the URL that they answer."""

from __future__ import annotations

import ctypes
import os
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.harness.cri.streaming import forward, remote
from conformance.harness.cri.streaming.upgrade import StreamRefused
from conformance.harness.errors import HarnessError, Violation

if TYPE_CHECKING:
    from conformance.harness.cri.objects import Container, Sandbox

SPDY, V4, V5 = "spdy:v4.channel.k8s.io", "websocket:v4.channel.k8s.io", "websocket:v5.channel.k8s.io"
_CLONE_NEWNET = 0x40000000
_UPGRADE_REFUSED = {400, 403, 404, 426, 501}


def execute(  # noqa: PLR0913  # as many as the request has
    container: Container,
    *command: str,
    protocol: str = SPDY,
    stdin: bool = False,
    stdout: bool = True,
    stderr: bool | None = None,
    tty: bool = False,
) -> remote.Remote:
    """Run a command in a container.  Standard error is asked for unless there is a terminal."""
    streams = {"stdin": stdin, "stdout": stdout, "stderr": not tty if stderr is None else stderr, "tty": tty}
    answer = container.scene.call("Exec", container_id=container.id, cmd=list(command), **streams)
    return _follow(str(answer.url), protocol, container.scene.node.settings.patience, **streams)


def attach(  # noqa: PLR0913  # as above
    container: Container,
    *,
    protocol: str = SPDY,
    stdin: bool = False,
    stdout: bool = True,
    stderr: bool | None = None,
    tty: bool = False,
) -> remote.Remote:
    """Join the streams of a running container."""
    streams = {"stdin": stdin, "stdout": stdout, "stderr": not tty if stderr is None else stderr, "tty": tty}
    answer = container.scene.call("Attach", container_id=container.id, **streams)
    return _follow(str(answer.url), protocol, container.scene.node.settings.patience, **streams)


def port_forward(sandbox: Sandbox, *ports: int, protocol: str = forward.PROTOCOLS[0]) -> forward.Tunnel:
    """Reach ports of a sandbox."""
    answer = sandbox.scene.call("PortForward", pod_sandbox_id=sandbox.id, port=list(ports))
    try:
        return forward.port_forward(str(answer.url), protocol, ports=ports, timeout=patience(sandbox))
    except StreamRefused as refusal:
        _skip_unspoken(refusal, protocol)
        raise


def patience(sandbox: Sandbox) -> float:
    """How long to wait for something to happen on a stream, in seconds."""
    return sandbox.scene.node.settings.patience


def _follow(url: str, protocol: str, timeout: float, **streams: bool) -> remote.Remote:
    try:
        opened = remote.attach(url, protocol, timeout=timeout, **streams)
    except StreamRefused as refusal:
        _skip_unspoken(refusal, protocol)
        raise
    if opened.protocol != protocol.partition(":")[2]:
        opened.close()
        if protocol == SPDY:
            raise Violation(f"the server chose {opened.protocol!r} when {protocol} was offered")
        pytest.skip(f"unsupported: the server does not speak {protocol}")
    return opened


def _skip_unspoken(refusal: StreamRefused, protocol: str) -> None:
    """The kubelet and its clients need SPDY; a server that refuses a younger protocol does not support it."""
    if not protocol.startswith("spdy:") and refusal.status in _UPGRADE_REFUSED:
        pytest.skip(f"unsupported: the server does not speak {protocol}")


class Listener:
    """A socket that listens; ``patience`` in seconds is for connections and for what comes on them."""

    def __init__(self, listening: socket.socket, patience: float) -> None:
        self.socket, self.patience = listening, patience
        self.port = int(listening.getsockname()[1])

    def accept(self) -> socket.socket:
        """The next connection.  ``Violation`` when none comes."""
        self.socket.settimeout(self.patience)
        try:
            connection, _ = self.socket.accept()
        except TimeoutError:
            raise Violation(f"no connection came to port {self.port}") from None
        connection.settimeout(self.patience)
        return connection

    @property
    def lonely(self) -> bool:
        """Whether no connection waits to be accepted."""
        return not select.select([self.socket], [], [], 0)[0]


def taken(connection: socket.socket, size: int) -> bytes:
    """So many bytes from a connection, or fewer when it ends before.  ``Violation`` when they do not come."""
    came = bytearray()
    try:
        while len(came) < size and (more := connection.recv(min(size - len(came), 1 << 20))):
            came += more
    except TimeoutError:
        raise Violation(f"only {len(came)} of {size} bytes came, and the connection did not end") from None
    return bytes(came)


@contextmanager
def listening(network: int | None, port: int = 0, patience: float = 20.0) -> Iterator[Listener]:
    """A socket that listens on localhost of a network namespace, given by its inode; None is our own.

    It is opened by us, not by a program of the container, so that a test has both ends of a connection.  Skips the
    test where no process in that namespace can be seen from here.
    """
    made: list[socket.socket | OSError] = []
    path = _namespace(network) if network is not None else None

    def open_inside() -> None:
        try:
            if path is not None:
                _enter(path)
            made.append(socket.create_server(("127.0.0.1", port)))
        except OSError as problem:
            made.append(problem)

    thread = threading.Thread(
        target=open_inside
    )  # a thread can change its namespace and leave the others where they are
    thread.start()
    thread.join()
    (opened,) = made
    if isinstance(opened, OSError):
        raise HarnessError(f"no socket could be opened in a network namespace: {opened}") from opened
    with opened:
        yield Listener(opened, patience)


def _namespace(inode: int) -> Path:
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with suppress(OSError):
                if (process / "ns/net").stat().st_ino == inode:
                    return process / "ns/net"
    pytest.skip("not here: no process in the sandbox's network can be seen from here")


def _enter(path: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    namespace = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(namespace, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(namespace)
