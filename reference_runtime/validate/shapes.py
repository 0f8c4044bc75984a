"""Types of JSON values as small functions that combine: each takes a value and its place, and raises SpecError."""

from __future__ import annotations

from reference_runtime import faults
from reference_runtime.errors import SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Shape = Callable[[Any, str], None]

_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "an integer"}


def wrong(value: object, where: str, wanted: str) -> SpecError:
    """The refusal of a value of the wrong type."""
    shown = "null" if value is None else _KINDS.get(type(value), "a number with a fraction")
    return SpecError(f"{where}: {wanted} is wanted, not {shown}")


def text(value: Any, where: str) -> None:
    """A string that a C program can hold."""
    if not isinstance(value, str):
        raise wrong(value, where, "a string")
    if "\0" in value:
        raise SpecError(f"{where}: a string with a NUL in it ends there for the kernel")
    if not value.isascii():
        _encodable(value, where)


def _encodable(value: str, where: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SpecError(f"{where}: half of a surrogate pair is no character") from None


def filled(value: Any, where: str) -> None:
    """A string that is not empty."""
    text(value, where)
    if not value:
        raise SpecError(f"{where}: it is empty")


def absolute(value: Any, where: str) -> None:
    """An absolute path."""
    text(value, where)
    if not value.startswith("/") and not faults.skips("absolute"):
        raise SpecError(f"{where}: {value!r} is not an absolute path")


def boolean(value: Any, where: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise wrong(value, where, "a boolean")


def integer(low: int, high: int) -> Shape:
    """A whole number within bounds, both included."""

    def shape(value: Any, where: str) -> None:
        if type(value) is not int:
            raise wrong(value, where, "an integer")
        if not low <= value <= high:
            raise SpecError(f"{where}: {value} is not between {low} and {high}")

    return shape


INT32 = integer(-(1 << 31), (1 << 31) - 1)
INT64 = integer(-(1 << 63), (1 << 63) - 1)
UINT16 = integer(0, (1 << 16) - 1)
UINT32 = integer(0, (1 << 32) - 1)
UINT64 = integer(0, (1 << 64) - 1)


def one_of(names: Iterable[str], what: str) -> Shape:
    """One of the names that the specification lists."""
    known = tuple(names)

    def shape(value: Any, where: str) -> None:
        text(value, where)
        if value not in known and not faults.skips(what):
            raise SpecError(f"{where}: there is no {what} {value!r}, only {', '.join(known)}")

    return shape


def _pass_over(holder: Any, key: Any, needed: Shape | None = None) -> None:
    """Raises again what was wrong with an item; a fault leaves it out instead, or has 0 where a number is needed."""
    if not faults.has("invalid-values-ignored"):
        raise  # noqa: PLE0704  # called while the exception is handled
    if needed:
        needed(0, "")
        holder[key] = 0
    else:
        del holder[key]


def array(of: Shape) -> Shape:
    """An array whose items have one shape."""

    def shape(value: Any, where: str) -> None:
        if not isinstance(value, list):
            raise wrong(value, where, "an array")
        for index, item in enumerate(list(value)):
            try:
                of(item, f"{where}[{index}]")
            except SpecError:
                _pass_over(value, value.index(item))

    return shape


def mapping(of: Shape, key: Shape | None = None) -> Shape:
    """An object used as a map: every value has one shape, and every key another."""

    def shape(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise wrong(value, where, "an object")
        for name, item in list(value.items()):
            try:
                if key:
                    key(name, f"{where}: the key {name!r}")
                of(item, f"{where}.{name}")
            except SpecError:
                _pass_over(value, name)

    return shape


def record(fields: dict[str, Shape]) -> Shape:
    """An object with known properties; a name that ends in ``!`` is required.  Unknown properties are ignored."""
    known: dict[str, Shape] = {name.rstrip("!"): shape for name, shape in fields.items()}
    required = [name[:-1] for name in fields if name.endswith("!")]

    def shape(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise wrong(value, where or "config.json", "an object")
        place = where + "." if where else ""
        for name in required:
            if name not in value:
                raise SpecError(f"{place}{name}: it is required")
        for name, item in list(value.items()):
            if name in known:
                try:
                    known[name](item, place + name)
                except SpecError:
                    _pass_over(value, name, known[name] if name in required else None)

    return shape
