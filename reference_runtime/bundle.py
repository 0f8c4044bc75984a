"""A bundle (bundle.md): its config.json, and where its root filesystem is."""

from __future__ import annotations

import os

from reference_runtime import documents, faults
from reference_runtime.errors import RuntimeFault, SpecError
from reference_runtime.validate import check, complete

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load(bundle: str) -> dict[str, Any]:
    """The valid configuration of a bundle.  SpecError or RuntimeFault in one line when there is none."""
    path = os.path.join(bundle, "config.json")
    try:
        config = documents.read(path)
    except OSError as problem:
        raise RuntimeFault(f"{path}: {problem.strerror}") from None
    except ValueError as problem:
        raise SpecError(f"{path}: {problem}") from None
    for bug in faults.active.values():
        if bug.before:
            bug.before(config)
    check(config)
    if "process" in config:
        complete(config["process"])
    for bug in faults.active.values():
        if bug.config:
            bug.config(config)
    return dict(config)


def rootfs_of(bundle: str, config: dict[str, Any]) -> str:
    """The root filesystem's directory, absolute.  RuntimeFault when there is none (config.md, "Root")."""
    path = os.path.join(bundle, config["root"]["path"])
    if not os.path.isdir(path):
        raise RuntimeFault(f"root.path: there is no directory {path}")
    return os.path.realpath(path)
