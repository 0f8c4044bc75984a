"""What ``mounts`` and ``root`` mean (config.md, Root and Mounts)."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from strategies.models.fact import Expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Config = dict[str, Any]

#: Options that set a flag of a mount, and those that take it back; the later of two counts, see mount(8).
SETS = {"ro": "rw", "nosuid": "suid", "nodev": "dev", "noexec": "exec", "nodiratime": "diratime"}
CLEARS = {clear: flag for flag, clear in SETS.items()}
#: Filesystems whose flags are shown as they were given.
PLAIN = ("tmpfs", "none", "bind")


def of_mounts(config: Config) -> Iterator[Expected]:
    """Root, and what each mount is that no later one covers."""
    readonly = bool(config["root"].get("readonly", False))
    requirement = "root.readonly" if "readonly" in config["root"] else "root.readonly.default"
    yield Expected(requirement, "root.readonly", readonly, lambda seen: seen.report.root.readonly, name="root")
    entries = [entry for entry in config.get("mounts", ()) if "remount" not in entry.get("options", ())]
    for place, entry in {place_of(entry): entry for entry in entries}.items():
        if entry.get("type", "none") in PLAIN and not _is_reached_by_link(place):
            yield from _mount(place, entry)


def place_of(entry: dict[str, Any]) -> str:
    """The place of a mount as the kernel names it, where no symbolic link is on the way."""
    return posixpath.normpath("/" + str(entry["destination"]).lstrip("/"))


def _is_reached_by_link(place: str) -> bool:
    return "link" in place


def _mount(place: str, entry: dict[str, Any]) -> Iterator[Expected]:
    options = entry.get("options", [])
    is_bind = {"bind", "rbind"} & {*options}
    flags = flags_of(options)
    yield Expected(
        "mounts.options",
        f"flags of a {'bind mount' if is_bind else entry['type']}",
        flags,
        lambda seen, place=place: _flags_seen(seen, place),
        name="mounts",
    )
    if not is_bind:
        yield Expected(
            "mounts.type",
            "type of a mount",
            entry["type"],
            lambda seen, place=place: getattr(seen.report.mount(place), "type", None),
            name="mounts",
        )


def flags_of(options: Sequence[str]) -> list[str]:
    """The flags that a list of options leaves, but for those of access times."""
    flags: set[str] = set()
    for option in options:
        if option in SETS:
            flags.add(option)
        elif option in CLEARS:
            flags.discard(CLEARS[option])
    return sorted(flags)


def _flags_seen(seen: Any, place: str) -> list[str] | None:
    mount = seen.report.mount(place)
    return None if mount is None else sorted({*mount.options} & {*SETS})
