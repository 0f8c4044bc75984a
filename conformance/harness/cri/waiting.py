"""Waiting for facts: look again until what is seen is good, and no longer than a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from conformance.harness.errors import Violation

#: Between two looks, in seconds.
MOMENT = 0.01
Seen = TypeVar("Seen")


def looked(
    look: Callable[[], Seen], good: Callable[[Seen], object] = bool, seconds: float = 20.0, moment: float = MOMENT
) -> Seen:
    """What is seen once it is good, or what was seen last when it did not become so in time."""
    deadline = time.monotonic() + seconds
    while not good(seen := look()) and time.monotonic() < deadline:
        time.sleep(moment)
    return seen


def until(
    look: Callable[[], Seen],
    good: Callable[[Seen], object],
    what: str,
    seconds: float = 20.0,
    moment: float = MOMENT,
) -> Seen:
    """What is seen once it is good.  Raises ``Violation``, which says what is wrong, when it does not become so."""
    seen = looked(look, good, seconds, moment)
    if not good(seen):
        raise Violation(f"{what} after {seconds:g} seconds: {str(seen)[-1000:]}")
    return seen
