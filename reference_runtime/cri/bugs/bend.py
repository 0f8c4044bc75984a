"""How messages and configs are bent: small functions that make functions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from reference_runtime.cri.errors import WrongState

Bend = Callable[[Any], None]


def _reach(message: Any, path: str) -> tuple[Any, str]:
    """The message that has the last field of a dotted path."""
    *way, last = path.split(".")
    for name in way:
        message = getattr(message, name)
    return message, last


def clear(*paths: str) -> Bend:
    """Forgets fields."""

    def bend(message: Any) -> None:
        for path in paths:
            owner, name = _reach(message, path)
            owner.ClearField(name)

    return bend


def put(path: str, value: Any) -> Bend:
    """Sets a field that holds a single value."""

    def bend(message: Any) -> None:
        owner, name = _reach(message, path)
        setattr(owner, name, value)

    return bend


def change(path: str, function: Callable[[Any], Any]) -> Bend:
    """Makes another value of a field's."""

    def bend(message: Any) -> None:
        owner, name = _reach(message, path)
        setattr(owner, name, function(getattr(owner, name)))

    return bend


def add_entry(path: str) -> Bend:
    """Adds an entry to a map of strings."""

    def bend(message: Any) -> None:
        owner, name = _reach(message, path)
        getattr(owner, name)["seatrial.invalid/added"] = "on purpose"

    return bend


def each(path: str, bend_one: Bend) -> Bend:
    """Bends every element of a repeated field."""

    def bend(message: Any) -> None:
        owner, name = _reach(message, path)
        for element in getattr(owner, name):
            bend_one(element)

    return bend


def same(path: str) -> Bend:
    """Always tells the value that came first."""
    seen: list[Any] = []

    def bend(message: Any) -> None:
        owner, name = _reach(message, path)
        if getattr(owner, name):
            seen.append(getattr(owner, name))
            setattr(owner, name, seen[0])

    return bend


def counting(path: str) -> Bend:
    """Sets a field to a number that was not there before."""
    numbers = itertools.count(1000)

    def bend(message: Any) -> None:
        owner, name = _reach(message, path)
        setattr(owner, name, next(numbers))

    return bend


def once(field: str) -> Bend:
    """Refuses the second call for the same object."""
    seen: set[str] = set()

    def bend(request: Any) -> None:
        name = getattr(request, field)
        if name in seen:
            raise WrongState(f"{name} again, on purpose")
        seen.add(name)

    return bend


def not_after(field: str) -> tuple[Bend, Bend]:
    """Two bends: what the first has seen, the second refuses."""
    seen: set[str] = set()

    def remember(request: Any) -> None:
        seen.add(getattr(request, field))

    def refuse(request: Any) -> None:
        if getattr(request, field) in seen:
            raise WrongState(f"{getattr(request, field)} is gone")

    return remember, refuse


def namespace(kind: str, function: Callable[[dict[str, str] | None], dict[str, str] | None]) -> Bend:
    """Makes another namespace of one in a config.json; None is none."""

    def bend(config: Any) -> None:
        spaces = config["linux"]["namespaces"]
        before = next((space for space in spaces if space["type"] == kind), None)
        after = function(before)
        config["linux"]["namespaces"] = [space for space in spaces if space["type"] != kind] + (
            [after] if after else []
        )

    return bend
