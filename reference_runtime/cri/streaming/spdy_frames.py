"""Frames of SPDY/3.1 and their compressed headers (SPDY Protocol, Draft 3.1, section 2)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

VERSION = 3
FIN = 0x01
CONTROL = 0x8000
LONGEST_CONTROL = 1 << 16
MOST_HEADERS = 1 << 16

# Section 2.6.10.1: what both sides have "seen" before the first header. Words have their length before them.
_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow"
    " authorization cache-control connection content-base content-encoding content-language content-length"
    " content-location content-md5 content-range content-type date etag expect expires from host if-match"
    " if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma"
    " proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade"
    " user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie"
    " keep-alive origin"
)
_REST = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
    "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = (
    b"".join(struct.pack("!I", len(word)) + word.replace("_", " ").encode() for word in _WORDS.split()) + _REST.encode()
)


class Kind(IntEnum):
    """The control frames; others are ignored."""

    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    HEADERS = 8
    WINDOW_UPDATE = 9


class Reset(IntEnum):
    """Why a stream is reset."""

    PROTOCOL_ERROR = 1
    INVALID_STREAM = 2
    REFUSED_STREAM = 3
    CANCEL = 5
    FLOW_CONTROL_ERROR = 7
    STREAM_ALREADY_CLOSED = 9


class SpdyFault(Exception):
    """The client broke the protocol so that the connection can not go on."""


@dataclass(frozen=True)
class Data:
    """A data frame."""

    stream: int
    flags: int
    data: bytes


@dataclass(frozen=True)
class Control:
    """A control frame; ``kind`` may be none of ``Kind``."""

    kind: int
    flags: int
    body: bytes

    def numbers(self, count: int) -> tuple[int, ...]:
        """The numbers of 32 bits at the start of the body.  ``SpdyFault`` when it is shorter."""
        if len(self.body) < 4 * count:
            raise SpdyFault(f"a control frame of type {self.kind} is too short")
        return struct.unpack(f"!{count}I", self.body[: 4 * count])


def read_frame(file: BinaryIO) -> Data | Control | None:
    """The next frame, or None at the end.  ``SpdyFault`` when it makes no sense."""
    head = file.read(8)
    if len(head) < 8:
        return None
    first, second = struct.unpack("!II", head)
    flags, length = second >> 24, second & 0xFFFFFF
    control = bool(first >> 31)
    if control and first >> 16 != CONTROL | VERSION:
        raise SpdyFault(f"version {(first >> 16) & 0x7FFF} of SPDY is not spoken here")
    if control and length > LONGEST_CONTROL:
        raise SpdyFault(f"a control frame of {length} bytes is too long")
    body = file.read(length)
    if len(body) < length:
        return None
    return Control(first & 0xFFFF, flags, body) if control else Data(first & 0x7FFFFFFF, flags, body)


def control_frame(kind: int, body: bytes, flags: int = 0) -> bytes:
    """The bytes of a control frame."""
    return struct.pack("!HHI", CONTROL | VERSION, kind, flags << 24 | len(body)) + body


def data_frame(stream: int, data: bytes, flags: int = 0) -> bytes:
    """The bytes of a data frame."""
    return struct.pack("!II", stream, flags << 24 | len(data)) + data


class HeaderReader:
    """Headers as they come: each block goes on where the last one left the compression."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)

    def read(self, block: bytes) -> dict[str, str]:
        """The headers in a block, the names in small letters.  ``SpdyFault`` when it can not be read."""
        try:
            plain = self._inflate.decompress(block, MOST_HEADERS)
        except zlib.error as problem:
            raise SpdyFault(f"headers can not be decompressed: {problem}") from None
        if self._inflate.unconsumed_tail:
            raise SpdyFault("the headers are too long")
        return _pairs(plain)


def _pairs(plain: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    try:
        (count,) = struct.unpack_from("!I", plain)
        position = 4
        for _ in range(count):
            name, position = _text(plain, position)
            value, position = _text(plain, position)
            headers[name.lower()] = value
    except (struct.error, UnicodeDecodeError):
        raise SpdyFault("the headers are cut off or not text") from None
    return headers


def _text(plain: bytes, position: int) -> tuple[str, int]:
    (size,) = struct.unpack_from("!I", plain, position)
    end = position + 4 + size
    if end > len(plain):
        raise SpdyFault("the headers are cut off")
    return plain[position + 4 : end].decode(), end


class HeaderWriter:
    """Headers as they go."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def write(self, headers: Mapping[str, str]) -> bytes:
        """The compressed block."""
        plain = struct.pack("!I", len(headers))
        for name, value in headers.items():
            for text in (name.lower().encode(), value.encode()):
                plain += struct.pack("!I", len(text)) + text
        return self._deflate.compress(plain) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
