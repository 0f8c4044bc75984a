"""Rules on mappings of user and group ids (config-linux.md, "User namespace mappings")."""

from __future__ import annotations

from reference_runtime.errors import SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


#: Who a process is that the configuration gives no user.
_ROOT = {"uid": 0, "gid": 0}


def complete(process: dict[str, Any]) -> None:
    """Gives a process the user that it need not name."""
    process.setdefault("user", dict(_ROOT))


def check_mappings(config: dict[str, Any]) -> None:
    """Mappings need a user namespace, fit the numbers that ids have, and map the ids of the process."""
    linux = config.get("linux", {})
    spaces = {entry["type"]: entry for entry in linux.get("namespaces", ())}
    for name in ("uidMappings", "gidMappings"):
        check_ranges(linux.get(name, ()), f"linux.{name}")
        if linux.get(name) and "user" not in spaces:
            raise SpecError(f"linux.{name}: there is no user namespace to map ids for")
    if "user" in spaces and "path" not in spaces["user"] and "process" in config:
        user = config["process"].get("user", _ROOT)
        _check_mapped([user["uid"]], linux.get("uidMappings", ()), "process.user.uid")
        _check_mapped([user["gid"]], linux.get("gidMappings", ()), "process.user.gid")
        _check_mapped(user.get("additionalGids", ()), linux.get("gidMappings", ()), "process.user.additionalGids")


def check_ranges(mappings: Any, where: str) -> None:
    """Each range has a size and ends before the last 32-bit number, and no two of them overlap."""
    for side in ("containerID", "hostID"):
        taken: list[tuple[int, int]] = []
        for index, entry in enumerate(mappings):
            first, last = entry[side], entry[side] + entry["size"] - 1
            if not entry["size"] or last >= (1 << 32) - 1:
                raise SpecError(f"{where}[{index}]: {entry['size']} ids from {first} on are no range of ids")
            if any(low <= last and first <= high for low, high in taken):
                raise SpecError(f"{where}[{index}]: its range of {side} overlaps another")
            taken.append((first, last))


def _check_mapped(ids: Any, mappings: Any, where: str) -> None:
    for number in ids:
        if not any(0 <= number - entry["containerID"] < entry["size"] for entry in mappings):
            raise SpecError(f"{where}: {number} is not mapped in the container's user namespace")
