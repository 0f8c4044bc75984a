"""Control groups above those of containers: which of them are ours to remove."""

from __future__ import annotations

import contextlib
import os

from reference_runtime.cgroups.mounts import hierarchies


def _mounted() -> set[str]:
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return set(hierarchies(file.read()).values())


def missing(path: str) -> list[str]:
    """The groups on the way to ``path`` that no hierarchy has yet: whoever makes them has to remove them."""
    found = []
    while path.strip("/"):
        if not any(os.path.isdir(folder + path) for folder in _mounted()):
            found.append(path)
        path = os.path.dirname(path)
    return found


def remove(paths: list[str]) -> None:
    """Removes groups that are empty, the lowest first."""
    for path in sorted(paths, key=len, reverse=True):
        for folder in _mounted():
            with contextlib.suppress(OSError):
                os.rmdir(folder + path)
