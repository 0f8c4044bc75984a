"""The values of ``linux.resources``, checked, and what version 1 numbers are in version 2."""

from __future__ import annotations

import math

from reference_runtime.errors import SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

I64 = (1 << 63) - 1
U64 = (1 << 64) - 1
U32 = (1 << 32) - 1
U16 = (1 << 16) - 1

_WHERE = "linux.resources"
_LEAST_SHARES = 2
_MOST_SHARES = 262144
_MOST_WEIGHT = 10000


def invalid(field: str, text: str) -> SpecError:
    """The error for a property below ``linux.resources``."""
    return SpecError(f"{_WHERE}.{field} {text}")


def section(parent: dict[str, Any], key: str) -> dict[str, Any]:
    """An object, empty if the property is absent."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(key, "must be an object")
    return value


def array(parent: dict[str, Any], key: str, field: str) -> list[Any]:
    """An array of objects, empty if the property is absent."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise invalid(field, "must be an array of objects")
    return value


def number(parent: dict[str, Any], key: str, field: str, least: int, most: int) -> int | None:
    """An integer in its range, None if the property is absent."""
    value = parent.get(key)
    if value is None:
        return None
    if type(value) is not int or not least <= value <= most:
        raise invalid(field, f"must be an integer from {least} to {most}, not {value!r}")
    return value


def required(parent: dict[str, Any], key: str, field: str, least: int, most: int) -> int:
    """An integer in its range that must be there."""
    value = number(parent, key, field, least, most)
    if value is None:
        raise invalid(field, "is missing")
    return value


def flag(parent: dict[str, Any], key: str, field: str) -> bool | None:
    """A boolean, None if the property is absent."""
    value = parent.get(key)
    if value is not None and not isinstance(value, bool):
        raise invalid(field, f"must be true or false, not {value!r}")
    return value


def text(parent: dict[str, Any], key: str, field: str) -> str | None:
    """A string, None if the property is absent."""
    value = parent.get(key)
    if value is not None and not isinstance(value, str):
        raise invalid(field, f"must be a string, not {value!r}")
    return value


def ranges(listed: str, field: str) -> list[tuple[int, int]]:
    """The first and last numbers of the ranges of a list like ``0-3,7``."""
    found: list[tuple[int, int]] = []
    for part in listed.split(","):
        first, dash, last = part.strip().partition("-")
        ends = (first, last) if dash else (first, first)
        if not all(end.isascii() and end.isdigit() for end in ends) or int(ends[0]) > int(ends[1]):
            raise invalid(field, f"must be a list like 0-3,7, not {listed!r}")
        found.append((int(ends[0]), int(ends[1])))
    return found


def unlimited(value: int) -> str:
    """The number as a version 2 file takes it, where -1 is ``max``."""
    return "max" if value == -1 else str(value)


def weight_of_shares(shares: int) -> int:
    """``cpu.weight`` for ``cpu.shares``: a curve through both ends of both ranges and both defaults, 1024 and 100."""
    if shares <= _LEAST_SHARES:
        return 1
    if shares >= _MOST_SHARES:
        return _MOST_WEIGHT
    exponent = math.log2(shares)
    return math.ceil(10 ** ((exponent * exponent + 125 * exponent) / 612 - 7 / 34))


def io_weight(weight: int) -> int:
    """``io.weight`` (1 to 10000) for a version 1 weight of block devices (10 to 1000), on a straight line."""
    return 1 + (max(weight, 10) - 10) * (_MOST_WEIGHT - 1) // 990
