"""Values of the wrong type, one for each field of the schema: every one is an invalid value."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.schema import errors_of, schema
from strategies.case import INVALID, Case
from strategies.edit import edited
from strategies.edits import put

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What each type of JSON is called, and what stands for it in the place of another.
WRONG: dict[str, Any] = {"a text": "1", "a number": 7, "a list": ["x"], "an object": {"x": "y"}, "a boolean": True}
NAMES = {"string": "a text", "integer": "a number", "array": "a list", "object": "an object", "boolean": "a boolean"}
#: Sections of other platforms, and those that need hardware of their own.
LEFT_OUT = ("freebsd", "vm", "linux.intelRdt", "linux.resources.rdma", "zos")


def wrong_types() -> list[Case]:
    """One case for each field and each other type, the likeliest mistakes first."""
    fields = list(_fields(schema("config"), ""))
    cases = []
    for word in ("a text", "a list", "an object", "a number", "a boolean"):
        cases += [case for path, kind in fields if kind != word for case in _case(path, kind, word)]
    return cases


@cache
def fields_of_the_schema() -> tuple[str, ...]:
    """The paths of all fields that have a value of their own, such as ``mounts[].options[]``."""
    paths = [_shown(path) for path, _ in _fields(schema("config"), "")]
    return tuple(path for path in paths if not any(other.startswith((f"{path}.", f"{path}[")) for other in paths))


@cache
def maps_of_the_schema() -> frozenset[str]:
    """The paths of the objects whose keys are anybody's."""
    return frozenset(
        _shown(path) for path, kind in _fields(schema("config"), "") if kind == "an object" and _is_map(path)
    )


def _is_map(path: str) -> bool:
    return _shown(path) in fields_of_the_schema()


def _shown(path: str) -> str:
    """A path as pages have it: without the places in lists."""
    return path.replace(".0", "[]")


def _case(path: str, kind: str, word: str) -> Iterator[Case]:
    edit = put(path, WRONG[word])
    if errors_of(edited(edit), "config"):
        shown = ".".join("[]" if step.isdecimal() else step for step in path.split("."))
        yield Case((edit,), INVALID, "valid-values.invalid", f"{shown} takes {word} for {kind}")


def _fields(node: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """The paths of all fields with the names of their types; entries of lists are the first one."""
    node = _resolved(node)
    kind = NAMES.get(str(node.get("type")), "a text" if "enum" in node else "")
    if path and kind:
        yield path, kind
    for key, child in node.get("properties", {}).items():
        deeper = f"{path}.{key}" if path else key
        if not deeper.startswith(LEFT_OUT):
            yield from _fields(child, deeper)
    if isinstance(node.get("items"), dict):
        yield from _fields(node["items"], f"{path}.0")


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = {
            **schema("config")["$defs"][node["$ref"].rpartition("/")[2]],
            **{k: v for k, v in node.items() if k != "$ref"},
        }
    return node
