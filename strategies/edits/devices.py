"""Edits of device nodes and of the rules of who may use them (config-linux.md, Devices and Allowed Device list)."""

from __future__ import annotations

from strategies.edit import Config, edit
from strategies.places import entries, fill


@edit
def device(  # noqa: PLR0913  # one argument for each property of the specification
    config: Config,
    path: str,
    type: str,  # the specification's name
    major: int | None = None,
    minor: int | None = None,
    *,
    file_mode: int | None = None,
    uid: int | None = None,
    gid: int | None = None,
) -> None:
    """One more device node of type "c", "b", "u" or "p"; ``file_mode`` such as 0o640."""
    node = fill({"path": path, "type": type}, major=major, minor=minor, fileMode=file_mode, uid=uid, gid=gid)
    entries(config, "linux", "devices").append(node)


@edit
def device_rule(  # noqa: PLR0913  # one argument for each property of the specification
    config: Config,
    allow: bool,
    *,
    type: str | None = None,  # the specification's name
    major: int | None = None,
    minor: int | None = None,
    access: str | None = None,
) -> None:
    """One more rule of the devices cgroup, applied after those before it; ``access`` is made of "r", "w" and "m"."""
    rule = fill({"allow": allow}, type=type, major=major, minor=minor, access=access)
    entries(config, "linux", "resources", "devices").append(rule)
