"""The stream of events: each subscriber has a queue of its own."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri import faults

#: A subscriber that lets so many events wait loses the newest.
_MOST_WAITING = 1000
#: How long a fault waits for a subscriber, in seconds.
_PATIENCE = 20.0


def _until_heard(waiting: queue.Queue[Any]) -> None:
    """Part of a fault: nothing goes on while a subscriber does not listen."""
    deadline = time.monotonic() + _PATIENCE
    while waiting.qsize() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)


class Events:
    """Tells subscribers what happens to containers and sandboxes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: list[queue.Queue[Any]] = []

    def tell(self, kind: int, container_id: str, sandbox: Any, containers: list[Any]) -> None:
        """Sends an event to everyone who listens; ``sandbox`` and ``containers`` are their statuses now."""
        if faults.has("cri-events-missing"):
            return
        event = api_pb2.ContainerEventResponse(
            container_id=container_id,
            container_event_type=kind,  # type: ignore[arg-type]
            created_at=time.time_ns(),
            pod_sandbox_status=sandbox,
            containers_statuses=containers,
        )
        with self._lock:
            for waiting in self._queues:
                if faults.has("cri-events-block"):
                    _until_heard(waiting)
                if waiting.qsize() < _MOST_WAITING:
                    waiting.put(event)

    def subscribe(self, when_over: Callable[[Callable[[], None]], Any]) -> Iterator[Any]:
        """Events from now on, until ``when_over`` calls what it is given."""
        waiting: queue.Queue[Any] = queue.Queue()
        with self._lock:
            self._queues.append(waiting)
        when_over(lambda: waiting.put(None))
        return self._drain(waiting)

    def _drain(self, waiting: queue.Queue[Any]) -> Iterator[Any]:
        try:
            while (event := waiting.get()) is not None:
                yield event
        finally:
            with self._lock:
                self._queues.remove(waiting)
