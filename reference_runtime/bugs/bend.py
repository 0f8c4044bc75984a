"""The small functions that deliberate faults are put together from.

Those on configurations take a dotted path, in which ``*`` stands for every item of an array or value of a map.  What
is not there is left alone, so that a fault shows only where its property is used.
"""

from __future__ import annotations

import contextlib

from reference_runtime.errors import RuntimeFault
from reference_runtime.plan import Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from reference_runtime.compiler import Plan

    Config = dict[str, Any]
    Bend = Callable[[Config], None]
    PlanBend = Callable[[Plan], None]


def _places(value: Any, path: list[str]) -> Iterator[tuple[Any, Any]]:
    """Containers and keys of everything that a path leads to."""
    name, *rest = path
    if name == "*":
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    else:
        keys = [name] if isinstance(value, dict) and name in value else []
    for key in keys:
        if rest:
            yield from _places(value[key], rest)
        else:
            yield value, key


def drop(*paths: str) -> Bend:
    """Removes properties."""

    def bend(config: Config) -> None:
        for path in paths:
            for holder, key in list(_places(config, path.split("."))):
                del holder[key]

    return bend


def change(path: str, function: Callable[[Any], Any]) -> Bend:
    """Replaces each value by what a function makes of it."""

    def bend(config: Config) -> None:
        for holder, key in list(_places(config, path.split("."))):
            holder[key] = function(holder[key])

    return bend


def put(path: str, value: Any) -> Bend:
    """Sets a property, whether or not it is there; the objects above it are made."""

    def bend(config: Config) -> None:
        *parents, name = path.split(".")
        for parent in parents:
            config = config.setdefault(parent, {})
        config[name] = value

    return bend


def both(*bends: Bend) -> Bend:
    """One after the other."""

    def bend(config: Config) -> None:
        for one in bends:
            one(config)

    return bend


def keep(path: str, wanted: Callable[[Any], bool]) -> Bend:
    """Keeps the items of an array, or the entries of a map, of which a function is true."""

    def kept(items: Any) -> Any:
        if isinstance(items, dict):
            return {name: item for name, item in items.items() if wanted(name)}
        return [item for item in items if wanted(item)]

    return change(path, kept)


def lose(path: str, wanted: str, key: str = "") -> Bend:
    """Loses the items that are a certain word, or whose property ``key`` is."""
    return keep(path, lambda item: (item[key] if key else item) != wanted)


def replace(path: str, right: str, wrong: str) -> Bend:
    """Says one word instead of another."""
    return change(path, lambda word: wrong if word == right else word)


def first(path: str) -> Bend:
    """Keeps only the first item or entry."""
    return change(path, lambda items: dict(list(items.items())[:1]) if isinstance(items, dict) else items[:1])


def all_but_last(path: str) -> Bend:
    """Loses the last item."""
    return change(path, lambda items: items[:-1])


def reverse(path: str) -> Bend:
    """Turns an array around."""
    return change(path, lambda items: items[::-1])


def add(path: str, number: int) -> Bend:
    """Is off by some."""
    return change(path, lambda value: value + number)


def swap(path: str, one: str, other: str) -> Bend:
    """Exchanges two properties of an object."""

    def swapped(value: Config) -> Config:
        names = {one: other, other: one}
        return {names.get(name, name): item for name, item in value.items()}

    return change(path, swapped)


class _Bent(Op):
    """A step that is executed by a fault's function, which gets the step itself."""

    __slots__ = ("around", "op")

    def __init__(self, op: Op, around: Callable[[Any], None]) -> None:
        super().__init__(op.kind, op.subject)
        self.op = op
        self.around = around

    def describe(self) -> str:
        """As the step, marked."""
        return f"{self.op.describe()} (bent)"

    def execute(self) -> None:
        """Leaves it to the function."""
        self.around(self.op)


def around(kind: str, function: Callable[[Any], None]) -> PlanBend:
    """Has a function execute the steps of a kind, or something else instead."""

    def bend(plan: Plan) -> None:
        for ops in plan.values():
            ops[:] = [_Bent(op, function) if op.kind == kind else op for op in ops]

    return bend


def forgiving(*kinds: str) -> PlanBend:
    """Takes failures of steps of some kinds for success."""

    def attempt(op: Op) -> None:
        with contextlib.suppress(OSError, RuntimeFault, LookupError, ValueError):
            op.execute()

    def bend(plan: Plan) -> None:
        for kind in kinds:
            around(kind, attempt)(plan)

    return bend


def without(kind: str, subject: str = "") -> PlanBend:
    """Loses steps of the plan."""

    def wanted(op: Op) -> bool:
        return op.kind != kind or subject not in {"", op.subject}

    def bend(plan: Plan) -> None:
        for ops in plan.values():
            ops[:] = [op for op in ops if wanted(op)]

    return bend
