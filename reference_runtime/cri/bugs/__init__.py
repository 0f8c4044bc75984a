"""The deliberate faults of the server, by their names."""

from __future__ import annotations

from reference_runtime.cri.faults import Bug

BUGS: dict[str, Bug] = {}
