"""The calls Exec, Attach and PortForward, and what the streaming server behind their URLs needs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import termios
from collections.abc import Callable, Sequence
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import faults
from reference_runtime.cri.errors import Failed, Invalid, Refused, Unusable, WrongState
from reference_runtime.cri.executions import Execution
from reference_runtime.cri.link import Line
from reference_runtime.cri.network import namespaces
from reference_runtime.cri.parts import Parts
from reference_runtime.cri.records import Container
from reference_runtime.cri.statuses import state_name
from reference_runtime.cri.streaming import StreamFailed, StreamingServer


class StreamsService:
    """Answers with URLs."""

    def __init__(self, parts: Parts) -> None:
        self._node = parts.node
        settings = parts.node.settings
        address = (settings.stream_address, settings.stream_port)
        try:
            self._server = StreamingServer(Streams(parts), address, tuple(faults.active))
        except OSError as problem:
            raise Unusable(f"--stream-address {address[0]} --stream-port {address[1]}: {problem.strerror}") from None

    def exec(self, request: Any, _: Any) -> Any:
        """A URL to run a program at."""
        self._demand_running(request)
        return api_pb2.ExecResponse(url=_asked(self._server.url_for_exec, request))

    def attach(self, request: Any, _: Any) -> Any:
        """A URL to attach at."""
        container = self._demand_running(request)
        if request.tty != container.config.tty:
            raise Invalid(f"tty is {request.tty}, and the container's is {container.config.tty}")
        return api_pb2.AttachResponse(url=_asked(self._server.url_for_attach, request))

    def port_forward(self, request: Any, _: Any) -> Any:
        """A URL to reach ports of a sandbox at."""
        if not request.pod_sandbox_id:
            raise Invalid("the id is empty")
        sandbox = self._node.sandboxes.need(request.pod_sandbox_id)
        if not sandbox.ready:
            raise WrongState(f"sandbox {sandbox.id} is not ready")
        return api_pb2.PortForwardResponse(url=_asked(self._server.url_for_port_forward, request))

    def close(self) -> None:
        """Lets go of every client."""
        self._server.close()

    def _demand_running(self, request: Any) -> Container:
        if not request.container_id:
            raise Invalid("the id is empty")
        container = self._node.containers.need(request.container_id)
        if container.state != api_pb2.CONTAINER_RUNNING:
            raise WrongState(f"container {container.id} is {state_name(container)}, not running")
        return container


def _asked(url_for: Callable[[Any], str], request: Any) -> str:
    try:
        return url_for(request)
    except ValueError as problem:
        raise Invalid(str(problem)) from None
    except StreamFailed as problem:
        raise Failed(str(problem)) from None


class Streams:
    """The backend of the streaming server."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._node = parts.node

    def exec(  # noqa: PLR0913  # as many as the message ExecRequest has
        self, container_id: str, argv: Sequence[str], *, stdin: bool, stdout: bool, stderr: bool, tty: bool
    ) -> Program:
        """Starts a program in a running container."""
        pipes = _Pipes(stdin=stdin and not tty, stdout=stdout and not tty, stderr=stderr and not tty)
        try:
            container = self._node.containers.need(container_id)
            theirs = () if tty else pipes.theirs
            execution = self._parts.executions.start(container, list(argv), tty=tty, streams=theirs)
        except (Refused, OSError) as problem:
            pipes.close_ours()
            raise StreamFailed(str(problem)) from None
        finally:
            pipes.close_theirs()
        if not tty:
            return Program(execution, pipes.ours[0], pipes.ours[1], pipes.ours[2])
        output = execution.master if stdout else None
        return Program(execution, os.dup(execution.master) if stdin else None, output, None, execution.master)

    def attach(self, container_id: str, *, stdin: bool, stdout: bool, stderr: bool, tty: bool) -> Attached:
        """Joins the streams of a running container."""
        del tty
        try:
            container = self._node.containers.need(container_id)
            line = Line(self._node.folder(container))
        except Refused as problem:
            raise StreamFailed(str(problem)) from None
        pipes = _Pipes(stdin=False, stdout=stdout, stderr=stderr)
        try:
            given = _stdin_of(container, line) if stdin else None
            line.ask({"op": "attach", "streams": pipes.names}, pipes.attached)
        except Refused as problem:
            pipes.close_ours()
            line.close()
            raise StreamFailed(str(problem)) from None
        finally:
            pipes.close_theirs()
        return Attached(container, line, given, pipes.ours[1], pipes.ours[2])

    def port_forward(self, sandbox_id: str, port: int) -> socket.socket:
        """A connection to a port of localhost in the network namespace of a sandbox."""
        try:
            sandbox = self._node.sandboxes.need(sandbox_id)
            if sandbox.netns:
                connection: socket.socket = namespaces.inside(sandbox.netns, lambda: _connect(port))
                return connection
            return _connect(port)
        except (Refused, OSError) as problem:
            raise StreamFailed(f"port {port} of sandbox {sandbox_id}: {problem}") from None


def _connect(port: int) -> socket.socket:
    try:
        return socket.create_connection(("127.0.0.1", port))
    except OSError:
        return socket.create_connection(("::1", port))


def _stdin_of(container: Container, line: Line) -> int:
    """The standard input of a container; with stdin_once the first client's, whose end is its end."""
    try:
        return line.ask({"op": "stdin", "take": container.config.stdin_once})[0]
    except Failed:
        return os.open(os.devnull, os.O_WRONLY)


class _Pipes:
    """Pipes for the streams that are wanted; the others lead nowhere."""

    def __init__(self, *, stdin: bool, stdout: bool, stderr: bool) -> None:
        self.ours: list[int | None] = []
        theirs: list[int] = []
        for number, wanted in enumerate((stdin, stdout, stderr)):
            if not wanted:
                self.ours.append(None)
                theirs.append(os.open(os.devnull, os.O_RDWR))
                continue
            reader, writer = os.pipe2(os.O_CLOEXEC)
            self.ours.append(reader if number else writer)
            theirs.append(writer if number else reader)
        self.theirs = tuple(theirs)

    @property
    def names(self) -> list[str]:
        """The outputs that are wanted."""
        return [name for name, end in zip(("stdout", "stderr"), self.ours[1:], strict=True) if end is not None]

    @property
    def attached(self) -> list[int]:
        """Where these are written to."""
        return [end for end, ours in zip(self.theirs[1:], self.ours[1:], strict=True) if ours is not None]

    def close_theirs(self) -> None:
        """The other side has its own now."""
        for descriptor in self.theirs:
            os.close(descriptor)

    def close_ours(self) -> None:
        """Nothing will come of it."""
        for descriptor in self.ours:
            if descriptor is not None:
                os.close(descriptor)


class Program:
    """A program that was started for a client; it goes on when the client leaves, as long as it likes."""

    def __init__(
        self,
        execution: Execution,
        stdin: int | None,
        stdout: int | None,
        stderr: int | None,
        master: int = -1,
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self._execution = execution
        self._master = os.dup(master) if master >= 0 else -1
        if master >= 0 and stdout is None:
            os.close(master)

    def resize(self, width: int, height: int) -> None:
        """Sets the size of the terminal."""
        if self._master >= 0:
            _resize(self._master, width, height)

    def wait(self) -> int:
        """The exit status."""
        try:
            return self._execution.wait()
        except (Refused, OSError):
            return 137

    def close(self) -> None:
        """The client has left, or the program has ended."""
        self._execution.close()
        if self._master >= 0:
            os.close(self._master)


class Attached:
    """A client of a running container."""

    def __init__(
        self, container: Container, line: Line, stdin: int | None, stdout: int | None, stderr: int | None
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self._container = container
        self._line = line
        self._terminal = os.dup(stdin) if container.config.tty and stdin is not None else -1

    def resize(self, width: int, height: int) -> None:
        """Sets the size of the container's terminal."""
        if self._container.config.tty:
            with contextlib.suppress(Refused, OSError, IndexError):
                if self._terminal < 0:
                    self._terminal = self._line.ask({"op": "stdin", "take": False})[0]
                _resize(self._terminal, width, height)

    def wait(self) -> int:
        """Blocks until the container has ended."""
        self._container.ended.wait()
        return self._container.exit_code

    def close(self) -> None:
        """The client has left."""
        self._line.close()
        if self._terminal >= 0:
            os.close(self._terminal)


def _resize(terminal: int, width: int, height: int) -> None:
    with contextlib.suppress(OSError):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height & 0xFFFF, width & 0xFFFF, 0, 0))
