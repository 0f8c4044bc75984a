"""What was really tried: fields and values of config.json, and how often the runtime refused."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.fuzz.types import fields_of_the_schema, maps_of_the_schema
from reports.coverage import Coverage, Field
from strategies.config import base_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: How many different values of a field are told apart, and how long one may be in the page.
MOST = 200
LONGEST = 60


def nothing_yet() -> Coverage:
    """The coverage of a phase that has not begun: it knows which fields there are."""
    return Coverage(known=list(fields_of_the_schema()))


def count(coverage: Coverage, config: Mapping[str, Any], *, refused: bool, skipped: bool) -> None:
    """Take one case in: what its config has that the base config has not."""
    coverage.cases += 1
    coverage.refused += refused
    coverage.skipped += skipped
    usual, told = Counter(_usual()), set()
    for path, value in leaves(config):
        if usual[path, value]:
            usual[path, value] -= 1
            continue
        field = coverage.fields.setdefault(path, Field())
        if path not in told:
            told.add(path)
            field.cases += 1
            field.refused += refused
        if value in field.values or len(field.values) < MOST:
            field.values[value] = field.values.get(value, 0) + 1


@cache
def _usual() -> Counter[tuple[str, str]]:
    """What stands in the base config, how often."""
    return Counter(leaves(base_config()))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a document without the indices of lists and the keys of maps, each with its value as JSON."""
    if isinstance(value, dict) and value:
        any_key = path in maps_of_the_schema()
        for key, item in value.items():
            yield from leaves(item, f"{path}.{'*' if any_key else key}" if path else str(key))
    elif isinstance(value, list) and value:
        for item in value:
            yield from leaves(item, f"{path}[]")
    else:
        text = json.dumps(value)
        yield path, text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
