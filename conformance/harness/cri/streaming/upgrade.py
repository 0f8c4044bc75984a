"""The way from an URL to a connection that speaks another protocol (RFC 9110, section 7.8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import HTTP
from urllib.parse import urlsplit

from conformance.harness.cri.streaming.wire import Wire
from conformance.harness.errors import OperationFailed, Violation

_LONGEST_HEAD = 1 << 16


class StreamRefused(OperationFailed):
    """The server answered with an error instead of a stream."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"the stream was refused with HTTP status {status}: {text[:500]}", text)
        self.status = status


@dataclass(frozen=True)
class Response:
    """The head of an answer: the status, the headers, and what came after them."""

    status: int
    headers: dict[str, list[str]]
    rest: bytes

    def header(self, name: str) -> str:
        """The values of a header, with commas between them."""
        return ", ".join(self.headers.get(name.lower(), []))


class Place:
    """What an URL of a streaming server says."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise Violation(f"{url!r} is no URL of a stream that can be reached without TLS")
        self.address = parts.hostname, parts.port or 80
        self.host = parts.netloc
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def request(wire: Wire, place: Place, method: str, headers: Sequence[tuple[str, str]]) -> Response:
    """Send a request without a body, and read the head of the answer."""
    lines = [f"{method} {place.target} HTTP/1.1", f"Host: {place.host}", *(f"{name}: {text}" for name, text in headers)]
    wire.send("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        more = wire.receive(wire.timeout)
        head += more
        if not more or len(head) > _LONGEST_HEAD:
            raise Violation(f"the answer is not one of HTTP: {head[:200]!r}")
    head, _, rest = head.partition(b"\r\n\r\n")
    line, _, fields = head.partition(b"\r\n")
    words = line.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise Violation(f"the answer is not one of HTTP: {line[:200]!r}")
    parsed = BytesHeaderParser(policy=HTTP).parsebytes(fields)
    named: dict[str, list[str]] = {}
    for name, text in parsed.items():
        named.setdefault(name.lower(), []).append(text)
    return Response(int(words[1]), named, rest)


def refusal(wire: Wire, response: Response) -> StreamRefused:
    """The error of an answer, with its body as far as its length says."""
    body = response.rest
    length = response.header("content-length")
    while length.isdigit() and len(body) < int(length) and (more := wire.receive(wire.timeout)):
        body += more
    return StreamRefused(response.status, body.decode(errors="replace").strip())
