"""Strategies for protobuf messages as JSON documents: some fields changed to what they can hold at most.

They are drawn from the descriptor of a message, so they reach every field that it has, and shrink to few changes with
simple values.  The edges are those of the types; what a field means is not known here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

#: How deep below the message a changed field may lie.
DEPTH = 5
#: The same for fields that are tried one by one.
SHALLOW = 3
STRINGS = ("", "x", "no such thing", "a" * 300, "../..", "ünï\u2028", "\0", "-1", "{}")
INT32 = (0, 1, -1, 2**31 - 1, -(2**31))
INT64 = (0, 1, -1, 2**63 - 1, -(2**63))
UNSIGNED = (0, 1, 2**32 - 1)
UNSIGNED64 = (0, 1, 2**64 - 1)
#: A value that takes a field out.
ABSENT = None

Document = dict[str, Any]
Path = tuple[str, ...]
#: Says of a path of fields whether it is left as it is.
Keep = Callable[[Path], bool]


def _keep_nothing(_: Path) -> bool:
    return False


@dataclass(frozen=True)
class Change:
    """One field of a document, by its path, and its new value."""

    path: Path
    value: Any

    def __repr__(self) -> str:
        """Short, for a failing example."""
        return f"{'.'.join(self.path)} = {str(self.value)[:60]!r}"


def changed(document: Document, changes: Iterable[Change]) -> Document:
    """A document with changes, in their order."""
    result = copy.deepcopy(document)
    for change in changes:
        place = result
        for name in change.path[:-1]:
            inner = place.get(name)
            place[name] = inner if isinstance(inner, dict) else {}
            place = place[name]
        if change.value is ABSENT:
            place.pop(change.path[-1], None)
        else:
            place[change.path[-1]] = change.value
    return result


def changes(descriptor: Any, *, keep: Keep = _keep_nothing) -> st.SearchStrategy[list[Change]]:
    """Up to three changes of a message; fields that ``keep`` names by their paths stay as they are.

    In messages that are made anew, fields stay out whose names alone ``keep`` names.
    """
    fields = [field for field in _fields(descriptor, (), DEPTH) if not keep(field[0])]
    return st.lists(st.sampled_from(fields).flatmap(lambda place: _change(place, keep)), min_size=0, max_size=3)


def holes(descriptor: Any, document: Document, *, keep: Keep = _keep_nothing) -> list[Change]:
    """What is simplest, one by one: a field that the document has is absent, a message that it may have is empty."""
    found = []
    for path, field in _fields(descriptor, (), SHALLOW):
        if keep(path):
            continue
        if _value_at(document, path) is not None:
            found.append(Change(path, ABSENT))
        if field.message_type is not None and not _is_list(field):
            found.append(Change(path, {}))
    return found


def _value_at(document: Document, path: Path) -> Any:
    place: Any = document
    for name in path:
        place = place.get(name) if isinstance(place, dict) else None
    return place


def _fields(descriptor: Any, path: Path, depth: int) -> list[tuple[Path, Any]]:
    found = []
    for field in descriptor.fields:
        here = (*path, field.name)
        found.append((here, field))
        if field.message_type is not None and not _is_list(field) and depth > 1:
            found += _fields(field.message_type, here, depth - 1)
    return found


def _change(place: tuple[Path, Any], keep: Keep) -> st.SearchStrategy[Change]:
    path, field = place
    return st.builds(Change, st.just(path), st.one_of(st.just(ABSENT), values(field, keep)))


def values(field: Any, keep: Keep = _keep_nothing) -> st.SearchStrategy[Any]:
    """Values of a field: for a list some of them, for a map some keys, for a message one with few fields."""
    if _is_map(field):
        entry = field.message_type.fields_by_name
        return st.dictionaries(_scalars(entry["key"]).filter(bool), _scalars(entry["value"]), max_size=2)
    if _is_list(field):
        return st.lists(_single(field, keep), max_size=3)
    return _single(field, keep)


def _single(field: Any, keep: Keep) -> st.SearchStrategy[Any]:
    return _scalars(field) if field.message_type is None else _messages(field.message_type, 2, keep)


def _messages(descriptor: Any, depth: int, keep: Keep) -> st.SearchStrategy[Document]:
    """Messages with up to three fields."""
    simple = [
        field for field in descriptor.fields if (field.message_type is None or depth > 0) and not keep((field.name,))
    ]
    if not simple:
        return st.just({})

    def drawn(chosen: list[Any]) -> st.SearchStrategy[Document]:
        return st.fixed_dictionaries({field.name: _shallow(field, depth, keep) for field in chosen})

    return st.lists(st.sampled_from(simple), max_size=3, unique_by=lambda field: field.name).flatmap(drawn)


def _shallow(field: Any, depth: int, keep: Keep) -> st.SearchStrategy[Any]:
    if _is_map(field) or field.message_type is None:
        return values(field, keep)
    inner = _messages(field.message_type, depth - 1, keep)
    return st.lists(inner, max_size=2) if _is_list(field) else inner


def _scalars(field: Any) -> st.SearchStrategy[Any]:
    if field.enum_type is not None:
        names = list(field.enum_type.values_by_name)
        return st.sampled_from([*names, 4711])
    kind = field.cpp_type
    edges = {
        field.CPPTYPE_INT32: INT32,
        field.CPPTYPE_INT64: INT64,
        field.CPPTYPE_UINT32: UNSIGNED,
        field.CPPTYPE_UINT64: UNSIGNED64,
        field.CPPTYPE_BOOL: (False, True),
        field.CPPTYPE_DOUBLE: (0.0, -1.0),
        field.CPPTYPE_FLOAT: (0.0, -1.0),
    }
    if kind in edges:
        return st.sampled_from(edges[kind])
    return st.sampled_from(("", "eA==")) if field.type == field.TYPE_BYTES else st.sampled_from(STRINGS)


def _is_list(field: Any) -> bool:
    return bool(getattr(field, "is_repeated", False))


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
