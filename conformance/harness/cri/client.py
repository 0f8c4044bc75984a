"""Calls of a CRI server over its Unix socket, each with a deadline."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from conformance.harness.cri import protocol
from conformance.harness.cri.protocol import Message

import grpc  # isort: skip  # after protocol, which sets the variables that it reads

#: How much longer than the deadline a call may take before the client gives up on its own.
GRACE = 5.0


@dataclass(frozen=True)
class Answer:
    """What came of a call: a message, or the name of a status code such as ``NOT_FOUND`` and its text."""

    method: str
    message: Message
    code: str
    text: str
    seconds: float

    @property
    def good(self) -> bool:
        """Whether the call succeeded."""
        return self.code == "OK"


class Client:
    """A connection to one server; ``timeout`` in seconds is for calls that name none.

    A narrow one takes no more than 64 kB that nobody has read yet.
    """

    def __init__(self, address: str, timeout: float, *, narrow: bool = False) -> None:
        self.address, self.timeout = address, timeout
        options = [
            ("grpc.max_receive_message_length", -1),
            ("grpc.enable_retries", 0),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.http2.bdp_probe", int(not narrow)),
        ]
        self._channel = grpc.insecure_channel(address, options=options)
        self._callables: dict[str, Any] = {}

    def close(self) -> None:
        """End the connection, and all calls under way."""
        self._channel.close()

    def call(self, method: str, request: Message, timeout: float | None = None) -> Answer:
        """Make a call that has one answer."""
        return self.finish(method, self.begin(method, request, timeout), timeout)

    def finish(self, method: str, pending: Any, timeout: float | None = None) -> Answer:
        """Wait for a call that was begun."""
        began = time.monotonic()
        try:
            # The deadline is the server's to keep, and grpc's; this one is ours, should both be broken.
            message = pending.result((timeout or self.timeout) + GRACE)
        except grpc.FutureTimeoutError:
            pending.cancel()
            return Answer(method, None, "DEADLINE_EXCEEDED", "no answer at all", time.monotonic() - began)
        except (grpc.RpcError, grpc.FutureCancelledError) as problem:
            return Answer(method, None, *_why(problem), time.monotonic() - began)
        return Answer(method, message, "OK", "", time.monotonic() - began)

    def begin(self, method: str, request: Message, timeout: float | None = None) -> Any:
        """Make a call without waiting: grpc's own future, which can be cancelled."""
        return self._callable(method).future(request, timeout=timeout or self.timeout)

    def raw(self, path: str, content: bytes = b"") -> Answer:
        """Make a call by its path in HTTP/2 with bytes that need be no message; the answer's message is bytes, too."""
        call = self._channel.unary_unary(path, request_serializer=None, response_deserializer=None)
        return self.finish(path, call.future(content, timeout=self.timeout))

    def collect(self, method: str, request: Message, timeout: float | None = None) -> Answer:
        """Make a call that has a stream of answers that ends; the message is the list of them."""
        began = time.monotonic()
        try:
            messages = list(self._callable(method)(request, timeout=timeout or self.timeout))
        except grpc.RpcError as problem:
            return Answer(method, None, *_why(problem), time.monotonic() - began)
        return Answer(method, messages, "OK", "", time.monotonic() - began)

    @contextmanager
    def stream(self, method: str, request: Message, timeout: float | None = None) -> Iterator[Any]:
        """A stream of answers that goes on until the end of the block."""
        running = self._callable(method)(request, timeout=timeout or self.timeout)
        try:
            yield running
        finally:
            running.cancel()

    def _callable(self, name: str) -> Any:
        if name not in self._callables:
            method = protocol.methods()[name]
            make = self._channel.unary_stream if method.streams else self._channel.unary_unary
            request, response = protocol.message_class(method.request), protocol.message_class(method.response)
            self._callables[name] = make(
                method.path, request_serializer=request.SerializeToString, response_deserializer=response.FromString
            )
        return self._callables[name]


def _why(problem: Any) -> tuple[str, str]:
    """Code and text of an error."""
    if not isinstance(problem, grpc.Call):
        return "CANCELLED", "the call was cancelled"
    return problem.code().name, problem.details() or ""
