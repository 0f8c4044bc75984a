"""Places in a config.json, made when they are missing, and the small conversions that edits share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: A number of bytes (or what else a field counts), or a text such as "64M" with a binary unit.
Size = int | str
#: What the kernel calls infinity for resource limits, see getrlimit(2).
UNLIMITED = 2**64 - 1

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def section(config: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The object at the end of ``keys``; whatever on the way is no object is replaced by an empty one."""
    for key in keys:
        if not isinstance(config.get(key), dict):
            config[key] = {}
        config = config[key]
    return config


def entries(config: dict[str, Any], *keys: str) -> list[Any]:
    """The list at the end of ``keys``; whatever is there and is no list is replaced by an empty one."""
    *way, last = keys
    holder = section(config, *way)
    if not isinstance(holder.get(last), list):
        holder[last] = []
    found: list[Any] = holder[last]
    return found


def fill(holder: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Set the fields that are given in ``holder``, which is returned; ``None`` means not given."""
    holder.update((key, value) for key, value in fields.items() if value is not None)
    return holder


def put_entry(listed: list[Any], key: str, entry: Mapping[str, Any]) -> None:
    """Replace the first entry of a list that has the same ``key`` as ``entry``, or append it."""
    for index, other in enumerate(listed):
        if isinstance(other, dict) and other.get(key) == entry[key]:
            listed[index] = entry
            return
    listed.append(entry)


def size(value: Size | None) -> Size | None:
    """The number that a size such as "64M" stands for; any other value, valid or not, as it is."""
    found = re.fullmatch(r"(-?\d+)([KMGT]?)", value) if isinstance(value, str) else None
    return int(found[1]) * _UNITS.get(found[2], 1) if found else value


def prefixed(prefix: str, name: str) -> str:
    """A constant of the kernel by its full name: ``name`` with ``prefix``, unless it has that already."""
    return name if name.startswith(prefix) else prefix + name


def all_prefixed(prefix: str, names: Iterable[str] | None) -> list[str] | None:
    """``prefixed`` for each of some names; ``None`` stays ``None``."""
    return None if names is None else [prefixed(prefix, name) for name in names]


def id_mappings(mappings: Iterable[tuple[int, int, int]] | None) -> list[dict[str, int]] | None:
    """Mappings of ids as config.json writes them, from (container id, host id, size) each; ``None`` stays ``None``."""
    if mappings is None:
        return None
    return [{"containerID": inside, "hostID": outside, "size": count} for inside, outside, count in mappings]


def listed(values: Iterable[Any] | None) -> list[Any] | None:
    """Some values as a list of their own; ``None`` stays ``None``."""
    return None if values is None else list(values)
