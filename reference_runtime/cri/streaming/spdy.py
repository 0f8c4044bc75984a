"""A SPDY/3.1 connection, the side of the server: streams that a client opens, over one line.

What Kubernetes speaks under this name knows no flow control: its clients never send WINDOW_UPDATE and would be stalled
after 64 KiB.  So windows count once a client has sent SETTINGS or WINDOW_UPDATE, and only then.
"""

from __future__ import annotations

import contextlib
import struct
import threading
from collections.abc import Callable, Mapping

from reference_runtime.cri.streaming.inbox import Inbox
from reference_runtime.cri.streaming.line import Line
from reference_runtime.cri.streaming.spdy_frames import (
    FIN,
    Control,
    Data,
    HeaderReader,
    HeaderWriter,
    Kind,
    Reset,
    SpdyFault,
    control_frame,
    data_frame,
    read_frame,
)

_WINDOW = 1 << 16
_INITIAL_WINDOW_SIZE = 7  # of SETTINGS
_SESSION = 0  # the window of the whole connection


class Stream:
    """One stream of a client."""

    def __init__(self, connection: Connection, number: int, headers: Mapping[str, str]) -> None:
        self.number = number
        self.headers = headers
        self.inbox = Inbox(lambda size: connection.consumed(number, size))
        self.heard_all = False
        self.said_all = False
        self._connection = connection

    def send(self, data: bytes) -> None:
        """Send all of it; blocks while the window is closed.  ``OSError`` when the client is gone."""
        self._connection.send(self.number, data)

    def finish(self) -> None:
        """Nothing more comes.  ``OSError`` when the client is gone."""
        if not self.said_all:
            self.said_all = True
            self._connection.write(data_frame(self.number, b"", FIN))

    def reset(self, reason: Reset = Reset.CANCEL) -> None:
        """Give the stream up, in both directions.  ``OSError`` when the client is gone."""
        self._connection.reset(self.number, reason)


class Connection:
    """Reads frames in ``serve``, answers what has to be answered, and hands new streams to ``opened``.

    ``opened`` answers what to do once the client was told that the stream is taken, or None when it is not wanted.
    """

    def __init__(self, line: Line, opened: Callable[[Stream], Callable[[], object] | None]) -> None:
        self._line = line
        self._opened = opened
        self._streams: dict[int, Stream] = {}
        self._last = 0
        self._reader = HeaderReader()
        self._writer = HeaderWriter()
        self._windows: dict[int, int] = {_SESSION: _WINDOW}
        self._initial_window = _WINDOW
        self._controlled = False
        self._over = False
        self._changed = threading.Condition()
        self._handlers: dict[int, Callable[[Control], None]] = {
            Kind.SYN_STREAM: self._syn_stream,
            Kind.RST_STREAM: self._rst_stream,
            Kind.SETTINGS: self._settings,
            Kind.PING: self._ping,
            Kind.HEADERS: self._headers,
            Kind.WINDOW_UPDATE: self._window_update,
        }

    def serve(self) -> None:
        """Read until the client hangs up, goes away or breaks the protocol; then all streams are over."""
        try:
            while (frame := read_frame(self._line.file)) is not None:
                if isinstance(frame, Data):
                    self._data(frame)
                elif frame.kind == Kind.GOAWAY:
                    break
                elif frame.kind in self._handlers:
                    self._handlers[frame.kind](frame)
        except SpdyFault:
            self.go_away(Reset.PROTOCOL_ERROR)
        except OSError:
            pass
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()
            for stream in self._streams.values():
                stream.inbox.end()

    def write(self, data: bytes) -> None:
        """Send the bytes of a frame.  ``OSError`` when the client is gone."""
        self._line.write(data)

    def send(self, number: int, data: bytes) -> None:
        """Send data on a stream, as its window and that of the connection allow."""
        view = memoryview(data)
        while view:
            size = self._room(number, len(view))
            self.write(data_frame(number, bytes(view[:size])))
            view = view[size:]

    def consumed(self, number: int, size: int) -> None:
        """So much of what came was taken: the client may send as much again."""
        if self._controlled:
            update = struct.pack("!II", number, size), struct.pack("!II", _SESSION, size)
            with contextlib.suppress(OSError):  # the reader will see it, too
                self.write(b"".join(control_frame(Kind.WINDOW_UPDATE, body) for body in update))

    def reset(self, number: int, reason: Reset) -> None:
        """Reset a stream, whether it is known or not."""
        if stream := self._streams.pop(number, None):
            stream.said_all = True
            stream.inbox.close()
        self.write(control_frame(Kind.RST_STREAM, struct.pack("!II", number, reason)))

    def go_away(self, reason: int = 0) -> None:
        """Say that no stream is taken any more, and hang up."""
        with contextlib.suppress(OSError):
            self.write(control_frame(Kind.GOAWAY, struct.pack("!II", self._last, int(reason != 0))))
        self._line.hang_up()

    def _room(self, number: int, wanted: int) -> int:
        """How much of ``wanted`` may be sent now, once anything may, and takes it from the windows."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or not self._controlled or self._window(number) > 0)
            if self._over or number not in self._streams:
                raise ConnectionResetError("the stream is over")
            if not self._controlled:
                return min(wanted, 1 << 15)
            size = min(wanted, self._window(number), 1 << 15)
            self._windows[number] -= size
            self._windows[_SESSION] -= size
            return size

    def _window(self, number: int) -> int:
        if number not in self._streams:
            return 1  # there is no waiting for a stream that is gone
        return min(self._windows.setdefault(number, self._initial_window), self._windows[_SESSION])

    def _data(self, frame: Data) -> None:
        stream = self._streams.get(frame.stream)
        if stream is None:
            self.reset(frame.stream, Reset.INVALID_STREAM)
            return
        if stream.heard_all:
            self.reset(frame.stream, Reset.STREAM_ALREADY_CLOSED)
            return
        stream.inbox.put(frame.data)
        if frame.flags & FIN:
            self._heard_all(stream)

    def _heard_all(self, stream: Stream) -> None:
        stream.heard_all = True
        stream.inbox.end()

    def _syn_stream(self, frame: Control) -> None:
        number = frame.numbers(2)[0] & 0x7FFFFFFF
        headers = self._reader.read(frame.body[10:])  # also of a stream that is refused: the compression goes on
        if number % 2 == 0 or number <= self._last:
            raise SpdyFault(f"{number} is no number for the next stream of a client")
        self._last = number
        stream = Stream(self, number, headers)
        with self._changed:
            self._streams[number] = stream
        if frame.flags & FIN:
            self._heard_all(stream)
        begin = self._opened(stream)
        if begin is None:
            self.reset(number, Reset.REFUSED_STREAM)
        else:
            self.write(control_frame(Kind.SYN_REPLY, struct.pack("!I", number) + self._writer.write({})))
            begin()

    def _headers(self, frame: Control) -> None:
        (number,) = frame.numbers(1)
        self._reader.read(frame.body[4:])
        stream = self._streams.get(number & 0x7FFFFFFF)
        if stream and frame.flags & FIN:
            self._heard_all(stream)

    def _rst_stream(self, frame: Control) -> None:
        number = frame.numbers(2)[0] & 0x7FFFFFFF
        with self._changed:
            stream = self._streams.pop(number, None)
            self._changed.notify_all()
        if stream:
            stream.said_all = True
            stream.inbox.end()

    def _settings(self, frame: Control) -> None:
        (count,) = frame.numbers(1)
        if len(frame.body) != 4 + 8 * count:
            raise SpdyFault("SETTINGS of another length than they say")
        with self._changed:
            self._controlled = True
            for flagged, value in struct.iter_unpack("!II", frame.body[4:]):
                if flagged & 0xFFFFFF == _INITIAL_WINDOW_SIZE:
                    self._resize_windows(value)
            self._changed.notify_all()

    def _resize_windows(self, size: int) -> None:
        for number in self._windows.keys() - {_SESSION}:
            self._windows[number] += size - self._initial_window
        self._initial_window = size

    def _ping(self, frame: Control) -> None:
        (number,) = frame.numbers(1)
        if number % 2:  # one of the client's; the even ones would be answers to ours
            self.write(control_frame(Kind.PING, struct.pack("!I", number)))

    def _window_update(self, frame: Control) -> None:
        number, size = (value & 0x7FFFFFFF for value in frame.numbers(2))
        with self._changed:
            self._controlled = True
            if number == _SESSION or number in self._streams:
                self._window(number)
                self._windows[number] += size
            self._changed.notify_all()
