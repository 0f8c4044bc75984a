"""The deliberate faults of this server: what ``--bug`` has switched on.  Without ``--bug`` there are none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Bug:
    """One way to break the server.

    ``requests`` bends the request of the calls that it names, ``answers`` their responses; ``config`` bends the
    config.json of containers.  A bug with none of these is a switch that ``has`` asks for where it matters.
    """

    name: str
    summary: str
    requests: dict[str, Callable[[Any], None]] = dataclasses.field(default_factory=dict)
    answers: dict[str, Callable[[Any], None]] = dataclasses.field(default_factory=dict)
    config: Callable[[dict[str, Any]], None] | None = None


active: dict[str, Bug] = {}


def has(name: str) -> bool:
    """Whether the server has the fault of that name."""
    return name in active


def bend_request(call: str, request: Any) -> None:
    """Bends what a client asked for."""
    for bug in active.values():
        if call in bug.requests:
            bug.requests[call](request)


def bend_answer(call: str, answer: Any) -> None:
    """Bends what a client is told."""
    for bug in active.values():
        if call in bug.answers:
            bug.answers[call](answer)


def bend_config(config: dict[str, Any]) -> None:
    """Bends the configuration of a container."""
    for bug in active.values():
        if bug.config:
            bug.config(config)
