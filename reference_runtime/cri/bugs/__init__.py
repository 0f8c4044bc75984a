"""The deliberate faults of the server, by their names."""

from __future__ import annotations

from reference_runtime.cri.bugs import containers, images, limits, lists, programs, sandboxes, server, watching
from reference_runtime.cri.faults import Bug

_AREAS = (server, sandboxes, containers, programs, limits, images, lists, watching)

BUGS: dict[str, Bug] = {bug.name: bug for area in _AREAS for bug in area.BUGS}
