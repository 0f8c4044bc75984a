"""The numbered channels that Kubernetes puts into the messages of a WebSocket."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Sequence

from reference_runtime.cri.streaming.inbox import Inbox
from reference_runtime.cri.streaming.websocket import WebSocket

# Exec and attach. An empty name: a client that asks for none gets the oldest.
REMOTE = (
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v4.base64.channel.k8s.io",
    "channel.k8s.io",
    "base64.channel.k8s.io",
    "",
)
FORWARD = ("v4.channel.k8s.io", "v4.base64.channel.k8s.io")
NAMES = ("stdin", "stdout", "stderr", "error", "resize")
_CLOSE = 255


class Numbered:
    """Channels by their numbers: the first byte of each message, which is a digit where all is base64."""

    def __init__(self, socket: WebSocket, protocol: str) -> None:
        self._socket = socket
        self._base64 = "base64" in protocol

    def send(self, number: int, data: bytes) -> None:
        """Send data on a channel.  ``OSError`` when the client is gone."""
        if self._base64:
            self._socket.send(b"%d" % number + base64.b64encode(data))
        else:
            self._socket.send(bytes([number]) + data)

    def receive(self) -> tuple[int, bytes] | None:
        """Channel and data of the next message that has both; None once the client has closed."""
        while (message := self._socket.receive()) is not None:
            if message and not self._base64:
                return message[0], message[1:]
            if message:
                try:
                    return message[0] - ord("0"), base64.b64decode(message[1:], validate=True)
                except binascii.Error:
                    self._socket.close(1007, "not base64")
        return None


class RemoteChannels:
    """The channels of exec and attach."""

    def __init__(self, socket: WebSocket, protocol: str, wanted: Collection[str]) -> None:
        self.structured = protocol.startswith(("v4", "v5"))
        self._closes = protocol.startswith("v5")
        self._socket = socket
        self._numbered = Numbered(socket, protocol)
        self._wanted = wanted
        self._inboxes = {name: Inbox() for name in ("stdin", "resize")}

    def serve(self) -> None:
        """Sort what comes until the client closes."""
        while (message := self._numbered.receive()) is not None:
            number, data = message
            if number == _CLOSE and self._closes:
                self._close(data)
            elif (name := _name(number)) in self._inboxes and name in self._wanted:
                self._inboxes[name].put(data)
        for inbox in self._inboxes.values():
            inbox.end()

    def inbox(self, name: str) -> Inbox:
        """What comes for "stdin" or "resize"."""
        return self._inboxes[name]

    def send(self, name: str, data: bytes) -> None:
        """Send on a channel that the client wants."""
        if name in self._wanted:
            self._numbered.send(NAMES.index(name), data)

    def finish(self, name: str) -> None:
        """Channels of a server are closed with the connection."""

    def end(self) -> None:
        """Close the connection."""
        for inbox in self._inboxes.values():
            inbox.close()
        self._socket.close()

    def _close(self, data: bytes) -> None:
        if data and (name := _name(data[0])) in self._inboxes:
            self._inboxes[name].end()


def _name(number: int) -> str:
    return NAMES[number] if 0 <= number < len(NAMES) else ""


class ForwardChannels:
    """The channels of port-forward: for each port one for its data and one for its errors."""

    def __init__(self, socket: WebSocket, protocol: str, ports: Sequence[int]) -> None:
        self._socket = socket
        self._numbered = Numbered(socket, protocol)
        self.pairs = [Pair(self._numbered, 2 * index, port) for index, port in enumerate(ports)]

    def serve(self) -> None:
        """Sort what comes until the client closes."""
        while (message := self._numbered.receive()) is not None:
            number, data = message
            if number % 2 == 0 and 0 <= number // 2 < len(self.pairs):
                self.pairs[number // 2].inbox.put(data)
        for pair in self.pairs:
            pair.inbox.end()

    def end(self) -> None:
        """All connections are over."""
        for pair in self.pairs:
            pair.inbox.close()
        self._socket.close()


class Pair:
    """One forwarded port on two channels."""

    def __init__(self, numbered: Numbered, number: int, port: int) -> None:
        self.port = port
        self.inbox = Inbox()
        self._numbered = numbered
        self._number = number

    def greet(self) -> None:
        """Both channels begin with the number of the port."""
        for number in (self._number, self._number + 1):
            self._numbered.send(number, self.port.to_bytes(2, "little"))

    def send(self, data: bytes) -> None:
        """Send what came from the port."""
        self._numbered.send(self._number, data)

    def fail(self, message: str) -> None:
        """Say what went wrong."""
        self._numbered.send(self._number + 1, message.encode())

    def half_close(self) -> bool:
        """There is no way to say it."""
        return False

    def finish(self) -> None:
        """There is no way to say it; when all are over, the connection is closed."""
        self.inbox.close()
