"""Edits of hooks (config.md, POSIX-platform Hooks)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.edit import Config, edit
from strategies.places import entries, fill, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The kinds of hooks, in the order of a container's life.
HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


@edit
def hook(  # noqa: PLR0913  # one argument for each property of the specification
    config: Config,
    kind: str,
    path: str,
    *,
    args: Sequence[str] | None = None,
    env: Sequence[str] | None = None,
    timeout: int | None = None,
) -> None:
    """One more hook of a kind, after the others; ``args`` are just the path by default, ``timeout`` is in seconds."""
    words = [path] if args is None else list(args)
    entries(config, "hooks", kind).append(fill({"path": path, "args": words}, env=listed(env), timeout=timeout))
