"""What ``mounts`` and ``root`` mean (config.md, Root and Mounts)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from strategies.edits.program import do
from strategies.models.fact import Expected, action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from strategies.edit import Edit

Config = dict[str, Any]

#: Options that set a flag of a mount, and those that take it back; the later of two counts, see mount(8).
SETS = {"ro": "rw", "nosuid": "suid", "nodev": "dev", "noexec": "exec", "nodiratime": "diratime"}
CLEARS = {clear: flag for flag, clear in SETS.items()}
#: Options about access times that decide when no other one of them is there.
TIMES = ("noatime", "relatime", "strictatime")
OTHER_TIMES = ("atime", "norelatime", "nostrictatime")
#: What the mount table says of options for the propagation; what it says of a slave depends on the host.
PROPAGATION = {
    **dict.fromkeys(("private", "rprivate"), ""),
    **dict.fromkeys(("shared", "rshared"), "shared"),
    **dict.fromkeys(("unbindable", "runbindable"), "unbindable"),
}
#: Options of a tmpfs that the mount table repeats as they are; it leaves the usual mode out.
REPEATED = re.compile(r"size=\d+k|nr_inodes=\d+|mode=(?!1777)[1-7][0-7]{2,3}|[ug]id=[1-9]\d*")
#: Options of a tmpfs that say what its topmost folder is like.
OWNING = re.compile(r"mode=[0-7]{3,4}|[ug]id=\d+")
#: Filesystems whose flags are shown as they were given.
PLAIN = ("tmpfs", "none", "bind")
#: What cases lay out beside the root filesystem to bind it: a file in it, and what that says.
CONTENT = {"data": ("/name", "here\n"), "file": ("", "alone\n")}


def of_mounts(config: Config) -> Iterator[Expected]:
    """Root, and what each mount is that no later one covers."""
    readonly = bool(config["root"].get("readonly", False))
    requirement = "root.readonly" if "readonly" in config["root"] else "root.readonly.default"
    yield Expected(requirement, "root.readonly", readonly, lambda seen: seen.report.root.readonly, name="root")
    entries = [entry for entry in config.get("mounts", ()) if "remount" not in entry.get("options", ())]
    for place, entry in {place_of(entry): entry for entry in entries}.items():
        if entry.get("type", "none") in PLAIN and not _is_reached_by_link(place):
            yield from _mount(place, entry)
    asked = config["process"]["args"]
    for path, content in _bound(config):
        if path in asked:
            yield Expected(
                "mounts.source", "what a bind mount shows", content, _told("read", path, "content"), "action"
            )
    for place, field, value in _owned(config):
        if place in asked:
            yield Expected("mounts.options", f"{field} of a tmpfs", value, _told("stat", place, field), "action")


def _told(verb: str, path: str, field: str) -> Callable[[Any], Any]:
    """What looks for a field of what the probe says of a path."""
    return lambda seen: getattr(action(seen, verb, path), field, None)


def questions_about_mounts(config: Config) -> list[Edit]:
    """The files that the probe must read."""
    owned = dict.fromkeys(place for place, _, _ in _owned(config))
    return [*(do("read", path) for path, _ in _bound(config)), *(do("stat", place) for place in owned)]


def place_of(entry: dict[str, Any]) -> str:
    """The place of a mount as the kernel names it, where no symbolic link is on the way."""
    return posixpath.normpath("/" + str(entry["destination"]).lstrip("/"))


def _is_reached_by_link(place: str) -> bool:
    return "link" in place


def _mount(place: str, entry: dict[str, Any]) -> Iterator[Expected]:
    options = entry.get("options", [])
    is_bind = {"bind", "rbind"} & {*options}
    yield Expected(
        "mounts.options",
        f"flags of a {'bind mount' if is_bind else entry['type']}",
        flags_of(options),
        lambda seen: _shown(seen, place, SETS),
        name="mounts",
    )
    yield from _times(place, options)
    yield from _propagation(place, options)
    if not is_bind:
        yield Expected(
            "mounts.type",
            "type of a mount",
            entry["type"],
            lambda seen: getattr(seen.report.mount(place), "type", None),
            name="mounts",
        )
    if not is_bind and entry["type"] == "tmpfs":
        yield from _repeated(place, options)


def flags_of(options: Sequence[str]) -> list[str]:
    """The flags that a list of options leaves, but for those of access times."""
    flags: set[str] = set()
    for option in options:
        if option in SETS:
            flags.add(option)
        elif option in CLEARS:
            flags.discard(CLEARS[option])
    return sorted(flags)


def _times(place: str, options: Sequence[str]) -> Iterator[Expected]:
    chosen = {*options} & {*TIMES, *OTHER_TIMES}
    if len(chosen) == 1 and chosen < {*TIMES}:
        (option,) = chosen
        # The mount table has no word for strictatime: it is what neither of the others is.
        wanted = [option] if option != "strictatime" else []
        look = lambda seen: _shown(seen, place, TIMES)  # noqa: E731  # as the others are
        yield Expected(f"mounts.options.{option}", f"a mount with {option}", wanted, look, name="mounts")


def _propagation(place: str, options: Sequence[str]) -> Iterator[Expected]:
    chosen = [option for option in options if option in {*PROPAGATION, "slave", "rslave"}]
    if len(chosen) == 1 and chosen[0] in PROPAGATION:
        wanted = PROPAGATION[chosen[0]]
        look = lambda seen: propagation_seen(seen, place)  # noqa: E731  # as the others are
        yield Expected(f"mounts.options.{chosen[0]}", "propagation of a mount", wanted, look, name="mounts")


def _repeated(place: str, options: Sequence[str]) -> Iterator[Expected]:
    chosen = sorted(option for option in options if REPEATED.fullmatch(option))
    if chosen and len({option.partition("=")[0] for option in chosen}) == len(chosen):
        look = lambda seen: _own_shown(seen, place, chosen)  # noqa: E731  # as the others are
        yield Expected("mounts.options", "options of a tmpfs", chosen, look, name="mounts")


def _shown(seen: Any, place: str, words: Iterable[str]) -> list[str] | None:
    mount = seen.report.mount(place)
    return None if mount is None else sorted({*mount.options} & {*words})


def _own_shown(seen: Any, place: str, wanted: Sequence[str]) -> list[str] | None:
    """The options of a filesystem with the names of those that are wanted."""
    mount = seen.report.mount(place)
    names = {option.partition("=")[0] for option in wanted}
    return None if mount is None else sorted(word for word in mount.super_options if word.partition("=")[0] in names)


def propagation_seen(seen: Any, place: str) -> str | None:
    """What the mount table says of the propagation of a mount: "shared", "unbindable", or nothing."""
    mount = seen.report.mount(place)
    if mount is None:
        return None
    words = {word.partition(":")[0] for word in mount.propagation} & {"shared", "unbindable"}
    return " ".join(sorted(words))


def _uncovered(config: Config) -> Iterator[tuple[str, Config]]:
    """The mounts that no later one covers, with their places."""
    mounts = [(place_of(entry), entry) for entry in config.get("mounts", ())]
    for number, (place, entry) in enumerate(mounts):
        covered = any(f"{place}/".startswith(f"{later}/") for later, _ in mounts[number + 1 :])
        if not covered and not _is_reached_by_link(place):
            yield place, entry


def _bound(config: Config) -> Iterator[tuple[str, str]]:
    """The files that bind mounts show, and what they say."""
    for place, entry in _uncovered(config):
        source = posixpath.normpath(str(entry.get("source") or ""))
        if source in CONTENT and {"bind", "rbind"} & {*entry.get("options", ())}:
            name, content = CONTENT[source]
            yield place + name, content


def _owned(config: Config) -> Iterator[tuple[str, str, int]]:
    """The places where a filesystem is told its mode and owner: place, which of them, and its value."""
    for place, entry in _uncovered(config):
        told = dict(option.split("=", 1) for option in entry.get("options", ()) if OWNING.fullmatch(option))
        for name, value in told.items() if entry.get("type") == "tmpfs" else ():
            yield place, name, int(value, 8 if name == "mode" else 10)
