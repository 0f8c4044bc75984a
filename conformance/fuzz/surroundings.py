"""What this machine lets a runtime grant, for the strategies."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import TYPE_CHECKING

from strategies.surroundings import USUAL, Surroundings

if TYPE_CHECKING:
    from conformance.harness.host import Host

#: The numbers of the capabilities that cases ask for, see capabilities(7).
NUMBERS = {
    "CHOWN": 0,
    "DAC_OVERRIDE": 1,
    "FOWNER": 3,
    "KILL": 5,
    "SETGID": 6,
    "SETUID": 7,
    "NET_BIND_SERVICE": 10,
    "SYS_CHROOT": 18,
    "AUDIT_WRITE": 29,
}


def surroundings_of(host: Host) -> Surroundings:
    """What cases can be valid on a host."""
    kinds = {
        name.removeprefix("RLIMIT_"): getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")
    }
    return Surroundings(
        hard={name: _hard(number) for name, number in kinds.items()},
        capabilities=tuple(name for name in USUAL if host.capabilities >> NUMBERS[name] & 1),
        controllers=host.cgroups,
        unified=host.mode == "v2",
        processors=_processors(),
        namespaces=host.namespaces,
        score=int(Path("/proc/self/oom_score_adj").read_text()),
        swap="memory.memsw.limit_in_bytes" in host.files,
    )


def _hard(number: int) -> int:
    value = resource.getrlimit(number)[1]
    return 2**64 - 1 if value == resource.RLIM_INFINITY else value


def _processors() -> int:
    """How many processors there are, counted from 0 without a hole."""
    allowed = re.search(r"^Cpus_allowed_list:\s*0(?:-(\d+))?\s*$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(allowed[1] or 0) + 1 if allowed else 1
