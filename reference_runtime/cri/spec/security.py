"""Capabilities, hidden paths and seccomp filters."""

from __future__ import annotations

import json
import os
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.constants import CAPABILITIES
from reference_runtime.cri.errors import Invalid

#: What a container may unless it is told otherwise: what an ordinary service needs.
DEFAULT_CAPABILITIES = (
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
)

#: Calls that a container of the default profile may not make: they are about the whole machine, or about getting out.
_DENIED = (
    "acct",
    "add_key",
    "bpf",
    "clock_adjtime",
    "clock_settime",
    "create_module",
    "delete_module",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "get_kernel_syms",
    "init_module",
    "ioperm",
    "iopl",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pivot_root",
    "query_module",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "stime",
    "swapoff",
    "swapon",
    "sysfs",
    "umount",
    "umount2",
    "unshare",
    "uselib",
    "userfaultfd",
    "ustat",
    "vhangup",
    "vm86",
    "vm86old",
)
#: The calls of these that a capability gives back.
_GIVEN_BACK = {
    "CAP_SYS_ADMIN": (
        *("bpf", "clone", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount", "mount_setattr"),
        *("move_mount", "open_tree", "perf_event_open", "quotactl", "quotactl_fd", "setdomainname", "sethostname"),
        *("setns", "umount", "umount2", "unshare"),
    ),
    "CAP_SYS_BOOT": ("reboot",),
    "CAP_SYS_CHROOT": ("chroot",),
    "CAP_SYS_MODULE": ("delete_module", "init_module", "finit_module"),
    "CAP_SYS_TIME": ("settimeofday", "stime", "clock_settime", "clock_adjtime"),
    "CAP_SYS_TTY_CONFIG": ("vhangup",),
    "CAP_DAC_READ_SEARCH": ("open_by_handle_at",),
    "CAP_SYS_RAWIO": ("iopl", "ioperm"),
}


def capabilities(security: Any, held: tuple[str, ...]) -> dict[str, list[str]]:
    """The five sets.  ``held`` are those that this machine has at all."""
    if security.privileged:
        everything = list(held)
        return dict.fromkeys(("bounding", "effective", "permitted", "inheritable"), everything)
    asked = security.capabilities
    ambient = _named(asked.add_ambient_capabilities, held)
    added = _named(asked.add_capabilities, held) + ambient
    dropped = set(_named(asked.drop_capabilities, held))
    keep = "ALL" in (name.upper() for name in asked.add_capabilities)
    usual = [] if _everything(asked.drop_capabilities) and not keep else list(DEFAULT_CAPABILITIES)
    if _everything(asked.drop_capabilities):
        dropped -= set(added)
    granted = [name for name in dict.fromkeys(usual + added) if name not in dropped and name in CAPABILITIES]
    sets = dict.fromkeys(("bounding", "effective", "permitted", "inheritable"), granted)
    return sets | {"ambient": [name for name in ambient if name in granted]}


def _everything(names: Any) -> bool:
    return any(name.upper() in {"ALL", "CAP_ALL"} for name in names)


def _named(names: Any, held: tuple[str, ...]) -> list[str]:
    """Names as the kernel writes them; ALL is every one."""
    found = []
    for name in names:
        whole = name.upper() if name.upper().startswith("CAP_") else f"CAP_{name.upper()}"
        if whole == "CAP_ALL":
            found += list(held)
        elif whole in CAPABILITIES:
            found.append(whole)
        else:
            raise Invalid(f"{name!r} is no capability")
    return found


def seccomp(profile: Any, path: str, granted: list[str]) -> dict[str, Any] | None:
    """The filter of a SecurityProfile, or of the older path beside it; None for none."""
    kind = profile.profile_type if profile is not None else _kind_of(path)
    if kind == api_pb2.SecurityProfile.Unconfined:
        return None
    if kind == api_pb2.SecurityProfile.RuntimeDefault:
        return default_filter(granted)
    place = profile.localhost_ref if profile is not None else path
    place = place.removeprefix("localhost/")
    if not os.path.isabs(place):
        raise Invalid(f"seccomp: {place!r} is no absolute path of a profile")
    try:
        with open(place, encoding="utf-8") as file:
            return _translated(json.load(file), granted)
    except (OSError, ValueError) as problem:
        raise Invalid(f"seccomp: the profile {place} can not be read: {problem}") from None


def _kind_of(path: str) -> int:
    if path in {"", "unconfined"}:
        return api_pb2.SecurityProfile.Unconfined
    if path in {"runtime/default", "docker/default"}:
        return api_pb2.SecurityProfile.RuntimeDefault
    return api_pb2.SecurityProfile.Localhost


def default_filter(granted: list[str]) -> dict[str, Any]:
    """The usual filter, for someone with these capabilities."""
    free = {call for name in granted for call in _GIVEN_BACK.get(name, ())}
    denied = [call for call in _DENIED if call not in free]
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": denied, "action": "SCMP_ACT_ERRNO", "errnoRet": 1}],
    }


def _translated(profile: dict[str, Any], granted: list[str]) -> dict[str, Any]:
    """A profile in its usual form: rules may depend on capabilities, and a single name may stand for a list."""
    rules = []
    for rule in profile.get("syscalls") or []:
        wanted, unwanted = (rule.get(word) or {} for word in ("includes", "excludes"))
        if not set(wanted.get("caps") or []) <= set(granted) or set(unwanted.get("caps") or []) & set(granted):
            continue
        names = rule.get("names") or [rule["name"]]
        kept = {word: rule[word] for word in ("action", "args", "errnoRet") if rule.get(word) is not None}
        rules.append({"names": names, **kept})
    words = ("defaultAction", "defaultErrnoRet", "architectures", "flags")
    result = {word: profile[word] for word in words if profile.get(word) is not None}
    return result | ({"syscalls": rules} if rules else {})
