"""Edits of the document as such, for what no other edit says: wrong types, missing and unknown fields, duplicates.

A path is written "linux.namespaces.0.type", with numbers as indices of lists (-1 is the last entry); for keys with dots
in them it is a sequence, ("annotations", "org.example.key").
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from strategies.edit import Config, edit

Path = str | Sequence[str | int]

_NOTHING = object()


@edit
def put(config: Config, path: Path, value: Any) -> None:
    """Set what is at ``path``; missing objects and lists on the way are made, an index beyond a list appends."""
    steps = _steps(path)
    _store(_way(config, steps), steps[-1], value)


@edit
def replace(config: Config, path: Path, value: Any) -> None:
    """Set what is at ``path`` if something is there, else change nothing."""
    holder, last = _found(config, path)
    if _child(holder, last) is not _NOTHING:
        _store(holder, last, value)


@edit
def drop(config: Config, path: Path) -> None:
    """Take out what is at ``path``, if anything is."""
    holder, last = _found(config, path)
    if _child(holder, last) is not _NOTHING:
        del holder[int(last) if isinstance(holder, list) else last]


@edit
def add(config: Config, path: Path, value: Any) -> None:
    """Append one more entry to the list at ``path``, equal to an earlier one or not."""
    steps = _steps(path)
    holder = _way(config, steps)
    listed = _child(holder, steps[-1])
    if isinstance(listed, list):
        listed.append(value)
    else:
        _store(holder, steps[-1], [value])


def _steps(path: Path) -> list[str]:
    return path.split(".") if isinstance(path, str) else [str(step) for step in path]


def _is_index(step: str) -> bool:
    return step.removeprefix("-").isdecimal()


def _child(holder: Any, step: str) -> Any:
    """What a container has at ``step``, or ``_NOTHING``."""
    if isinstance(holder, dict):
        return holder.get(step, _NOTHING)
    if isinstance(holder, list) and _is_index(step) and -len(holder) <= int(step) < len(holder):
        return holder[int(step)]
    return _NOTHING


def _store(holder: Any, step: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[step] = value
    elif _child(holder, step) is _NOTHING:
        holder.append(value)
    else:
        holder[int(step)] = value


def _found(config: Config, path: Path) -> tuple[Any, Any]:
    """The container of what ``path`` leads to, or ``_NOTHING``, and the last step."""
    *way, last = _steps(path)
    holder: Any = config
    for step in way:
        holder = _child(holder, step)
    return holder, last


def _way(config: Config, steps: list[str]) -> Any:
    """The container that the last step is in: a list before an index where there is none yet, else an object."""
    holder: Any = config
    for step, following in pairwise(steps):
        child = _child(holder, step)
        if not (isinstance(child, dict) or (isinstance(child, list) and _is_index(following))):
            child = [] if _is_index(following) else {}
            _store(holder, step, child)
        holder = child
    return holder
