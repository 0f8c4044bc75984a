"""The part of the statistics that is about memory."""

from __future__ import annotations

from reference_runtime.cgroups import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NO_LIMIT = (1 << 64) - 1
_KINDS_V1 = {"usage": "", "swap": "memsw.", "kernel": "kmem.", "kernelTCP": "kmem.tcp."}
_FILES_V1 = {"limit": "limit_in_bytes", "usage": "usage_in_bytes", "max": "max_usage_in_bytes", "failcnt": "failcnt"}
_ALWAYS_TOLD = {"limit", "failcnt"}


def memory_v1(folder: str) -> dict[str, Any]:
    """From the memory controller of version 1."""
    raw = files.table(folder, "memory.stat")
    told = {kind: _usage_v1(folder, f"memory.{infix}") for kind, infix in _KINDS_V1.items()}
    return _with_cache(raw.get("cache", 0)) | told | {"raw": raw}


def _usage_v1(folder: str, stem: str) -> dict[str, int]:
    """One kind of memory; without accounting of swap its files are not there, and all is zero."""
    return _told(
        {
            key: int(files.read(folder, stem + name)) if files.exists(folder, stem + name) else 0
            for key, name in _FILES_V1.items()
        }
    )


def memory_v2(folder: str) -> dict[str, Any]:
    """From the memory controller of version 2, where swap does not include memory: the sum is told, as in version 1."""
    raw = files.table(folder, "memory.stat")
    memory, swap = (_usage_v2(folder, stem) for stem in ("memory", "memory.swap"))
    if swap:
        limit = swap["limit"] if swap["limit"] == _NO_LIMIT else min(swap["limit"] + memory["limit"], _NO_LIMIT)
        swap = {"limit": limit, "usage": swap["usage"] + memory["usage"], "max": 0, "failcnt": 0}
    none = {"limit": 0, "failcnt": 0}
    told = {"usage": _told(memory), "swap": _told(swap or none), "kernel": none, "kernelTCP": none}
    return _with_cache(raw.get("file", 0)) | told | {"raw": raw}


def _usage_v2(folder: str, stem: str) -> dict[str, int]:
    if not files.exists(folder, f"{stem}.current"):
        return {}
    limit = files.read(folder, f"{stem}.max")
    return {
        "limit": _NO_LIMIT if limit == "max" else int(limit),
        "usage": int(files.read(folder, f"{stem}.current")),
        "max": int(files.read(folder, f"{stem}.peak")) if files.exists(folder, f"{stem}.peak") else 0,
        "failcnt": 0,
    }


def _with_cache(cache: int) -> dict[str, int]:
    return {"cache": cache} if cache else {}


def _told(usage: dict[str, int]) -> dict[str, int]:
    """What is zero is left out, but for two."""
    return {key: value for key, value in usage.items() if value or key in _ALWAYS_TOLD}
