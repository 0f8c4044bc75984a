"""GetContainerEvents."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import closing
from itertools import islice
from typing import Any

import grpc
import pytest

from conformance import musts, proved_by
from conformance.harness.cri import protocol
from conformance.harness.cri.client import Client
from conformance.harness.cri.objects import EXITED
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.waiting import until
from conformance.harness.errors import Violation

SECOND = 10**9
#: More events than a connection takes that is not read, as each of them carries the ballast.
MANY, BALLAST = 24, "x" * 30_000
#: How long two simple calls may take together, in seconds.
PROMPT = 10.0
CREATED_EVENT, STARTED_EVENT, STOPPED_EVENT, DELETED_EVENT = range(4)


class Listener:
    """Collects events in the background, until its stream is cancelled, or up to a number of them."""

    def __init__(self, stream: Any, most: int | None = None) -> None:
        self.events: queue.Queue[Any] = queue.Queue()
        self.refusal = ""
        self._stream = islice(stream, most)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            for event in self._stream:
                self.events.put(event)
        except grpc.RpcError as problem:
            self.refusal = problem.code().name

    def skip_unknown(self) -> None:
        """Skip the test where the server does not know the call."""
        if self.refusal == "UNIMPLEMENTED":
            pytest.skip("unsupported: the server does not implement GetContainerEvents")

    def until(self, id: str, kind: int, seconds: float = 10.0) -> Any:
        """The next event of a kind about a container.  Raises ``Violation`` when it does not come."""
        deadline = time.monotonic() + seconds
        while True:
            self.skip_unknown()
            try:
                event = self.events.get(timeout=0.1)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise Violation(
                        f"there is no event {kind} about {id}; the stream: {self.refusal or 'open'}"
                    ) from None
                continue
            if event.container_id == id and event.container_event_type == kind:
                return event


@proved_by("cri-events-missing", "cri-events-time-zero")
@musts("cri.events", "cri.events.created", "cri.events.started", "cri.events.stopped", "cri.events.deleted")
@musts("cri.events.created-at")
def test_the_life_of_a_container_is_told(cri: CriScene) -> None:
    """There is an event when a container is created, started, has ended and was removed, with its time."""
    sandbox = cri.sandbox()
    with cri.node.client.stream("GetContainerEvents", protocol.message("GetEventsRequest"), 60) as stream:
        listener = Listener(stream)
        _until_open(cri, listener)
        before = time.time_ns()
        container = sandbox.container()
        events = [listener.until(container.id, CREATED_EVENT)]
        container.start()
        container.until(EXITED)
        events += [listener.until(container.id, kind) for kind in (STARTED_EVENT, STOPPED_EVENT)]
        container.remove()
        events.append(listener.until(container.id, DELETED_EVENT))
    times = [event.created_at for event in events]
    assert times == sorted(times)
    assert all(before - SECOND < each < time.time_ns() + SECOND for each in times)


@proved_by("cri-events-status-lost")
@musts("cri.events.status")
def test_an_event_has_the_status_of_the_pod(cri: CriScene) -> None:
    """An event about a container carries the status of its sandbox and of its containers."""
    sandbox = cri.sandbox()
    with cri.node.client.stream("GetContainerEvents", protocol.message("GetEventsRequest"), 60) as stream:
        listener = Listener(stream)
        _until_open(cri, listener)
        container = sandbox.running()
        event = listener.until(container.id, STARTED_EVENT)
    assert event.pod_sandbox_status.id == sandbox.id
    assert container.id in [each.id for each in event.containers_statuses]


@proved_by("cri-events-block")
@musts("cri.events.slow-listener")
def test_a_client_that_does_not_listen_holds_up_nobody(cri: CriScene) -> None:
    """While a client reads none of its many events all else goes on, and whoever listens afterwards is told again."""
    sandbox = cri.sandbox(annotations={"seatrial.ballast": BALLAST})
    deaf = Client(cri.server.address, 60, narrow=True)
    request = protocol.message("GetEventsRequest")
    with closing(deaf), deaf.stream("GetContainerEvents", request) as stream:
        _until_open(cri, Listener(stream, most=1))
        for _ in range(MANY):
            began = time.monotonic()
            sandbox.container(annotations={"seatrial.ballast": BALLAST}).remove()
            assert time.monotonic() - began < PROMPT
    with cri.node.client.stream("GetContainerEvents", request, 60) as stream:
        _until_open(cri, Listener(stream))


def _until_open(cri: CriScene, listener: Listener) -> None:
    """Wait until events come: make containers until the first of them is told."""
    sandbox = cri.pod

    def heard() -> bool:
        sandbox.container().remove()
        return not listener.events.empty() or bool(listener.refusal)

    until(heard, bool, "no event comes", 10, 0.05)
    listener.skip_unknown()
