"""What a server does wrong is a violation, whatever it does, and never an error of ours."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.harness.cri.streaming import NotStarted, StreamRefused, attach, port_forward
from conformance.harness.cri.streaming.remote import exit_status
from conformance.harness.cri.streaming.spdy_frames import DICTIONARY, Decoder
from conformance.harness.errors import HarnessError, Violation
from reference_runtime.cri.streaming.spdy_frames import DICTIONARY as OTHER_DICTIONARY

Script = Callable[..., str]
SPDY, V4, V5 = "spdy:v4.channel.k8s.io", "websocket:v4.channel.k8s.io", "websocket:v5.channel.k8s.io"
FAILURE = b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":%s}]}}'
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
SPEAKS_SPDY = SWITCH + b"Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"
SPEAKS_WEBSOCKET = (
    SWITCH + b"Upgrade: websocket\r\nSec-WebSocket-Accept: KEY\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n"
)


@pytest.fixture
def script() -> Iterator[Script]:
    """The URL of a server that says something to any request and hangs up; KEY becomes the right answer to a key."""
    with ExitStack() as stack:

        def serve(said: bytes) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=answer, args=(listener, said), daemon=True)
            thread.start()
            stack.callback(thread.join)
            return f"http://127.0.0.1:{listener.getsockname()[1]}/exec/token"

        yield serve


def answer(listener: socket.socket, said: bytes) -> None:
    client, _ = listener.accept()
    with client, suppress(OSError):
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(4096)
        if found := re.search(rb"Sec-WebSocket-Key: (\S+)", request):
            digest = hashlib.sha1(found[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
            said = said.replace(b"KEY", base64.b64encode(digest))
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass


@pytest.mark.parametrize("protocol", [SPDY, V4])
@pytest.mark.parametrize(
    "said",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", SWITCH + b"\r\n", SWITCH + b"Upgrade: h2c\r\n\r\n", SWITCH],
)
def test_an_answer_without_sense(script: Script, said: bytes, protocol: str) -> None:
    with pytest.raises(Violation):
        attach(script(said), protocol, timeout=5)


@pytest.mark.parametrize("protocol", [SPDY, V4])
def test_a_refusal_is_told_with_its_text(script: Script, protocol: str) -> None:
    url = script(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\n\r\nno entry")
    with pytest.raises(StreamRefused, match="403: no entry") as caught:
        attach(url, protocol, timeout=5)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "said",
    [
        SPEAKS_WEBSOCKET.replace(b"KEY", b"wrong"),
        SPEAKS_WEBSOCKET.replace(b"v4", b"v9"),
        SPEAKS_WEBSOCKET.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: odd\r\n\r\n"),
    ],
)
def test_a_wrong_websocket_handshake(script: Script, said: bytes) -> None:
    with pytest.raises(Violation, match="handshake"):
        attach(script(said), V4, timeout=5)


@pytest.mark.parametrize(
    "frames",
    [
        b"\x82\x81\0\0\0\0\x01",  # masked
        b"\xc2\x01\x01",  # a reserved bit
        b"\x82\x00",  # without a channel
        b"\x82\x01\x07",  # an unknown channel
        b"\x82\x02\x00x",  # the channel of the client
        b"\x82\x05\x01",  # cut off
        b"\x88\x02\x03\xe8",  # no status
        b"\x82\x04\x03{}x\x88\x02\x03\xe8",  # a status that is none
    ],
)
def test_wrong_websocket_messages(script: Script, frames: bytes) -> None:
    with attach(script(SPEAKS_WEBSOCKET + frames), V4, timeout=5) as remote, pytest.raises(Violation):
        remote.wait()


def test_a_protocol_of_the_servers_choice_can_be_seen(script: Script) -> None:
    with attach(script(SPEAKS_WEBSOCKET), V5 + ",v4.channel.k8s.io", timeout=5) as remote:
        assert remote.protocol == "v4.channel.k8s.io"
        with pytest.raises(HarnessError):
            remote.close_stdin()


@pytest.mark.parametrize(
    "frames",
    [
        struct.pack("!HHI", 0x8002, 2, 4) + b"\0\0\0\1",  # another version
        struct.pack("!HHI", 0x8003, 2, 4) + b"\0\0\0\1",  # a reply without headers
        struct.pack("!HHI", 0x8003, 3, 4) + b"\0\0\0\1",  # a reset without a reason
        struct.pack("!HHI", 0x8003, 3, 8) + b"\0\0\0\1\0\0\0\3",  # a reset
        struct.pack("!II", 99, 1) + b"x",  # data for no stream
        b"\x80\x03\x00",  # cut off
        b"",
    ],
)
def test_wrong_spdy_frames(script: Script, frames: bytes) -> None:
    with pytest.raises(Violation):
        attach(script(SPEAKS_SPDY + frames), SPDY, timeout=5)
    forward = script(SPEAKS_SPDY.replace(b"v4.channel", b"portforward") + frames)
    with pytest.raises(Violation), port_forward(forward, timeout=5) as tunnel:
        tunnel.connect(80)


@pytest.mark.parametrize("url", ["https://127.0.0.1:1/exec/x", "unix:///run/x", "", "/exec/token"])
def test_an_url_that_leads_nowhere(url: str) -> None:
    with pytest.raises(Violation, match="no URL"):
        attach(url)


def test_an_unknown_transport_is_our_mistake() -> None:
    with pytest.raises(HarnessError, match="carrier"):
        attach("http://127.0.0.1:1/", "carrier:pigeon")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (b'{"metadata":{},"status":"Success"}', 0),
        (FAILURE % b'"42"', 42),
    ],
)
def test_statuses(error: bytes, status: int) -> None:
    assert exit_status(error, "v4.channel.k8s.io") == status


@pytest.mark.parametrize(
    "error",
    [
        b"",
        b"boom",
        b"[]",
        b'{"status":"Failure","reason":"NonZeroExitCode"}',
        FAILURE % b'"x"',
        FAILURE % b"42",
        b'{"status":"Failure","reason":"NonZeroExitCode","details":7}',
        b'{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[7]}}',
    ],
)
def test_statuses_without_sense(error: bytes) -> None:
    with pytest.raises(Violation):
        exit_status(error, "v5.channel.k8s.io")


def test_another_failure_is_told_apart() -> None:
    with pytest.raises(NotStarted) as caught:
        exit_status(b'{"status":"Failure","reason":"InternalError","message":"no such program"}', "v4.channel.k8s.io")
    assert caught.value.message == "no such program"


def test_both_sides_start_from_the_same_dictionary() -> None:
    assert DICTIONARY == OTHER_DICTIONARY
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2  # as every peer tells it in its first header


@settings(max_examples=300, deadline=None)
@given(data=st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda rest: b"\x80\x03\x00" + rest)))
def test_no_bytes_of_a_server_are_an_error_of_ours(data: bytes) -> None:
    with suppress(Violation):
        list(Decoder().feed(data))
