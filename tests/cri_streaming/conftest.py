"""The streaming server over a backend of plain processes on this host."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from conformance.harness.cri.streaming import Remote, Tunnel, attach, port_forward
from conformance.harness.cri.streaming.remote import PROTOCOLS
from reference_runtime.cri.streaming import StreamFailed, StreamingServer


@dataclass
class Request:
    """As the CRI service would hand it on."""

    container_id: str = "sea"
    cmd: Sequence[str] = ()
    tty: bool = False
    stdin: bool = False
    stdout: bool = True
    stderr: bool = True


@dataclass
class Ports:
    pod_sandbox_id: str = "sea"
    port: Sequence[int] = ()


@dataclass
class Program:
    stdin: int | None
    stdout: int | None
    stderr: int | None
    popen: subprocess.Popen[bytes]
    master: int = -1
    sizes: list[tuple[int, int]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def resize(self, width: int, height: int) -> None:
        self.sizes.append((width, height))
        if self.master >= 0:
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def wait(self) -> int:
        status = self.popen.wait()
        return 128 - status if status < 0 else status

    def close(self) -> None:
        if self.master >= 0:
            os.close(self.master)
        if self.popen.poll() is None:
            self.popen.kill()
        self.closed.set()


class Backend:
    """Programs are processes of this host, and so are the servers behind ports."""

    def __init__(self) -> None:
        self.programs: list[Program] = []

    def exec(  # noqa: PLR0913  # as the protocol has it
        self, container_id: str, argv: Sequence[str], *, stdin: bool, stdout: bool, stderr: bool, tty: bool
    ) -> Program:
        if container_id != "sea":
            raise StreamFailed(f"there is no container {container_id}")
        program = self._terminal(argv) if tty else self._pipes(argv, stdin, stdout, stderr)
        self.programs.append(program)
        return program

    def attach(self, container_id: str, *, stdin: bool, stdout: bool, stderr: bool, tty: bool) -> Program:
        return self.exec(container_id, ["cat"], stdin=stdin, stdout=stdout, stderr=stderr, tty=tty)

    def port_forward(self, sandbox_id: str, port: int) -> socket.socket:
        assert sandbox_id == "sea"
        return socket.create_connection(("127.0.0.1", port), 10)

    def _pipes(self, argv: Sequence[str], stdin: bool, stdout: bool, stderr: bool) -> Program:
        def place(wanted: bool) -> int:
            return subprocess.PIPE if wanted else subprocess.DEVNULL

        try:
            popen = subprocess.Popen(
                argv, stdin=place(stdin), stdout=place(stdout), stderr=place(stderr), bufsize=0, close_fds=True
            )
        except OSError as problem:
            raise StreamFailed(str(problem)) from None
        return Program(_taken(popen.stdin), _taken(popen.stdout), _taken(popen.stderr), popen)

    def _terminal(self, argv: Sequence[str]) -> Program:
        master, slave = pty.openpty()
        popen = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        return Program(os.dup(master), os.dup(master), None, popen, master)


def until(fact: Callable[[], bool], sentence: str) -> None:
    """Wait for a fact, ten seconds at most."""
    deadline = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < deadline, sentence
        time.sleep(0.005)


def _taken(file: IO[bytes] | None) -> int | None:
    if file is None:
        return None
    with file:
        return os.dup(file.fileno())


@pytest.fixture
def command() -> Callable[..., Request]:
    """The request to run a bit of Python."""

    def make(code: str, *arguments: object, **fields: Any) -> Request:
        return Request(cmd=[sys.executable, "-I", "-S", "-c", code, *map(str, arguments)], **fields)

    return make


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend()
    before = set(Path("/proc/self/fd").iterdir())
    yield made
    until(lambda: set(Path("/proc/self/fd").iterdir()) <= before, "no descriptor is left open")
    for program in made.programs:
        with suppress(ProcessLookupError):
            program.popen.send_signal(signal.SIGKILL)
        program.popen.wait()


@pytest.fixture
def serve(backend: Backend) -> Iterator[Callable[..., StreamingServer]]:
    """Start a server, with faults when asked for."""
    servers: list[StreamingServer] = []
    before = set(threading.enumerate())

    def start(*bugs: str) -> StreamingServer:
        servers.append(StreamingServer(backend, bugs=bugs))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
    until(lambda: set(threading.enumerate()) <= before, "no thread is left")


@pytest.fixture
def server(serve: Callable[..., StreamingServer]) -> StreamingServer:
    return serve()


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that answers what it is told in capitals, once it was told all, and "from PORT" before."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]

        def answer(client: socket.socket) -> None:
            with client, suppress(OSError):
                client.sendall(b"from %d\n" % port)
                while data := client.recv(65536):
                    client.sendall(data.upper())

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=answer, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield port
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def execute(server: StreamingServer, command: Callable[..., Request]) -> Iterator[Callable[..., Remote]]:
    """Run a bit of Python at the other end of a stream; keywords are those of the request, and of the client."""
    open_ones: list[Remote] = []

    def start(protocol: str, code: str, *arguments: object, window: int = 0, **fields: bool) -> Remote:
        fields = {"stderr": not fields.get("tty")} | fields
        url = server.url_for_exec(command(code, *arguments, **fields))
        open_ones.append(attach(url, protocol, window=window, **fields))
        return open_ones[-1]

    yield start
    for remote in open_ones:
        remote.close()


@pytest.fixture
def ports() -> Callable[..., Ports]:
    """The request to forward ports."""

    def make(*ports: int) -> Ports:
        return Ports(port=ports)

    return make


@pytest.fixture
def tunnel(server: StreamingServer) -> Iterator[Callable[..., Tunnel]]:
    """Open a port-forward to ports of this host."""
    with ExitStack() as stack:

        def start(protocol: str, *ports: int) -> Tunnel:
            url = server.url_for_port_forward(Ports(port=ports))
            return stack.enter_context(port_forward(url, protocol, ports=ports))

        yield start
