"""What the streams of a SPDY connection are for, as their headers say: exec, attach and port-forward."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection

from reference_runtime.cri.streaming.inbox import Inbox
from reference_runtime.cri.streaming.line import Line
from reference_runtime.cri.streaming.spdy import Connection, Stream

REMOTE = ("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
FORWARD = ("portforward.k8s.io",)
_PATIENCE = 30.0  # seconds for a client to open all its streams


class RemoteStreams:
    """The streams of exec and attach, by their header streamType.  ``ready`` is called once all are there."""

    def __init__(self, line: Line, protocol: str, wanted: Collection[str], ready: Callable[[], None]) -> None:
        self.structured = protocol.startswith("v4")
        self._line = line
        self._needed = {"error", *wanted} - {"resize"}
        self._taken = {"error", *wanted}
        self._streams: dict[str, Stream] = {}
        self._inboxes = {name: Inbox() for name in ("stdin", "resize")}
        self._ready = ready
        self._connection = Connection(line, self._opened)

    def serve(self) -> None:
        """Sort what comes until the client hangs up."""
        self._line.patience(_PATIENCE)
        self._connection.serve()
        for inbox in self._inboxes.values():
            inbox.end()

    def inbox(self, name: str) -> Inbox:
        """What comes for "stdin" or "resize"."""
        return self._inboxes[name]

    def send(self, name: str, data: bytes) -> None:
        """Send on a stream that the client has opened."""
        if name in self._streams:
            self._streams[name].send(data)

    def finish(self, name: str) -> None:
        """Close our half of a stream."""
        if name in self._streams:
            self._streams[name].finish()

    def end(self) -> None:
        """Hang up."""
        for inbox in self._inboxes.values():
            inbox.close()
        for stream in self._streams.values():
            stream.inbox.close()
        self._line.hang_up()

    def _opened(self, stream: Stream) -> Callable[[], object] | None:
        name = stream.headers.get("streamtype", "")
        if name not in self._taken or name in self._streams:
            return None
        self._streams[name] = stream
        if name in self._inboxes:
            self._inboxes[name] = stream.inbox
        return functools.partial(self._begin, name)

    def _begin(self, name: str) -> None:
        if name in self._needed:
            self._needed.remove(name)
            if not self._needed:
                self._line.patience(None)
                self._ready()


class ForwardStreams:
    """The streams of port-forward: pairs of "error" and "data" with the same requestID.  ``paired`` gets each pair."""

    def __init__(self, line: Line, paired: Callable[[Pair], object]) -> None:
        self._errors: dict[str, Stream] = {}
        self._paired = paired
        self._connection = Connection(line, self._opened)

    def serve(self) -> None:
        """Sort what comes until the client hangs up."""
        self._connection.serve()

    def _opened(self, stream: Stream) -> Callable[[], object] | None:
        port = stream.headers.get("port", "")
        kind = stream.headers.get("streamtype", "")
        # Old clients number no requests: their data stream is the one after the error stream.
        request = stream.headers.get("requestid") or str(stream.number - 2 * (kind == "data"))
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
            return None
        if kind == "error" and request not in self._errors:
            return functools.partial(self._errors.update, {request: stream})
        if kind == "data" and request in self._errors:
            return functools.partial(self._paired, Pair(int(port), stream, self._errors.pop(request)))
        return None


class Pair:
    """One forwarded connection on two streams."""

    def __init__(self, port: int, data: Stream, error: Stream) -> None:
        self.port = port
        self.inbox = data.inbox
        self._data = data
        self._error = error

    def send(self, data: bytes) -> None:
        """Send what came from the port."""
        self._data.send(data)

    def fail(self, message: str) -> None:
        """Say what went wrong."""
        self._error.send(message.encode())

    def half_close(self) -> bool:
        """The port has said all."""
        self._data.finish()
        return True

    def finish(self) -> None:
        """Both streams are over."""
        self.inbox.close()
        with contextlib.suppress(OSError):
            self._data.finish()
            self._error.finish()
