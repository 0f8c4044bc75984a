"""The HTTP server of the streams: one-time URLs, and what they lead to."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from collections.abc import Callable, Collection
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from reference_runtime.cri.streaming.backend import AttachRequest, Backend, ExecRequest, PortForwardRequest
from reference_runtime.cri.streaming.handler import Forward, Handler, Remote
from reference_runtime.cri.streaming.tokens import Tokens


class StreamingServer:
    """Listens on loopback from the start; each URL serves one client and is void after a minute.

    ``bugs`` are names from ``BUGS``, others are ignored.
    """

    def __init__(
        self, backend: Backend, address: tuple[str, int] = ("127.0.0.1", 0), bugs: Collection[str] = ()
    ) -> None:
        self._backend = backend
        self._bugs = frozenset(bugs)
        self._tokens: Tokens[Remote | Forward] = Tokens(reusable="cri-stream-token-reusable" in bugs)
        self._http = _Http(address, functools.partial(Handler, self._tokens, self._bugs))
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def url_for_exec(self, request: ExecRequest) -> str:
        """The URL under which the program will be started.

        ``ValueError`` when the request contradicts itself, ``StreamFailed`` when too many wait for their clients.
        """
        wanted = _wanted(request, self._bugs)
        if not request.cmd:
            raise ValueError("cmd is empty")
        start = functools.partial(
            self._backend.exec,
            request.container_id,
            tuple(request.cmd),
            stdin=request.stdin,
            stdout=request.stdout,
            stderr=request.stderr,
            tty=request.tty and "cri-stream-tty-ignored" not in self._bugs,
        )
        return self._url(Remote("exec", wanted, start))

    def url_for_attach(self, request: AttachRequest) -> str:
        """The URL under which the container will be attached to.  Raises as above."""
        wanted = _wanted(request, self._bugs)
        start = functools.partial(
            self._backend.attach,
            request.container_id,
            stdin=request.stdin,
            stdout=request.stdout,
            stderr=request.stderr,
            tty=request.tty,
        )
        return self._url(Remote("attach", wanted, start))

    def url_for_port_forward(self, request: PortForwardRequest) -> str:
        """The URL under which ports of the sandbox will be reached.  Raises as above.

        The ports of the request are those of WebSocket clients; others name them as they open their streams.
        """
        if not request.pod_sandbox_id:
            raise ValueError("pod_sandbox_id is empty")
        for port in request.port:
            if not 0 < port < 1 << 16:
                raise ValueError(f"{port} is no port")
        connect = functools.partial(self._backend.port_forward, request.pod_sandbox_id)
        return self._url(Forward(tuple(request.port), connect))

    def close(self) -> None:
        """Stop listening and let go of all clients; programs are told by ``Process.close``."""
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()

    def _url(self, job: Remote | Forward) -> str:
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}/{job.kind}/{self._tokens.issue(job)}"


class _Http(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: Callable[[Any, Any, Any], BaseRequestHandler]) -> None:
        super().__init__(address, handler)
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()

    def get_request(self) -> tuple[socket.socket, Any]:
        """A new client."""
        client, address = super().get_request()
        with self._lock:
            self._clients.add(client)
        return client, address

    def shutdown_request(self, request: Any) -> None:
        """A client is done."""
        with self._lock:
            self._clients.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Let go of all clients; their threads see it and end."""
        with self._lock:
            for client in self._clients:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)


def _wanted(request: ExecRequest | AttachRequest, bugs: Collection[str]) -> frozenset[str]:
    """The streams of a request.  ``ValueError`` when they contradict each other, as the API's comments say."""
    if not request.container_id:
        raise ValueError("container_id is empty")
    if request.tty and request.stderr and "cri-stream-tty-with-stderr" not in bugs:
        raise ValueError("tty and stderr exclude each other: a terminal has one stream of output")
    wanted = {name for name in ("stdin", "stdout", "stderr") if getattr(request, name)}
    if not wanted and "cri-stream-nothing-required" not in bugs:
        raise ValueError("one of stdin, stdout and stderr must be true")
    return frozenset(wanted | ({"resize"} if request.tty else set()))
