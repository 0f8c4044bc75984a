"""What the machine of a trial can do, as far as it decides which configs are valid there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Capabilities that nearly every runtime is given.
USUAL = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID", "NET_BIND_SERVICE", "SYS_CHROOT", "AUDIT_WRITE")


@dataclass(frozen=True)
class Surroundings:
    """What a runtime can grant here.

    ``hard`` are its own hard limits by their short names, ``score`` its oom_score_adj, ``controllers`` those that a
    container can get, ``processors`` how many there are; ``namespaces`` are the kinds that the kernel has.
    """

    hard: Mapping[str, int] = field(default_factory=dict)
    capabilities: tuple[str, ...] = USUAL
    controllers: frozenset[str] = frozenset()
    unified: bool = False
    processors: int = 1
    namespaces: frozenset[str] = frozenset({"pid", "mount", "ipc", "uts", "network"})
    score: int = 0
    swap: bool = False
