"""Rules on ``mounts`` (config.md, "Mounts")."""

from __future__ import annotations

from reference_runtime.errors import SpecError
from reference_runtime.mount_options import IDMAP, MS_REMOUNT, Options
from reference_runtime.validate.users import check_ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check_mounts(config: dict[str, Any]) -> None:
    """Every mount says what is mounted, and is mapped only when there is a mapping."""
    for index, mount in enumerate(config.get("mounts", ())):
        _check_mount(mount, f"mounts[{index}]", _has_user_namespace(config))


def _has_user_namespace(config: dict[str, Any]) -> bool:
    return any(entry["type"] == "user" for entry in config.get("linux", {}).get("namespaces", ()))


def _check_mount(mount: dict[str, Any], where: str, user_namespace: bool) -> None:
    options = Options(mount.get("options", []))
    if options.bind and not mount.get("source"):
        raise SpecError(f"{where}.source: a bind mount needs one")
    changes_only = options.propagation or options.flags & MS_REMOUNT
    if not options.bind and not mount.get("type") and not changes_only:
        raise SpecError(f"{where}.type: it is needed, since the mount is no bind mount")
    _check_idmap(mount, where, user_namespace)


def _check_idmap(mount: dict[str, Any], where: str, user_namespace: bool) -> None:
    given = [name for name in ("uidMappings", "gidMappings") if mount.get(name)]
    if len(given) == 1:
        raise SpecError(f"{where}.{given[0]}: both uidMappings and gidMappings are needed")
    for name in given:
        check_ranges(mount[name], f"{where}.{name}")
    wanted = [option for option in mount.get("options", ()) if option in IDMAP]
    if wanted and not given and not user_namespace:
        raise SpecError(f"{where}.options: {wanted[0]} needs uidMappings and gidMappings, or a user namespace")
