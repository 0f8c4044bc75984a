"""The catalogue of requirements, the marks that bind tests to it, and its listing."""

from conformance.requirements.binding import musts, proved_by
from conformance.requirements.catalogue import (
    LEVELS,
    SPEC_VERSION,
    VERSIONS,
    Level,
    Requirement,
    UnknownRequirement,
    catalogue,
    lookup,
)

__all__ = [
    "LEVELS",
    "SPEC_VERSION",
    "VERSIONS",
    "Level",
    "Requirement",
    "UnknownRequirement",
    "catalogue",
    "lookup",
    "musts",
    "proved_by",
]
