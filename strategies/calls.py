"""Calls written down: values that print as the Python that makes them, and are equal when they mean the same call."""

from __future__ import annotations

import inspect
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, repr=False)
class Call:
    """A call of ``name`` that was not carried out yet; ``action`` carries it out."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    action: Callable[..., Any] = field(compare=False)

    def __repr__(self) -> str:
        words = [*map(repr, self.args), *(f"{key}={value!r}" for key, value in self.kwargs.items())]
        return f"{self.name}({', '.join(words)})"

    def __hash__(self) -> int:
        return hash((self.name, hashable(self.args), hashable(self.kwargs)))

    def carry_out(self, *before: Any) -> Any:
        """Call the action, with ``before`` in front and copies of all arguments, so that none is ever shared."""
        return self.action(*before, *deepcopy(self.args), **deepcopy(dict(self.kwargs)))


class Part(Call):
    """A call that makes a piece of config.json, such as a seccomp rule, for an edit to take as an argument."""

    def value(self) -> dict[str, Any]:
        """The piece, made anew each time."""
        made: dict[str, Any] = self.carry_out()
        return made


def signature_without(action: Callable[..., Any], leading: int) -> inspect.Signature:
    """The signature of ``action`` without its first ``leading`` parameters."""
    whole = inspect.signature(action)
    return whole.replace(parameters=list(whole.parameters.values())[leading:])


def bound(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The arguments in their one canonical form: by position where that is possible, names in the signature's order.

    Raises ``TypeError`` where the call would.
    """
    arguments = signature.bind(*args, **kwargs)
    return deepcopy(arguments.args), deepcopy(arguments.kwargs)


def hashable(value: Any) -> Any:
    """A hashable stand-in that is equal for equal JSON values."""
    if isinstance(value, dict):
        return frozenset((key, hashable(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(hashable, value))
    return value
