"""A SPDY/3.1 client connection: the streams it opened, what came on them, and, when asked for, flow control.

Servers as Kubernetes knows them do not control the flow: they never send WINDOW_UPDATE.  So it is off here unless a
test switches it on for a server that can.
"""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress

from conformance.harness.cri.streaming import spdy_frames as frames
from conformance.harness.cri.streaming.upgrade import Place, Response, refusal, request
from conformance.harness.cri.streaming.wire import Bytes, Wire
from conformance.harness.errors import Hung, Violation

_WINDOW = 1 << 16
_CHUNK = 1 << 15


def upgrade(url: str, protocols: Sequence[str], timeout: float) -> tuple[Wire, bytes, str]:
    """A connection that speaks SPDY from now on, what already came, and the protocol that the server chose."""
    place = Place(url)
    wire = Wire(place.address, timeout)
    headers = [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("Content-Length", "0")]
    try:
        response = request(wire, place, "POST", headers + [("X-Stream-Protocol-Version", name) for name in protocols])
        _check(wire, response)
    except BaseException:
        wire.close()
        raise
    return wire, response.rest, response.header("X-Stream-Protocol-Version")


def _check(wire: Wire, response: Response) -> None:
    if response.status != 101:
        raise refusal(wire, response)
    if response.header("Upgrade").lower() != "spdy/3.1":
        raise Violation(f"the server upgraded to {response.header('Upgrade')!r}, not to SPDY/3.1")


class Spdy:
    """The connection.  Frames are read when something is waited for, so whoever does not ask is a slow reader.

    ``window`` switches flow control on, with so many bytes that the server may send ahead on each stream.
    """

    def __init__(self, wire: Bytes, rest: bytes = b"", *, timeout: float, window: int = 0) -> None:
        self.timeout = timeout
        self._wire = wire
        self._encoder = frames.Encoder()
        self._decoder = frames.Decoder()
        self._arrived: deque[frames.Frame] = deque()
        self._next = 1
        self._replied: set[int] = set()
        self.resets: dict[int, int] = {}
        self.pongs: list[int] = []
        self.went_away: int | None = None
        self._ended = False
        self._window = window
        self._room: dict[int, int] = {0: _WINDOW}
        if window:
            self._wire.send(
                frames.control_frame(frames.SETTINGS, struct.pack("!III", 1, frames.INITIAL_WINDOW_SIZE, window))
            )
        self._sort(rest)

    def open(self, headers: Mapping[str, str], *, final: bool = False) -> int:
        """Open a stream, and wait for the server's reply: what is sent before that gets lost in some servers."""
        number = self._next
        self._next += 2
        self._room[number] = _WINDOW
        self._wire.send(self._encoder.syn_stream(number, headers, final=final))
        deadline = time.monotonic() + self.timeout
        while number not in self._replied:
            if number in self.resets:
                raise Violation(f"the server reset the stream {dict(headers)} with {self.resets[number]}")
            if self._ended:
                raise Violation(f"the server hung up when the stream {dict(headers)} was opened")
            self._pull(deadline - time.monotonic())
        return number

    def send(self, number: int, data: bytes) -> None:
        """Send data on a stream."""
        view = memoryview(data)
        while view:
            size = min(len(view), _CHUNK)
            if self._window:
                size = min(size, self._wait_for_room(number))
                self._room[number] -= size
                self._room[0] -= size
            self._wire.send(frames.data_frame(number, bytes(view[:size])))
            view = view[size:]

    def finish(self, number: int) -> None:
        """Close our half of a stream."""
        self._wire.send(frames.data_frame(number, b"", final=True))

    def reset(self, number: int) -> None:
        """Cancel a stream."""
        self._wire.send(frames.control_frame(frames.RST_STREAM, struct.pack("!II", number, 5)))

    def ping(self, number: int = 1) -> None:
        """Send a ping; the server's answer comes into ``pongs``."""
        self._wire.send(frames.control_frame(frames.PING, struct.pack("!I", number)))

    def raw(self, data: bytes) -> None:
        """Send bytes that need not be a frame."""
        self._wire.send(data)

    def receive(self, seconds: float) -> frames.Frame | None:
        """The next data frame or reset of a stream; None once the server hung up.  ``Hung`` when none came."""
        deadline = time.monotonic() + seconds
        while not self._arrived:
            if self._ended:
                return None
            self._pull(deadline - time.monotonic())
        frame = self._arrived.popleft()
        if self._window and frame.data and not frame.kind:
            self._grant(frame.stream, len(frame.data))
        return frame

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def _grant(self, number: int, size: int) -> None:
        bodies = [struct.pack("!II", stream, size) for stream in (number, 0)]
        with suppress(Violation):  # the server may have said all and left
            self._wire.send(b"".join(frames.control_frame(frames.WINDOW_UPDATE, body) for body in bodies))

    def _wait_for_room(self, number: int) -> int:
        deadline = time.monotonic() + self.timeout
        while min(self._room[number], self._room[0]) <= 0:
            if self._ended or number in self.resets:
                raise Violation("the server gave up the stream while there was more to send")
            try:
                self._pull(deadline - time.monotonic())
            except Hung:
                raise Hung(f"the server opened no window for {self.timeout:g} seconds") from None
        return min(self._room[number], self._room[0])

    def _pull(self, seconds: float) -> None:
        data = self._wire.receive(seconds)
        if data:
            self._sort(data)
        else:
            self._ended = True

    def _sort(self, data: bytes) -> None:
        for frame in self._decoder.feed(data):
            if frame.kind == frames.SYN_REPLY:
                self._replied.add(frame.stream)
            elif frame.kind == frames.PING and frame.value % 2:
                self.pongs.append(frame.value)
            elif frame.kind == frames.PING:
                self._wire.send(frames.control_frame(frames.PING, struct.pack("!I", frame.value)))
            elif frame.kind == frames.GOAWAY:
                self.went_away = frame.value
            elif frame.kind == frames.WINDOW_UPDATE:
                self._room[frame.stream] = self._room.get(frame.stream, _WINDOW) + frame.value
            elif frame.kind == frames.RST_STREAM:
                self.resets[frame.stream] = frame.value
                self._arrived.append(frame)
            elif not frame.kind:
                if frame.stream >= self._next or not frame.stream % 2:
                    raise Violation(f"data came on stream {frame.stream}, which was never opened")
                self._arrived.append(frame)
