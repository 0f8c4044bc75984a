"""Edits of what the program is started with (config.md, Process and POSIX process)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.edit import Config, edit
from strategies.places import Size, entries, fill, listed, prefixed, put_entry, section, size

if TYPE_CHECKING:
    from collections.abc import Sequence


@edit
def args(config: Config, *words: str) -> None:
    """The whole command line, in the place of the probe's."""
    section(config, "process")["args"] = list(words)


@edit
def cwd(config: Config, path: str) -> None:
    """The working directory."""
    section(config, "process")["cwd"] = path


@edit
def env(config: Config, *variables: str) -> None:
    """Further environment entries, such as "LANG=C", after those already there."""
    entries(config, "process", "env").extend(variables)


@edit
def terminal(config: Config, terminal: bool = True) -> None:
    """Whether the program gets a terminal; with one, /dev/pts is mounted unless it is already."""
    section(config, "process")["terminal"] = terminal
    mounts = entries(config, "mounts")
    if terminal and not any(isinstance(mount, dict) and mount.get("destination") == "/dev/pts" for mount in mounts):
        mounts.append(
            {
                "destination": "/dev/pts",
                "type": "devpts",
                "source": "devpts",
                "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
            }
        )


@edit
def console_size(config: Config, height: int, width: int) -> None:
    """The size of the terminal in characters."""
    section(config, "process")["consoleSize"] = {"height": height, "width": width}


@edit
def user(
    config: Config, uid: int, gid: int, *, additional_gids: Sequence[int] | None = None, umask: int | None = None
) -> None:
    """The ids that the program runs with, as the container sees them (config.md, POSIX-platform User)."""
    fields = {"uid": uid, "gid": gid, "additionalGids": listed(additional_gids), "umask": umask}
    fill(section(config, "process", "user"), **fields)


@edit
def additional_gids(config: Config, *gids: int) -> None:
    """The supplementary groups, all of them."""
    section(config, "process", "user")["additionalGids"] = list(gids)


@edit
def umask(config: Config, mask: int) -> None:
    """The umask of the program, such as 0o22."""
    section(config, "process", "user")["umask"] = mask


@edit
def rlimit(config: Config, kind: str, *, soft: Size, hard: Size) -> None:
    """One resource limit, such as "NOFILE", in the place of an earlier one of its kind; see ``UNLIMITED``."""
    limit = {"type": prefixed("RLIMIT_", kind), "soft": size(soft), "hard": size(hard)}
    put_entry(entries(config, "process", "rlimits"), "type", limit)
