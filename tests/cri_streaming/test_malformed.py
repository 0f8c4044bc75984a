"""What breaks a protocol is answered with an error, and the server goes on serving others."""

from __future__ import annotations

import base64
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.harness.cri.streaming import Remote, attach
from conformance.harness.cri.streaming.spdy import upgrade
from conformance.harness.cri.streaming.spdy_frames import Decoder
from conformance.harness.cri.streaming.wire import Wire
from reference_runtime.cri.streaming import StreamingServer

Command = Callable[..., Any]
SYN = struct.pack("!HHI", 0x8003, 1, 14)


@pytest.fixture(autouse=True)
def lives(server: StreamingServer, command: Command) -> Iterator[None]:
    """Whatever the test did, the server serves the next client."""
    yield
    for protocol in ("spdy:v4.channel.k8s.io", "websocket:v5.channel.k8s.io"):
        with attach(server.url_for_exec(command("raise SystemExit(5)")), protocol) as remote:
            assert remote.wait() == 5


def said(url: str, request: bytes, then: bytes = b"") -> bytes:
    """All that the server says to some bytes."""
    place = urlsplit(url)
    assert place.hostname and place.port
    came = b""
    with socket.create_connection((place.hostname, place.port), 10) as client, suppress(ConnectionError):
        client.sendall(request.replace(b"PATH", place.path.encode()))
        if then:
            while b"\r\n\r\n" not in came:
                came += client.recv(4096)
            came = came.partition(b"\r\n\r\n")[2]
            client.sendall(then)
        client.shutdown(socket.SHUT_WR)
        while data := client.recv(65536):
            came += data
    return came


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /exec/none HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET PATH/more HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET PATH HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET PATH HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 400),
        (b"GET PATH HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 400),
        (b"GET PATH HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n", 400),
        (b"DELETE PATH HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_wrong_requests(server: StreamingServer, command: Command, request_: bytes, status: int) -> None:
    answer = said(server.url_for_exec(command("")), request_)
    assert str(status).encode() in answer.split(b"\r\n")[0]


HANDSHAKE = (
    b"GET PATH HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n"
)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (b"\x82\x01x", 1002),  # without a mask
        (b"\xc2\x81\0\0\0\0x", 1002),  # a reserved bit
        (b"\x83\x81\0\0\0\0x", 1002),  # no such opcode
        (b"\x80\x81\0\0\0\0x", 1002),  # a continuation of nothing
        (b"\x02\x81\0\0\0\0x\x82\x81\0\0\0\0x", 1002),  # a beginning within a message
        (b"\x09\x81\0\0\0\0x", 1002),  # a ping in pieces
        (b"\x89\xfe\x00\x80\0\0\0\0" + bytes(128), 1002),  # a long ping
        (b"\x82\xff" + (1 << 62).to_bytes(8) + bytes(4), 1009),  # a very long message
        (b"\x88\x82\0\0\0\0\x03\xe8", 1000),  # no fault: a close
    ],
)
def test_wrong_websocket_frames(server: StreamingServer, command: Command, frames: bytes, code: int) -> None:
    url = server.url_for_exec(command("import os; os.read(0, 1)", stdin=True, stdout=False, stderr=False))
    answer = said(url, HANDSHAKE, frames)
    assert answer[:1] == b"\x88"
    assert int.from_bytes(answer[2:4]) == code


def test_a_ping_is_answered(server: StreamingServer, command: Command) -> None:
    url = server.url_for_exec(command("import os; os.read(0, 1)", stdin=True, stdout=False, stderr=False))
    assert said(url, HANDSHAKE, b"\x89\x83\0\0\0\0abc").startswith(b"\x8a\x03abc")


@pytest.mark.parametrize(
    "message", [b"", b"\x00", b"\x01x", b"\x09x", b"\xff", b"\xff\xff", b"\x04not json", b"\xff\x09"]
)
def test_messages_without_sense_are_passed_over(execute: Callable[..., Remote], message: bytes) -> None:
    remote: Any = execute("websocket:v5.channel.k8s.io", "import os; os.write(1, os.read(0, 9))", stdin=True)
    remote.carrier.socket.send(message)
    remote.send(b"sea")
    assert remote.wait() == 0
    assert remote.stdout == b"sea"


@pytest.mark.parametrize("message", [b"", b"\x00c2Vh", b"/c2Vh", b"5c2Vh", b"~", b"4bm90IGpzb24="])
def test_base64_messages_without_sense_are_passed_over(execute: Callable[..., Remote], message: bytes) -> None:
    remote: Any = execute("websocket:v4.base64.channel.k8s.io", "import os; os.write(1, os.read(0, 9))", stdin=True)
    remote.carrier.socket.send(message)
    remote.send(b"sea")
    assert remote.wait() == 0
    assert remote.stdout == b"sea"


def test_what_is_not_base64_closes_the_connection(execute: Callable[..., Remote]) -> None:
    remote: Any = execute("websocket:v4.base64.channel.k8s.io", "import os; os.read(0, 9)", stdin=True)
    remote.carrier.socket.send(b"0!")
    while remote.pull():
        pass
    assert remote.carrier.socket.close_code == 1007


@pytest.mark.parametrize(
    "frames",
    [
        struct.pack("!HHI", 0x8002, 1, 0),  # another version
        struct.pack("!HHI", 0x8003, 1, 0),  # no number of a stream
        SYN + struct.pack("!IIHI", 1, 0, 0, 0),  # headers that are not compressed
        SYN + struct.pack("!IIHI", 2, 0, 0, 0),  # an even number
        struct.pack("!HHI", 0x8003, 4, 4) + b"\xff" * 4,  # settings without their entries
        struct.pack("!HHI", 0x8003, 9, 4) + b"\0" * 4,  # a window update that is too short
        struct.pack("!HHI", 0x8003, 6, 1 << 20),  # far too long
    ],
)
def test_wrong_spdy_frames_end_with_goaway(server: StreamingServer, command: Command, frames: bytes) -> None:
    wire, rest, _ = upgrade(server.url_for_exec(command("")), ["v4.channel.k8s.io"], 10)
    wire.send(frames)
    while data := wire.receive(10):
        rest += data
    wire.close()
    (frame,) = Decoder().feed(rest)
    assert (frame.kind, frame.value) == (7, 1)


def test_data_for_no_stream_resets_it(server: StreamingServer, command: Command) -> None:
    wire, rest, _ = upgrade(server.url_for_exec(command("")), ["v4.channel.k8s.io"], 10)
    wire.send(struct.pack("!II", 77, 3) + b"sea")
    while len(rest) < 16:
        rest += wire.receive(10)
    wire.close()
    (frame,) = Decoder().feed(rest)
    assert (frame.kind, frame.stream, frame.value) == (3, 77, 2)


def test_unknown_spdy_frames_are_passed_over(execute: Callable[..., Remote]) -> None:
    remote: Any = execute("spdy:v4.channel.k8s.io", "import os; os.write(1, os.read(0, 9))", stdin=True)
    remote.carrier.spdy.raw(struct.pack("!HHI", 0x8003, 99, 3) + b"abc")
    remote.carrier.spdy.ping(41)
    remote.send(b"sea")
    assert remote.wait() == 0
    assert remote.carrier.spdy.pongs == [41]


NUMBERS = st.sampled_from([0, 1, 2, 3, 5, 0x7FFFFFFF, 0xFFFFFFFF])
CONTROL = st.builds(
    lambda kind, flags, body: struct.pack("!HHI", 0x8003, kind, flags << 24 | len(body)) + body,
    st.integers(1, 10),
    st.integers(0, 255),
    st.one_of(
        st.binary(max_size=40), st.lists(NUMBERS, max_size=5).map(lambda each: struct.pack(f"!{len(each)}I", *each))
    ),
)
DATA = st.builds(
    lambda stream, flags, body: struct.pack("!II", stream & 0x7FFFFFFF, flags << 24 | len(body)) + body,
    NUMBERS,
    st.integers(0, 3),
    st.binary(max_size=40),
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(parts=st.lists(st.one_of(CONTROL, DATA, st.binary(max_size=20)), max_size=6))
def test_no_spdy_bytes_bring_the_server_down(server: StreamingServer, command: Command, parts: list[bytes]) -> None:
    wire, _, _ = upgrade(server.url_for_exec(command("")), ["v4.channel.k8s.io"], 10)
    wire.send(b"".join(parts))
    wire.finish()
    while wire.receive(10):
        pass
    wire.close()


@QUICK
@given(parts=st.lists(st.binary(max_size=20), max_size=4))
def test_no_websocket_bytes_bring_the_server_down(
    server: StreamingServer, command: Command, parts: list[bytes]
) -> None:
    said(server.url_for_exec(command("", stdin=True)), HANDSHAKE, b"".join(parts) or b"\x88\x80\0\0\0\0")


@QUICK
@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_frames_do_not_depend_on_how_their_bytes_arrive(data: bytes, cuts: list[int]) -> None:
    whole = b"".join(
        struct.pack("!II", 1 + 2 * (number % 3), len(piece)) + piece
        for number, piece in enumerate(data[start : start + 7] for start in range(0, len(data), 7))
    )
    decoder, edges = Decoder(), sorted({0, *(min(cut, len(whole)) for cut in cuts), len(whole)})
    pieces = [frame for start, end in pairwise(edges) for frame in decoder.feed(whole[start:end])]
    assert pieces == list(Decoder().feed(whole))
    assert b"".join(frame.data for frame in pieces) == data
    assert not decoder.partial


def test_a_wire_says_when_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(AssertionError, match="nobody listens"):
        Wire(("127.0.0.1", port), 1)
