"""Is a config.json one that the specification allows?  Each refusal names the property and says why."""

from __future__ import annotations

from reference_runtime.validate.rules import check
from reference_runtime.validate.schema import CONFIG, PROCESS
from reference_runtime.validate.users import complete

__all__ = ["CONFIG", "PROCESS", "check", "complete"]
