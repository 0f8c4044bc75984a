"""What is tried, and what drives it: the catalogue, the harness, the probe, the checks and the tests.

A conformance test needs three names from here, and the edits of ``strategies.edits``.
"""

from conformance.harness.refusal import refused
from conformance.requirements.binding import musts, proved_by

__all__ = ["musts", "proved_by", "refused"]
