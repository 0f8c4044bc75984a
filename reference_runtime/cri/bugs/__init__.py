"""The deliberate faults of the server, by their names."""

from __future__ import annotations

from reference_runtime.cri.bugs import containers, programs, sandboxes, services
from reference_runtime.cri.faults import Bug

_AREAS = (services, sandboxes, containers, programs)

BUGS: dict[str, Bug] = {bug.name: bug for area in _AREAS for bug in area.BUGS}
