"""The HTTP server of the streams: one-time URLs, and what they lead to."""

from __future__ import annotations

from collections.abc import Collection

from reference_runtime.cri.streaming.backend import AttachRequest, Backend, ExecRequest, PortForwardRequest


class StreamingServer:
    """Listens on loopback from the start; each URL serves one client and is void after a minute.

    ``bugs`` are names from ``BUGS``, others are ignored.
    """

    def __init__(
        self, backend: Backend, address: tuple[str, int] = ("127.0.0.1", 0), bugs: Collection[str] = ()
    ) -> None:
        raise NotImplementedError

    def url_for_exec(self, request: ExecRequest) -> str:
        """The URL under which the program will be started.  ``ValueError`` when the request contradicts itself."""
        raise NotImplementedError

    def url_for_attach(self, request: AttachRequest) -> str:
        """The URL under which the container will be attached to.  ``ValueError`` as above."""
        raise NotImplementedError

    def url_for_port_forward(self, request: PortForwardRequest) -> str:
        """The URL under which ports of the sandbox will be reached.  ``ValueError`` as above."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop listening and let go of all clients; programs are told by ``Process.close``."""
        raise NotImplementedError
