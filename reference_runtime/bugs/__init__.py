"""The register of deliberate faults: what ``--bug`` knows."""

from __future__ import annotations

from reference_runtime.bugs import (
    commands,
    filesystems,
    hooking,
    isolation,
    lifecycle,
    limits,
    mounts,
    namespaces,
    paths,
    process,
    programs,
    states,
)
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.bugs.registry import Bug

_AREAS = (
    lifecycle,
    hooking,
    states,
    process,
    programs,
    mounts,
    filesystems,
    namespaces,
    isolation,
    paths,
    limits,
    commands,
)

BUGS: dict[str, Bug] = {bug.name: bug for area in _AREAS for bug in area.BUGS}


def find(name: str) -> Bug:
    """The fault of that name.  RuntimeFault when there is none."""
    if name not in BUGS:
        raise RuntimeFault(f"there is no bug {name}: see --bugs")
    return BUGS[name]
