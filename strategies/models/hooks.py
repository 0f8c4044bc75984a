"""What ``hooks`` mean, as far as they tell of themselves (config.md, POSIX-platform Hooks)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from strategies.edits.hooks import HOOKS
from strategies.models.fact import Expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Where such hooks tell it, in the bundle whose place they are told on their standard input.
FILE = "told"


def of_hooks(config: dict[str, Any]) -> Iterator[Expected]:
    """Which hooks have run, in which order, and with which environment."""
    known = config.get("hooks", {})
    wanted = {kind: [_line(hook) for hook in known.get(kind, ()) if _is_telling(hook)] for kind in HOOKS}
    for kind, lines in wanted.items():
        if lines:
            name = re.sub("([A-Z])", lambda found: f"-{found[1].lower()}", kind)
            yield Expected(
                f"hooks.{name}", f"{kind} hooks", lines, lambda seen, kind=kind: _of(seen.told, kind), "hooks"
            )
    if sum(map(bool, wanted.values())) > 1:
        yield Expected("hooks.order", "kinds of hooks in order", True, lambda seen: _are_in_order(seen.told), "hooks")


def _is_telling(hook: Any) -> bool:
    words = hook.get("args") or []
    return len(words) == 4 and words[:2] == ["sh", "-c"] and words[2].endswith(f"/{FILE}")


def _line(hook: Any) -> str:
    variables = dict(entry.split("=", 1) for entry in hook.get("env") or ())
    return f"{hook['args'][3]} {variables.get('SEA', 'unset')}"


def _of(told: Sequence[str], kind: str) -> list[str]:
    return [line for line in told if line.startswith(f"{kind} ")]


def _are_in_order(told: Sequence[str]) -> bool:
    """Whether the kinds that have run did so in the order of a container's life."""
    kinds = [line.partition(" ")[0] for line in told]
    return kinds == sorted(kinds, key=HOOKS.index)
