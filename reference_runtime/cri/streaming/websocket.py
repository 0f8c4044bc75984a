"""WebSocket as RFC 6455 has it, the side of the server: the handshake, and messages over frames."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import io
import struct
from email.message import Message

from reference_runtime.cri.streaming.line import Line

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_FINAL, _RESERVED, _MASKED = 0x80, 0x70, 0x80
_LONGEST = 1 << 24

NORMAL, PROTOCOL_ERROR, TOO_BIG = 1000, 1002, 1009


class WebSocketFault(Exception):
    """The client broke the protocol; ``code`` goes into the frame that closes the connection."""

    def __init__(self, reason: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(reason)
        self.code = code


def accept(headers: Message) -> str:
    """The answer to the key of a handshake.  ``ValueError`` says what is wrong with it."""
    if headers.get("Sec-WebSocket-Version") != "13":
        raise ValueError("Sec-WebSocket-Version is not 13")
    key = headers.get("Sec-WebSocket-Key", "").strip()
    try:
        sound = len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        sound = False
    if not sound:
        raise ValueError("Sec-WebSocket-Key is not 16 bytes in base64")
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def mask(data: bytes, key: bytes) -> bytes:
    """Exclusive or with the key repeated: once masks, twice restores."""
    pattern = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(pattern)).to_bytes(len(data))


class WebSocket:
    """An open connection."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._closing = False

    def receive(self) -> bytes | None:
        """The next message, whatever its type; None once the client has closed or hung up.

        When the client breaks the protocol it is told so in a close frame, and the connection is over.
        """
        try:
            return self._message()
        except WebSocketFault as fault:
            self.close(fault.code, str(fault))
            return None
        except (OSError, EOFError):
            return None

    def send(self, data: bytes) -> None:
        """Send a binary message.  ``OSError`` when the client is gone."""
        self._frame(_BINARY, data)

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say that nothing more comes; the client has a moment to say the same."""
        if not self._closing:
            self._closing = True
            with contextlib.suppress(OSError):
                self._frame(_CLOSE, struct.pack("!H", code) + reason.encode()[:120])
            self._line.hang_up()

    def _message(self) -> bytes | None:
        message = b""
        began = False
        while True:
            final, opcode, payload = self._read_frame()
            if opcode == _CLOSE:
                self.close(NORMAL)
                return None
            if opcode == _PING:
                self._frame(_PONG, payload)
            elif opcode in {_CONTINUATION, _TEXT, _BINARY}:
                if (opcode == _CONTINUATION) != began:
                    raise WebSocketFault("a continuation without a beginning, or a beginning without an end")
                began = True
                message += payload
                if len(message) > _LONGEST:
                    raise WebSocketFault("the message is too long", TOO_BIG)
                if final:
                    return message
            elif opcode != _PONG:
                raise WebSocketFault(f"there is no opcode {opcode}")

    def _read_frame(self) -> tuple[bool, int, bytes]:
        first, second = self._exactly(2)
        opcode, length = first & 0x0F, second & 0x7F
        if first & _RESERVED:
            raise WebSocketFault("a reserved bit is set")
        if not second & _MASKED:
            raise WebSocketFault("a client masks its frames")
        if opcode >= _CLOSE and (length > 125 or not first & _FINAL):
            raise WebSocketFault("a control frame is short and in one piece")
        if length == 126:
            (length,) = struct.unpack("!H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._exactly(8))
        if length > _LONGEST:
            raise WebSocketFault("the frame is too long", TOO_BIG)
        key = self._exactly(4)
        return bool(first & _FINAL), opcode, mask(self._exactly(length), key)

    def _exactly(self, size: int) -> bytes:
        data = self._line.file.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def _frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", _FINAL | opcode, size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", _FINAL | opcode, 126, size)
        else:
            head = struct.pack("!BBQ", _FINAL | opcode, 127, size)
        self._line.write(head + payload)


class Tunnel(io.RawIOBase):
    """The messages of a WebSocket as one file of bytes, to speak SPDY through it."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # narrower, as it is called
        """What io.BufferedReader needs."""
        while not self._rest:
            message = self._socket.receive()
            if message is None:
                return 0
            self._rest = memoryview(message)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
