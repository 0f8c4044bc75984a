"""What a server must have told: its lack is the server's fault, not a crash of the test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from conformance.harness.errors import Violation

Item = TypeVar("Item")


def first(items: Iterable[Item], what: str) -> Item:
    """The first of some items.  Raises ``Violation``, which says what there is none of."""
    for item in items:
        return item
    raise Violation(f"there is no {what}")
