"""A WebSocket client: what the library ``websockets`` says, over a ``Wire``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, ProtocolError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from conformance.harness.cri.streaming.upgrade import Place, StreamRefused
from conformance.harness.cri.streaming.wire import Wire
from conformance.harness.errors import Violation

if TYPE_CHECKING:
    from websockets.datastructures import Headers

_DATA = {Opcode.BINARY, Opcode.TEXT, Opcode.CONT}


class _Client(ClientProtocol):
    """As the library has it, but Kubernetes has a protocol whose name, with its slash, is none by RFC 6455."""

    def process_subprotocol(self, headers: Headers) -> Subprotocol | None:
        """The protocol that the server chose."""
        chosen = [Subprotocol(name) for name in headers.get_all("Sec-WebSocket-Protocol")]
        if not chosen:
            return None
        if len(chosen) > 1 or chosen[0] not in (self.available_subprotocols or ()):
            raise InvalidHandshake(f"the server chose {chosen}, which was not offered")
        return chosen[0]


class WebSocket:
    """A connection that was agreed on; ``protocol`` is the one that the server chose, "" for none."""

    def __init__(self, url: str, protocols: Sequence[str], timeout: float) -> None:
        self.timeout = timeout
        place = Place(url)
        self.wire = Wire(place.address, timeout)
        offered = [Subprotocol(name) for name in protocols]
        address = parse_uri(f"ws://{place.host}{place.target}")
        self._protocol = _Client(address, subprotocols=offered or None, max_size=None)
        self._parts: list[bytes] = []
        self._frames: list[Frame] = []
        try:
            self._shake_hands()
        except BaseException:
            self.wire.close()
            raise
        self.protocol = self._protocol.subprotocol or ""

    @property
    def close_code(self) -> int:
        """The code of the server's close frame; 1006 when there was none."""
        closed = self._protocol.close_rcvd
        return closed.code if closed else CloseCode.ABNORMAL_CLOSURE

    def send(self, message: bytes) -> None:
        """Send a binary message.  ``Violation`` when the server has closed."""
        if self._protocol.close_rcvd:
            raise Violation("the server closed the WebSocket while there was more to send")
        self._protocol.send_binary(message)
        self._flush()

    def receive(self, seconds: float) -> bytes | None:
        """The next message, or None once the server has closed.  ``Hung`` when none came for so long."""
        deadline = time.monotonic() + seconds
        while True:
            while self._frames:
                frame = self._frames.pop(0)
                self._parts.append(bytes(frame.data))
                if frame.fin:
                    message = b"".join(self._parts)
                    self._parts.clear()
                    return message
            if not self._pull(deadline - time.monotonic()):
                return None

    def close(self) -> None:
        """Close as the protocol wants it, without waiting for an answer."""
        try:
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
                self._flush()
        except Violation:
            pass  # the server was faster
        self.wire.close()

    def _shake_hands(self) -> None:
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while not (events := self._events(self.timeout)):
            if problem := self._protocol.handshake_exc:
                raise Violation(f"the answer to the WebSocket handshake makes no sense: {problem}")
        response, *more = events
        if not isinstance(response, Response):
            raise Violation("the WebSocket began without a handshake")
        if response.status_code != 101:
            raise StreamRefused(response.status_code, bytes(response.body).decode(errors="replace").strip())
        if problem := self._protocol.handshake_exc:
            raise Violation(f"the answer to the WebSocket handshake is wrong: {problem}")
        self._frames += [each for each in more if isinstance(each, Frame) and each.opcode in _DATA]

    def _pull(self, seconds: float) -> bool:
        """Read once, and keep the data frames that came; false once there is no more to come."""
        if self._protocol.close_rcvd or self._protocol.reader.eof:
            return False
        events = self._events(seconds)
        if isinstance(self._protocol.parser_exc, ProtocolError):
            raise Violation(f"the server broke the WebSocket protocol: {self._protocol.parser_exc}")
        self._frames += [each for each in events if isinstance(each, Frame) and each.opcode in _DATA]
        return bool(self._frames) or not (self._protocol.close_rcvd or self._protocol.reader.eof)

    def _events(self, seconds: float) -> Sequence[object]:
        data = self.wire.receive(seconds)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._flush()
        return self._protocol.events_received()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.wire.send(data)


class TunnelWire:
    """The messages of a WebSocket as bytes, to speak SPDY through it."""

    def __init__(self, socket: WebSocket) -> None:
        self.timeout = socket.timeout
        self._socket = socket

    def send(self, data: bytes) -> None:
        """Send as one message."""
        self._socket.send(data)

    def receive(self, seconds: float) -> bytes:
        """What the next message has that is not empty; b"" at the end."""
        while (message := self._socket.receive(seconds)) == b"":
            pass
        return message or b""

    def close(self) -> None:
        """Close the WebSocket."""
        self._socket.close()
