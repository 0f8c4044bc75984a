"""Several valid cases in one config: which of them can stand beside each other, and the case that they make."""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING

from strategies.case import VALID, Case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: How many valid cases go into one pack.
PACK = 30
#: Edits that change what others mean, or are changed by them.
LONERS = {"args", "share_namespace", "namespace", "drop", "unmount", "put", "add", "replace", "root_path"}
#: Edits that add an entry of their own, named by their first argument; the others set one field.
KEYED = {"annotation", "rlimit", "sysctl", "time_offset", "hook"}


def joined(cases: Sequence[Case]) -> Case:
    """One case of several valid ones; the base config of none."""
    if len(cases) == 1:
        return cases[0]
    edits = tuple(dict.fromkeys(edit for case in cases for edit in case.edits))
    scripts = dict.fromkeys(case.script for case in cases if case.script)
    under = next((case.under for case in cases if case.under), "")
    return Case(edits, script="\n".join(scripts), under=under)


def packs(cases: Iterable[Case]) -> list[list[Case]]:
    """Cases in packs of those that can stand beside each other, the fullest first."""
    return sorted(_packs(cases), key=len, reverse=True)


def _packs(cases: Iterable[Case]) -> Iterator[list[Case]]:
    waiting = list(cases)
    while waiting:
        pack: list[Case] = []
        rest: list[Case] = []
        for case in waiting:
            fits = len(pack) < PACK and are_compatible(pack, case)
            (pack if fits else rest).append(case)
        yield pack
        waiting = rest


def are_compatible(cases: Sequence[Case], further: Case) -> bool:
    """Whether a case can be added to others without changing what any of them means."""
    if not cases:
        return True
    taken = {field for case in cases for field in fields_of(case)}
    sociable = all(map(_is_sociable, [*cases, further]))
    is_something = bool(further.edits or further.under)
    return further.verdict == VALID and not fields_of(further) & taken and sociable and is_something


def _is_sociable(case: Case) -> bool:
    return not {edit.name for edit in case.edits} & LONERS


def fields_of(case: Case) -> set[str]:
    """What a case sets, in words, so that two that set the same can be told."""
    fields = {"the root filesystem"} if "rootfs" in case.script else set()
    if case.under:
        # Of one who calls, and with the umask of its own that the config must not have.
        fields |= {"the caller", *(["user"] if "umask" in case.under else [])}
    for edit in case.edits:
        if edit.name in {"tmpfs", "mount", "device", "bind"}:
            place = edit.args[1] if edit.name == "bind" else edit.args[0]
            fields.add("place " + normpath(f"/{place.lstrip('/')}").split("/")[1])
            if "link" in place:  # which leads there, see ``table.mounts``
                fields.add("place run")
        elif edit.name in {"user", "umask", "capabilities", "additional_gids"}:
            fields.add("user")
        elif edit.name in {"seccomp", "personality"}:  # filters of cases refuse the call that tells the personality
            fields.add("personality")
        elif edit.name in KEYED:
            fields.add(f"{edit.name} {edit.args[0]}")
        else:
            fields.add(edit.name)
    return fields
