"""Edits of the system call filter (config-linux.md, Seccomp).

Names may leave out what all of their kind begin with: "ERRNO" is SCMP_ACT_ERRNO, "MASKED_EQ" is SCMP_CMP_MASKED_EQ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies.edit import Config, edit, part
from strategies.places import all_prefixed, fill, prefixed, section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strategies.calls import Part


@edit
def seccomp(  # noqa: PLR0913  # one argument for each property of the specification
    config: Config,
    default_action: str,
    *rules: Part,
    default_errno_ret: int | None = None,
    architectures: Sequence[str] | None = None,
    flags: Sequence[str] | None = None,
    listener_path: str | None = None,
    listener_metadata: str | None = None,
) -> None:
    """The filter, whole: what happens to system calls that no ``rule`` names, and the rules."""
    listener = {"listenerPath": listener_path, "listenerMetadata": listener_metadata}
    section(config, "linux")["seccomp"] = fill(
        {"defaultAction": prefixed("SCMP_ACT_", default_action)},
        defaultErrnoRet=default_errno_ret,
        architectures=all_prefixed("SCMP_ARCH_", architectures),
        flags=all_prefixed("SECCOMP_FILTER_FLAG_", flags),
        **listener,
        syscalls=[rule.value() for rule in rules] or None,
    )


@part
def rule(
    names: str | Sequence[str], action: str, *, args: Sequence[Part] | None = None, errno_ret: int | None = None
) -> dict[str, Any]:
    """What happens to some system calls, by name, when all ``args`` match."""
    every = [names] if isinstance(names, str) else list(names)
    matches = None if args is None else [match.value() for match in args]
    return fill({"names": every, "action": prefixed("SCMP_ACT_", action)}, errnoRet=errno_ret, args=matches)


@part
def arg(index: int, value: int, op: str = "EQ", value_two: int | None = None) -> dict[str, Any]:
    """A match on one argument of a system call; for MASKED_EQ ``value`` is the mask, ``value_two`` the wanted bits."""
    return fill({"index": index, "value": value}, valueTwo=value_two, op=prefixed("SCMP_CMP_", op))
