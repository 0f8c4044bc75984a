"""Edits of mounts (config.md, Mounts); their order in the config is the order of mounting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies.edit import Config, edit
from strategies.places import entries, fill, id_mappings, listed

if TYPE_CHECKING:
    from collections.abc import Sequence


@edit
def mount(  # noqa: PLR0913  # one argument for each property of the specification
    config: Config,
    destination: str,
    *,
    type: str | None = None,  # the specification's name
    source: str | None = None,
    options: Sequence[str] | None = None,
    uid_mappings: Sequence[tuple[int, int, int]] | None = None,
    gid_mappings: Sequence[tuple[int, int, int]] | None = None,
    before: str | None = None,
    replaces: str | None = None,
) -> None:
    """One more mount, after all others.

    With ``before`` it goes before the mount with that destination, with ``replaces`` in that one's place; without such
    a mount it goes after all others.  Mappings are (container id, host id, size).
    """
    wanted: dict[str, Any] = {"destination": destination, "type": type, "source": source, "options": listed(options)}
    mappings = {"uidMappings": id_mappings(uid_mappings), "gidMappings": id_mappings(gid_mappings)}
    mounts = entries(config, "mounts")
    start, end = _span(mounts, before, replaces)
    mounts[start:end] = [fill({}, **wanted, **mappings)]


@edit
def bind(config: Config, source: str, destination: str, *options: str) -> None:
    """A bind mount of ``source``, recursive ("rbind") unless ``options`` say "bind"."""
    chosen = list(options) if {"bind", "rbind"} & set(options) else ["rbind", *options]
    entries(config, "mounts").append({"destination": destination, "type": "none", "source": source, "options": chosen})


@edit
def tmpfs(config: Config, destination: str, *options: str) -> None:
    """An empty filesystem in memory."""
    entry = {"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": list(options)}
    entries(config, "mounts").append(entry)


@edit
def unmount(config: Config, destination: str) -> None:
    """Take out every mount on ``destination``."""
    mounts = entries(config, "mounts")
    mounts[:] = [entry for entry in mounts if not _is_on(entry, destination)]


def _span(mounts: list[Any], before: str | None, replaces: str | None) -> tuple[int, int]:
    """Where a new mount goes: the slice of the list that it takes the place of."""
    for index, entry in enumerate(mounts):
        if replaces is not None and _is_on(entry, replaces):
            return index, index + 1
        if before is not None and _is_on(entry, before):
            return index, index
    return len(mounts), len(mounts)


def _is_on(entry: Any, destination: str) -> bool:
    return isinstance(entry, dict) and entry.get("destination") == destination
