"""One fact that follows from a config."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Expected:
    """What must be seen: ``look`` finds it in what was seen, and it must equal ``value``.

    ``fact`` names the property in words that are the same for every value.  ``where`` says who tells it: "report" and
    "action" the probe, with ``name`` as the field of its report, "state" the operation of that name, "limit" the
    control group, with ``name`` as the name of the limit, "namespace" /proc, and "hooks" those that tell it in the
    bundle.
    """

    requirement: str
    fact: str
    value: Any
    look: Callable[..., Any] = field(repr=False)
    where: str = "report"
    name: str = ""


def action(seen: Any, verb: str, *args: str) -> Any:
    """What the probe's verb with these arguments did, or None."""
    for each in seen.actions:
        if each.verb == verb and list(each.args[: len(args)]) == list(args):
            return each
    return None
