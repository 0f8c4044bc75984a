"""The five sets of capabilities of a process (capabilities(7))."""

from __future__ import annotations

import ctypes

from reference_runtime import libc
from reference_runtime.constants import CAPABILITIES, CAPABILITY_SETS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Sets = dict[str, int]

SYS_ADMIN = 1 << CAPABILITIES.index("CAP_SYS_ADMIN")
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    """struct __user_cap_header_struct (linux/capability.h)."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    """struct __user_cap_data_struct; two of them make a set of 64 bits."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def sets_of(configured: dict[str, Any] | None, held: int) -> tuple[Sets, list[str]]:
    """Bit sets by their names, and the warnings about what can not be granted.

    ``held`` is what the runtime itself may have in that user namespace.  Without ``process.capabilities`` every set is
    empty.
    """
    sets = dict.fromkeys(CAPABILITY_SETS, 0)
    warnings = []
    for kind in CAPABILITY_SETS:
        for name in (configured or {}).get(kind, ()):
            bit = 1 << CAPABILITIES.index(name) if name in CAPABILITIES else 0
            if bit & held:
                sets[kind] |= bit
            else:
                reason = "can not be granted here" if bit else "is no capability"
                warnings.append(f"process.capabilities.{kind}: {name} {reason}")
    return _consistent(sets, warnings), warnings


def held_here(other_user_namespace: bool) -> int:
    """The capabilities that can be given: in a user namespace of its own all that the kernel has."""
    if other_user_namespace:
        with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
            return (2 << int(file.read())) - 1
    with open("/proc/self/status", encoding="utf-8", errors="replace") as file:
        found = [line.split()[1] for line in file if line.startswith("CapPrm:")]
    return int(found[0], 16)


def _consistent(sets: Sets, warnings: list[str]) -> Sets:
    """The kernel's own rules: effective within permitted, ambient within permitted and inheritable."""
    rules = (("effective", sets["permitted"]), ("ambient", sets["permitted"] & sets["inheritable"]))
    for kind, limit in rules:
        missing = names(sets[kind] & ~limit)
        warnings += [f"process.capabilities.{kind}: {name} needs to be in other sets too" for name in missing]
        sets[kind] &= limit
    return sets


def names(bits: int) -> list[str]:
    """The names of the capabilities in a set."""
    return [name for number, name in enumerate(CAPABILITIES) if bits >> number & 1]


def limit_bounding(bits: int) -> None:
    """Drops everything else from the bounding set, whatever the number of capabilities this kernel has."""
    for number in range(64):
        if not bits >> number & 1:
            try:
                libc.prctl(_PR_CAPBSET_DROP, number)
            except OSError:
                # The kernel knows no capability of this number, nor any after it.
                return


def keep_over_change_of_user() -> None:
    """The permitted set survives the change from root to another user."""
    libc.prctl(_PR_SET_KEEPCAPS, 1)


def apply(sets: Sets, extra: int) -> None:
    """Sets all but the bounding set; ``extra`` stays permitted and effective until a program is executed."""
    _capset(sets["effective"] | extra, sets["permitted"] | extra, sets["inheritable"])
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    for number in range(64):
        if sets["ambient"] >> number & 1:
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, number)


def set_inheritable(bits: int, held: int) -> None:
    """Sets the inheritable set while the bounding set still is what it was: later it limits what can be added."""
    _capset(held, held, bits)


def _capset(effective: int, permitted: int, inheritable: int) -> None:
    words = [
        _Data(effective >> shift & 0xFFFFFFFF, permitted >> shift & 0xFFFFFFFF, inheritable >> shift & 0xFFFFFFFF)
        for shift in (0, 32)
    ]
    header = _Header(_VERSION_3, 0)
    libc.syscall("capset", ctypes.byref(header), (_Data * 2)(*words))
