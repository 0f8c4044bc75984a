r"""Exec and attach as tests handle them, whatever protocol carries them.

::

    with attach(url, "websocket:v5.channel.k8s.io", stdin=True) as remote:
        remote.send(b"sea\n")
        remote.close_stdin()
        assert remote.wait() == 0
        assert remote.stdout == b"sea\n"

Nothing is read from the server but by ``until``, ``pull`` and ``wait``: who calls none is a slow reader.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from typing import Any, Protocol, Self

from conformance.harness.cri.streaming.spdy import Spdy, upgrade
from conformance.harness.cri.streaming.websocket import WebSocket
from conformance.harness.errors import HarnessError, OperationFailed, Violation

NAMES = ("stdin", "stdout", "stderr", "error", "resize")
PROTOCOLS = (
    "spdy:v4.channel.k8s.io",
    "websocket:v5.channel.k8s.io",
    "websocket:v4.channel.k8s.io",
    "websocket:v4.base64.channel.k8s.io",
)
_CLOSE = 255


class NotStarted(OperationFailed):
    """The stream ended with an error that is no exit status; ``status`` is all that was told."""

    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__(f"the stream failed: {status}", str(status.get("message", "")))
        self.status = status


class Carrier(Protocol):
    """A protocol that carries named streams."""

    protocol: str

    def send(self, name: str, data: bytes) -> None:
        """Send on a stream."""
        ...

    def finish(self, name: str) -> None:
        """Close our half of a stream."""
        ...

    def receive(self, seconds: float) -> tuple[str, bytes] | None:
        """What came next, which may be nothing on no stream; None when the server has hung up."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Remote:
    """A program at the other end.  ``stdout``, ``stderr`` and ``error`` are what came so far."""

    def __init__(self, carrier: Carrier, timeout: float) -> None:
        self.carrier = carrier
        self.timeout = timeout
        self.ended = False
        self._came = {name: bytearray() for name in ("stdout", "stderr", "error")}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def protocol(self) -> str:
        """The protocol that the server chose."""
        return self.carrier.protocol

    @property
    def stdout(self) -> bytes:
        """What came of standard output."""
        return bytes(self._came["stdout"])

    @property
    def stderr(self) -> bytes:
        """What came of standard error."""
        return bytes(self._came["stderr"])

    @property
    def error(self) -> bytes:
        """What came on the stream for errors."""
        return bytes(self._came["error"])

    def size(self, name: str = "stdout") -> int:
        """How much came of a stream."""
        return len(self._came[name])

    def send(self, data: bytes) -> None:
        """Send to standard input."""
        self.carrier.send("stdin", data)

    def close_stdin(self) -> None:
        """Close standard input, and nothing else."""
        self.carrier.finish("stdin")

    def resize(self, width: int, height: int) -> None:
        """Tell the size of the terminal."""
        self.carrier.send("resize", json.dumps({"Width": width, "Height": height}).encode())

    def pull(self, seconds: float | None = None) -> bool:
        """Take the next piece of what the server sends; false once it has hung up.  ``Hung`` when none comes."""
        came = None if self.ended else self.carrier.receive(self.timeout if seconds is None else seconds)
        if came is None:
            self.ended = True
            return False
        name, data = came
        if name in self._came:
            self._came[name] += data
        elif data:
            raise Violation(f"data came on {name!r}, which only a client sends on")
        return True

    def until(self, text: bytes, stream: str = "stdout", seconds: float | None = None) -> bytes:
        """Wait until some text came, and return all that came then.  ``Violation`` when it does not."""
        deadline = time.monotonic() + (self.timeout if seconds is None else seconds)
        while text not in self._came[stream]:
            if not self.pull(deadline - time.monotonic()):
                raise Violation(f"{stream} ended without {text!r}: {self._told(stream)}; error stream {self.error!r}")
        return bytes(self._came[stream])

    def wait(self, seconds: float | None = None) -> int:
        """Wait until the server hung up, and return the exit status of the program.

        Raises ``NotStarted`` when the server tells another error, ``Violation`` when it tells none at all.
        """
        deadline = time.monotonic() + (self.timeout if seconds is None else seconds)
        while self.pull(deadline - time.monotonic()):
            pass
        return exit_status(self.error, self.protocol)

    def close(self) -> None:
        """Hang up, whatever the program does."""
        self.carrier.close()

    def _told(self, stream: str) -> str:
        return repr(bytes(self._came[stream][-500:]))


def exit_status(error: bytes, protocol: str) -> int:
    """What the stream for errors says: JSON since v4, before that a text, which is empty after a success."""
    if not protocol.startswith(("v4", "v5")):
        if error:
            raise NotStarted({"message": error.decode(errors="replace")})
        return 0
    try:
        status = json.loads(error)
    except ValueError:
        raise Violation(f"the stream for errors ended without a status: {error[:500]!r}") from None
    if not isinstance(status, dict):
        raise Violation(f"the status is {status!r}, not an object")
    if status.get("status") == "Success":
        return 0
    if status.get("reason") != "NonZeroExitCode":
        raise NotStarted(status)
    try:
        (code,) = (cause["message"] for cause in status["details"]["causes"] if cause["reason"] == "ExitCode")
    except (LookupError, TypeError, ValueError):
        code = None
    if not isinstance(code, str) or not code.isdigit():
        raise Violation(f"a status of reason NonZeroExitCode has no cause ExitCode with a number: {status}")
    return int(code)


def attach(  # noqa: PLR0913  # as many as a request has
    url: str,
    protocol: str = PROTOCOLS[0],
    *,
    stdin: bool = False,
    stdout: bool = True,
    stderr: bool = True,
    tty: bool = False,
    timeout: float = 20.0,
    window: int = 0,
) -> Remote:
    """Follow the URL that Exec or Attach answered, with the same streams as in the request.

    ``protocol`` is a transport and the names that are offered, such as "spdy:v4.channel.k8s.io"; several are separated
    by commas.  ``window`` is for SPDY with flow control.  Raises ``StreamRefused`` when the server answers an error.
    """
    transport, _, names = protocol.partition(":")
    offered = [name for name in names.split(",") if name]
    if transport == "websocket":
        return Remote(WebSocketCarrier(WebSocket(url, offered, timeout)), timeout)
    if transport != "spdy":
        raise HarnessError(f"{protocol!r} begins with neither spdy: nor websocket:")
    wanted = {"stdin": stdin, "stdout": stdout, "stderr": stderr, "resize": tty}
    streams = ["error", *(name for name, asked in wanted.items() if asked)]
    return Remote(SpdyCarrier(url, offered, streams, timeout, window), timeout)


class WebSocketCarrier:
    """Streams in the messages of a WebSocket, by a number before their data."""

    def __init__(self, socket: WebSocket) -> None:
        self.protocol = socket.protocol
        self.socket = socket
        self._base64 = "base64" in socket.protocol

    def send(self, name: str, data: bytes) -> None:
        """Send in messages of a modest size."""
        for start in range(0, len(data), 1 << 15):
            self._message(NAMES.index(name), data[start : start + (1 << 15)])

    def finish(self, name: str) -> None:
        """Close a stream: only v5 can."""
        if not self.protocol.startswith("v5"):
            raise HarnessError(f"{self.protocol} has no way to close one stream")
        self.socket.send(bytes([_CLOSE, NAMES.index(name)]))

    def receive(self, seconds: float) -> tuple[str, bytes] | None:
        """Stream and data of the next message."""
        message = self.socket.receive(seconds)
        if message is None:
            return None
        if not message:
            raise Violation("an empty message came, without the number of a channel")
        number = message[0] - (ord("0") if self._base64 else 0)
        if number == _CLOSE and self.protocol.startswith("v5"):
            return "", b""
        if not 0 <= number < len(NAMES):
            raise Violation(f"a message came for channel {number}")
        return NAMES[number], base64.b64decode(message[1:]) if self._base64 else message[1:]

    def close(self) -> None:
        """Close the WebSocket."""
        self.socket.close()

    def _message(self, number: int, data: bytes) -> None:
        self.socket.send(b"%d" % number + base64.b64encode(data) if self._base64 else bytes([number]) + data)


class SpdyCarrier:
    """Streams as those of SPDY, by the header streamType."""

    def __init__(self, url: str, offered: Sequence[str], streams: Sequence[str], timeout: float, window: int) -> None:
        wire, rest, self.protocol = upgrade(url, offered, timeout)
        try:
            self.spdy = Spdy(wire, rest, timeout=timeout, window=window)
            self.numbers = {name: self.spdy.open({"streamType": name}) for name in streams}
        except BaseException:
            wire.close()
            raise
        self._names = {number: name for name, number in self.numbers.items()}

    def send(self, name: str, data: bytes) -> None:
        """Send on a stream."""
        self.spdy.send(self.numbers[name], data)

    def finish(self, name: str) -> None:
        """Close our half of a stream."""
        self.spdy.finish(self.numbers[name])

    def receive(self, seconds: float) -> tuple[str, bytes] | None:
        """Stream and data of the next frame; a stream that is reset says nothing more."""
        frame = self.spdy.receive(seconds)
        if frame is None:
            return None
        return (self._names[frame.stream], frame.data) if not frame.kind else ("", b"")

    def close(self) -> None:
        """Hang up."""
        self.spdy.close()
