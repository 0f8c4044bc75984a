"""The frames of SPDY/3.1 as a client needs them (SPDY Protocol, Draft 3.1, section 2.6)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.harness.errors import Violation

SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9
FIN = 1
INITIAL_WINDOW_SIZE = 7
_KNOWN = {SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE}

# The text that the compression of headers starts from: first words, each after its length, then all the rest.
_WORDS = """
options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow
authorization cache-control connection content-base content-encoding content-language content-length content-location
content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match
if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range
referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get
status 200+OK version HTTP/1.1 url public set-cookie keep-alive origin
"""
_CODES = "100 101 201 202 205 206 300 302 303 304 305 306 307 402 405 406 407 408 409 410 411 412 413 414 415 416 417"
_TEXT = (
    _CODES.replace(" ", "") + "502504505"
    "203 Non-Authoritative Information" "204 No Content" "301 Moved Permanently" "400 Bad Request" "401 Unauthorized"
    "403 Forbidden" "404 Not Found" "500 Internal Server Error" "501 Not Implemented" "503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "public" "private" "max-age=" "gzip,deflate,sdch" "charset=utf-8" "charset=iso-8859-1," "utf-,*,enq=0."
)  # fmt: skip
DICTIONARY = (
    b"".join(len(word).to_bytes(4) + word.replace("+", " ").encode() for word in _WORDS.split()) + _TEXT.encode()
)


@dataclass(frozen=True)
class Frame:
    """A frame that came: ``kind`` 0 is data; ``stream`` is 0 where a frame belongs to none; ``value`` is its number."""

    kind: int
    stream: int
    final: bool
    data: bytes = b""
    value: int = 0


def data_frame(stream: int, data: bytes, *, final: bool = False) -> bytes:
    """The bytes of a data frame."""
    return struct.pack("!II", stream, final * FIN << 24 | len(data)) + data


def control_frame(kind: int, body: bytes, flags: int = 0) -> bytes:
    """The bytes of a control frame."""
    return struct.pack("!HHI", 0x8003, kind, flags << 24 | len(body)) + body


class Encoder:
    """Makes the frames that have headers; their compression is one long stream."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def syn_stream(self, number: int, headers: Mapping[str, str], *, final: bool = False) -> bytes:
        """The frame that opens a stream."""
        block = len(headers).to_bytes(4)
        for text in (part.encode() for pair in headers.items() for part in (pair[0].lower(), pair[1])):
            block += len(text).to_bytes(4) + text
        packed = self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return control_frame(SYN_STREAM, struct.pack("!IIH", number, 0, 0) + packed, final * FIN)


class Decoder:
    """Turns bytes into frames.  ``Violation`` when they make none."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._bytes = b""

    @property
    def partial(self) -> bool:
        """Whether the start of a frame came without its end."""
        return bool(self._bytes)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete with these bytes."""
        self._bytes += data
        start = 0
        while len(self._bytes) - start >= 8:
            first, second = struct.unpack_from("!II", self._bytes, start)
            end = start + 8 + (second & 0xFFFFFF)
            if end > len(self._bytes):
                break
            body = self._bytes[start + 8 : end]
            start = end
            if first >> 31:
                if (first >> 16) & 0x7FFF != 3:
                    self._bytes = b""
                    raise Violation(f"a frame of version {(first >> 16) & 0x7FFF} came, SPDY/3.1 has 3")
                if first & 0xFFFF in _KNOWN:
                    yield self._control(first & 0xFFFF, second >> 24, body)
            else:
                yield Frame(0, first, bool(second >> 24 & FIN), body)
        self._bytes = self._bytes[start:]

    def _control(self, kind: int, flags: int, body: bytes) -> Frame:
        numbers = struct.unpack_from(f"!{min(2, len(body) // 4)}I", body)
        least = 2 if kind in {RST_STREAM, GOAWAY, WINDOW_UPDATE} else 1
        if len(numbers) < least:
            raise Violation(f"a control frame of type {kind} came with only {len(body)} bytes")
        if kind in {SYN_STREAM, SYN_REPLY, HEADERS}:
            self._check_headers(body[10 if kind == SYN_STREAM else 4 :])
        stream = 0 if kind in {SETTINGS, PING, GOAWAY} else numbers[0] & 0x7FFFFFFF
        return Frame(kind, stream, bool(flags & FIN), body, numbers[least - 1] & 0x7FFFFFFF)

    def _check_headers(self, block: bytes) -> None:
        try:
            plain = self._inflate.decompress(block)
            (count,) = struct.unpack_from("!I", plain)
            position = 4
            for _ in range(2 * count):
                (size,) = struct.unpack_from("!I", plain, position)
                position += 4 + size
        except (zlib.error, struct.error) as problem:
            raise Violation(f"headers came that can not be read: {problem}") from None
        if position != len(plain):
            raise Violation("headers came whose lengths do not add up")
