"""What the command ``features`` says of system call filters (features-linux.md, "Seccomp")."""

from __future__ import annotations

from reference_runtime.seccomp.kernel import supported_flags
from reference_runtime.seccomp.names import ACTIONS, ARCHITECTURES, FLAGS, OPERATORS


def features() -> dict[str, bool | list[str]]:
    """The value of ``linux.seccomp`` in the features document; only ``supportedFlags`` depends on the kernel."""
    return {
        "enabled": True,
        "actions": sorted(ACTIONS),
        "operators": sorted(OPERATORS),
        "archs": sorted(ARCHITECTURES),
        "knownFlags": sorted(FLAGS),
        "supportedFlags": sorted(supported_flags()),
    }
