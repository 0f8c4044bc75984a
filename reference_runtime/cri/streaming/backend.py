"""What the streaming server asks of the CRI server, and what the calls of the CRI server ask of it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Protocol


class StreamFailed(Exception):
    """A program can not be started, a container not be attached to, a port not be reached: one line for the client."""


class Process(Protocol):
    """A running program with its standard streams, or a running container that was attached to.

    ``stdin`` is written to, ``stdout`` and ``stderr`` are read; what was not asked for is None.  With a terminal
    ``stdin`` and ``stdout`` are two descriptors of its master, and ``stderr`` is None.  The streaming server owns all
    three: it closes ``stdin`` when the client has closed it, the others when they ended or the client left.
    """

    stdin: int | None
    stdout: int | None
    stderr: int | None

    def resize(self, width: int, height: int) -> None:
        """Set the size of the terminal, in characters.  Without a terminal nothing happens."""
        ...

    def wait(self) -> int:
        """Block until the program ended; its exit status, 128 and the signal when one killed it.

        All that the program itself has written can be read from ``stdout`` and ``stderr`` by then.  After an attach:
        block until the container ended, whose status is not told to the client.  ``StreamFailed`` when it can not be
        known how the program ended.
        """
        ...

    def close(self) -> None:
        """Called once, at the very end, also when the client left early; must not block.

        Whether a program that still runs is ended is for the backend to decide: a container that was attached to
        goes on.  A ``wait`` that blocks in another thread may go on blocking.
        """
        ...


class Backend(Protocol):
    """What the CRI server does for a stream.  Called from many threads; ``StreamFailed`` when it can not."""

    def exec(  # noqa: PLR0913  # as many as the message ExecRequest has
        self, container_id: str, argv: Sequence[str], *, stdin: bool, stdout: bool, stderr: bool, tty: bool
    ) -> Process:
        """Start a program in a running container."""
        ...

    def attach(self, container_id: str, *, stdin: bool, stdout: bool, stderr: bool, tty: bool) -> Process:
        """Join the streams of a running container: what it writes from now on, and its standard input."""
        ...

    def port_forward(self, sandbox_id: str, port: int) -> socket.socket:
        """A connection to a port of localhost in the network namespace of a sandbox."""
        ...


class AttachRequest(Protocol):
    """The fields of the message AttachRequest of the CRI that matter here."""

    @property
    def container_id(self) -> str: ...  # noqa: D102  # a field
    @property
    def tty(self) -> bool: ...  # noqa: D102  # a field
    @property
    def stdin(self) -> bool: ...  # noqa: D102  # a field
    @property
    def stdout(self) -> bool: ...  # noqa: D102  # a field
    @property
    def stderr(self) -> bool: ...  # noqa: D102  # a field


class ExecRequest(AttachRequest, Protocol):
    """Those of ExecRequest."""

    @property
    def cmd(self) -> Sequence[str]: ...  # noqa: D102  # a field


class PortForwardRequest(Protocol):
    """Those of PortForwardRequest."""

    @property
    def pod_sandbox_id(self) -> str: ...  # noqa: D102  # a field
    @property
    def port(self) -> Sequence[int]: ...  # noqa: D102  # a field
