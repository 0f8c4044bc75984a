"""One client of the streaming server: from its HTTP request to the end of its streams."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, BinaryIO, cast

from reference_runtime.cri.streaming import channels, spdy_streams, websocket
from reference_runtime.cri.streaming.backend import Process
from reference_runtime.cri.streaming.forward import Forwarder
from reference_runtime.cri.streaming.line import Line
from reference_runtime.cri.streaming.remote import Session
from reference_runtime.cri.streaming.tokens import Tokens

_TUNNEL = "SPDY/3.1+portforward.k8s.io"


@dataclass(frozen=True)
class Remote:
    """What an exec or attach URL stands for."""

    kind: str
    wanted: frozenset[str]
    start: Callable[[], Process]


@dataclass(frozen=True)
class Forward:
    """What a port-forward URL stands for."""

    ports: Sequence[int]
    connect: Callable[[int], socket.socket]
    kind: str = "portforward"


class Refusal(Exception):
    """The request is answered with an error."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """Redeems the token, agrees on a protocol, and stays until all is over."""

    protocol_version = "HTTP/1.1"
    server_version = "seatrial"
    sys_version = ""
    rbufsize = 1 << 16
    timeout = 30  # seconds for the head of the request
    disable_nagle_algorithm = True

    def __init__(self, tokens: Tokens[Remote | Forward], bugs: Collection[str], *arguments: Any) -> None:
        self._tokens = tokens
        self._bugs = bugs
        super().__init__(*arguments)

    def do_GET(self) -> None:  # the name that the base class calls
        """Serve one client."""
        self.close_connection = True
        try:
            self._serve()
        except Refusal as refusal:
            self._answer(refusal.status, str(refusal))

    do_POST = do_GET  # noqa: N815  # as above

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is logged."""

    def _serve(self) -> None:
        _, kind, token, *rest = (*self.path.partition("?")[0].split("/"), "", "")
        job = self._tokens.redeem(token)
        if job is None or job.kind != kind or any(rest):
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such stream, or it was already used")
        upgrade = self.headers.get("Upgrade", "").lower()
        if "upgrade" not in self.headers.get("Connection", "").lower() or upgrade not in {"websocket", "spdy/3.1"}:
            raise Refusal(HTTPStatus.BAD_REQUEST, "an upgrade to websocket or SPDY/3.1 is needed")
        line = Line(self.connection, cast("BinaryIO", self.rfile))
        (self._websocket if upgrade == "websocket" else self._spdy)(job, line)
        line.close()

    def _websocket(self, job: Remote | Forward, line: Line) -> None:
        try:
            accepted = websocket.accept(self.headers)
        except ValueError as problem:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(problem)) from None
        offered = [
            name.strip() for line in self.headers.get_all("Sec-WebSocket-Protocol", []) for name in line.split(",")
        ]
        known = channels.REMOTE if isinstance(job, Remote) else (_TUNNEL, *channels.FORWARD)
        protocol = _agree(offered, known)
        told = {"Sec-WebSocket-Protocol": protocol} if protocol else {}
        self._switch({"Upgrade": "websocket", "Sec-WebSocket-Accept": accepted, **told})
        stream = websocket.WebSocket(line)
        if isinstance(job, Remote):
            self._remote_websocket(job, stream, protocol)
        elif protocol == _TUNNEL:
            inner = TunnelLine(stream)
            self._forward_spdy(job, inner)
            stream.close()
        else:
            self._forward_websocket(job, stream, protocol)

    def _spdy(self, job: Remote | Forward, line: Line) -> None:
        offered = [
            name.strip() for line in self.headers.get_all("X-Stream-Protocol-Version", []) for name in line.split(",")
        ]
        known = spdy_streams.REMOTE if isinstance(job, Remote) else spdy_streams.FORWARD
        protocol = _agree(offered, known)
        self._switch({"Upgrade": "SPDY/3.1", "X-Stream-Protocol-Version": protocol})
        if isinstance(job, Remote):
            self._remote_spdy(job, line, protocol)
        else:
            self._forward_spdy(job, line)

    def _remote_websocket(self, job: Remote, stream: websocket.WebSocket, protocol: str) -> None:
        client = channels.RemoteChannels(stream, protocol, job.wanted | {"error"})
        session = self._session(job, client)
        thread = threading.Thread(target=session.run, daemon=True)
        thread.start()
        client.serve()
        session.leave()
        thread.join()

    def _remote_spdy(self, job: Remote, line: Line, protocol: str) -> None:
        threads: list[threading.Thread] = []

        def ready() -> None:
            threads.append(threading.Thread(target=session.run, daemon=True))
            threads[0].start()

        client = spdy_streams.RemoteStreams(line, protocol, job.wanted, ready)
        session = self._session(job, client)
        client.serve()
        session.leave()
        for thread in threads:
            thread.join()

    def _session(self, job: Remote, client: channels.RemoteChannels | spdy_streams.RemoteStreams) -> Session:
        return Session(job.start, client, tells=job.kind == "exec", bugs=self._bugs)

    def _forward_websocket(self, job: Forward, stream: websocket.WebSocket, protocol: str) -> None:
        client = channels.ForwardChannels(stream, protocol, job.ports)
        for pair in client.pairs:
            pair.greet()
        forwarder = Forwarder(job.connect, self._bugs)
        threads = [forwarder.start(pair) for pair in client.pairs]

        def end_with_the_last() -> None:
            for thread in threads:
                thread.join()
            client.end()

        last = threading.Thread(target=end_with_the_last, daemon=True)
        last.start()
        client.serve()
        forwarder.leave()
        last.join()

    def _forward_spdy(self, job: Forward, line: Line) -> None:
        forwarder = Forwarder(job.connect, self._bugs)
        threads: list[threading.Thread] = []
        client = spdy_streams.ForwardStreams(line, lambda pair: threads.append(forwarder.start(pair)))
        client.serve()
        forwarder.leave()
        for thread in threads:
            thread.join()

    def _switch(self, headers: dict[str, str]) -> None:
        self.send_response(HTTPStatus.SWITCHING_PROTOCOLS)
        self.send_header("Connection", "Upgrade")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.connection.settimeout(None)

    def _answer(self, status: HTTPStatus, reason: str) -> None:
        body = f"{reason}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


class TunnelLine(Line):
    """A line for SPDY whose bytes travel in the messages of a WebSocket."""

    def __init__(self, stream: websocket.WebSocket) -> None:
        self.file = cast("BinaryIO", io.BufferedReader(websocket.Tunnel(stream), 1 << 16))
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Send as one message."""
        self._stream.send(data)

    def patience(self, seconds: float | None) -> None:
        """The WebSocket waits as long as it likes."""

    def hang_up(self) -> None:
        """Close the WebSocket."""
        self._stream.close()


def _agree(offered: Sequence[str], known: Collection[str]) -> str:
    """The protocol that the client likes best of those that are spoken here."""
    if not offered and "" in known:
        return ""
    for name in offered:
        if name in known and name:
            return name
    raise Refusal(
        HTTPStatus.FORBIDDEN,
        f"no protocol in common: offered {', '.join(offered) or 'none'}, spoken {', '.join(filter(None, known))}",
    )
