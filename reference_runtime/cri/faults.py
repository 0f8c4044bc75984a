"""The deliberate faults of this server: what ``--bug`` has switched on.  Without ``--bug`` there are none."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import Any

from reference_runtime.cri.errors import Failed, TooLate


@dataclasses.dataclass(frozen=True)
class Bug:
    """One way to break the server.

    ``requests`` bends the request of the calls that it names, ``answers`` their responses; ``config`` bends the
    config.json of containers, ``image`` what their image says.  The calls in ``accepts`` answer emptily where they
    should refuse, those in ``refuses`` always refuse, those in ``pretends`` answer and do nothing.  Those in
    ``serial`` wait for each other, those in ``exclusive`` are refused while another one is answered.  Those in
    ``loses`` do nothing any more once a client gave them up.  A bug with none of these is a switch that ``has`` asks
    for where it matters.
    """

    name: str
    summary: str
    requests: dict[str, Callable[[Any], None]] = dataclasses.field(default_factory=dict)
    answers: dict[str, Callable[[Any], None]] = dataclasses.field(default_factory=dict)
    config: Callable[[dict[str, Any]], None] | None = None
    image: Callable[[dict[str, Any]], None] | None = None
    accepts: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    pretends: tuple[str, ...] = ()
    serial: tuple[str, ...] = ()
    exclusive: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()


active: dict[str, Bug] = {}
_lock = threading.Lock()
#: How long a call waits whether its client gives it up, in seconds.
_MOMENT = 0.2
#: The calls that were given up, with what they were about, where a fault loses them.
_given_up: set[tuple[str, str]] = set()


def has(name: str) -> bool:
    """Whether the server has the fault of that name."""
    return name in active


def accepts(call: str) -> bool:
    """Whether a call answers where it should refuse."""
    return any(call in bug.accepts for bug in active.values())


def pretends(call: str) -> bool:
    """Whether a call answers and does nothing.  Failed when it refuses for no reason."""
    if any(call in bug.refuses for bug in active.values()):
        raise Failed(f"{call} is refused on purpose")
    return any(call in bug.pretends for bug in active.values())


@contextlib.contextmanager
def alone(call: str) -> Iterator[None]:
    """Makes a call wait for others, or fail beside them, where a fault says so."""
    waits = any(call in bug.serial for bug in active.values())
    fails = any(call in bug.exclusive for bug in active.values())
    if not waits and not fails:
        yield
        return
    if not _lock.acquire(blocking=waits):
        raise Failed(f"{call} is busy on purpose")
    try:
        yield
    finally:
        _lock.release()


def lost(call: str, request: Any, context: Any) -> bool:
    """Whether a call does nothing, since its client gave it up before.  TooLate when that happens now."""
    if not any(call in bug.loses for bug in active.values()):
        return False
    key = (call, str(getattr(request, request.DESCRIPTOR.fields[0].name)))
    if key in _given_up:
        return True
    left = threading.Event()
    if context.add_callback(left.set) and not left.wait(_MOMENT):
        return False
    _given_up.add(key)
    raise TooLate("the client has left")


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


def bend_image(settings: dict[str, Any]) -> dict[str, Any]:
    """What an image says to containers, bent."""
    bent = dict(settings)
    for bug in active.values():
        if bug.image:
            bug.image(bent)
    return bent


def bend_config(config: dict[str, Any]) -> None:
    """Bends the configuration of a container."""
    for bug in active.values():
        if bug.config:
            bug.config(config)
