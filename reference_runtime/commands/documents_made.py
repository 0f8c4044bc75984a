"""The commands that print or write documents: ``spec`` and ``features``."""

from __future__ import annotations

import os

from reference_runtime import constants, documents, faults, mount_options
from reference_runtime.errors import RuntimeFault
from reference_runtime.example import example

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Values = dict[str, Any]


def spec(values: Values, _: list[str]) -> int:
    """``spec``: writes a config.json to begin with."""
    path = os.path.join(values["bundle"], "config.json")
    if os.path.lexists(path):
        raise RuntimeFault(f"{path} exists already; remove it first")
    document = example(rootless=values["rootless"])
    if faults.has("spec-invalid"):
        del document["root"]
    documents.write(path, document)
    return 0


def features(_: Values, __: list[str]) -> int:
    """``features``: what features.md and features-linux.md define."""
    from reference_runtime.cgroups import FEATURES  # noqa: PLC0415  # spec does not need it
    from reference_runtime.seccomp.features import features as seccomp  # noqa: PLC0415

    document = {
        "ociVersionMin": constants.OCI_VERSION_MIN,
        "ociVersionMax": constants.OCI_VERSION,
        "hooks": list(constants.HOOKS),
        "mountOptions": mount_options.ALL,
        "linux": {
            "namespaces": sorted(constants.NAMESPACES),
            "capabilities": list(constants.CAPABILITIES),
            "cgroup": FEATURES,
            "seccomp": seccomp(),
            "apparmor": {"enabled": True},
            "selinux": {"enabled": True},
            "memoryPolicy": {
                "modes": list(constants.MEMORY_POLICIES),
                "flags": list(constants.MEMORY_POLICY_FLAGS),
            },
            "intelRdt": {"enabled": False},
            "mountExtensions": {"idmap": {"enabled": True}},
            "netDevices": {"enabled": True},
        },
    }
    print(documents.text(document))
    return 0
