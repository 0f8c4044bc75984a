"""What this host can tell, and what it can not: the answer to ``needs=`` and to the run's header."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.harness.trial import Trial

CAPABILITIES = {
    "SYS_RESOURCE": 24,
    "SYS_ADMIN": 21,
    "SYS_NICE": 23,
    "MKNOD": 27,
    "NET_ADMIN": 12,
    "SYS_TIME": 25,
}


@dataclass(frozen=True)
class Host:
    """What was found out about the host.

    ``cgroups`` are the controllers that a container can get, ``mode`` is v1, v2 or hybrid; ``files`` are the control
    files seen in one cgroup of each controller.
    """

    mode: str
    cgroups: frozenset[str]
    files: frozenset[str]
    capabilities: int
    kernel: tuple[int, ...]
    namespaces: frozenset[str]
    security: frozenset[str]
    filesystems: frozenset[str]
    processors: int
    swap: bool
    seccomp: frozenset[str]
    nofile: int = field(default_factory=lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[1])

    def lacks(self, need: str) -> str | None:
        """Why a need is not met here, or None when it is.  Raises KeyError for a need that nobody knows."""
        subject, _, detail = need.partition(".")
        return _NEEDS[subject](self, detail)

    def facts(self) -> dict[str, str]:
        """The host in words, for headers and records."""
        missing = sorted(name for name, bit in CAPABILITIES.items() if not self.capabilities >> bit & 1)
        return {
            "kernel": platform.release(),
            "machine": platform.machine(),
            "processors": str(self.processors),
            "cgroups": f"{self.mode} ({' '.join(sorted(self.cgroups)) or 'no controllers'})",
            "missing capabilities": " ".join(missing) or "none",
            "security modules": " ".join(sorted(self.security)) or "none",
            "swap": "yes" if self.swap else "no",
        }


def _cgroup(host: Host, detail: str) -> str | None:
    if detail in {"v1", "v2"}:
        return None if (detail == "v2") == (host.mode == "v2") else f"the host has cgroup {host.mode}"
    if detail.startswith("file."):
        name = detail.removeprefix("file.")
        return None if name in host.files else f"the kernel has no cgroup file {name}"
    return None if detail in host.cgroups else f"no cgroup controller {detail}"


def _capability(host: Host, detail: str) -> str | None:
    return None if host.capabilities >> CAPABILITIES[detail] & 1 else f"the host has no CAP_{detail}"


def _kernel(host: Host, detail: str) -> str | None:
    wanted = tuple(map(int, detail.split(".")))
    return None if host.kernel >= wanted else f"the kernel is older than {detail}"


def _processors(host: Host, detail: str) -> str | None:
    return None if host.processors >= int(detail) else f"fewer than {detail} processors"


def _machine(_: Host, detail: str) -> str | None:
    return None if platform.machine() == detail else f"the machine is not {detail}"


def _swap(host: Host, _: str) -> str | None:
    return None if host.swap else "the host has no swap"


def _program(_: Host, detail: str) -> str | None:
    return None if shutil.which(detail) else f"the host has no program {detail}"


def _numa(_: Host, __: str) -> str | None:
    return None if Path("/sys/devices/system/node/node0").is_dir() else "the kernel has no NUMA"


def _resctrl(_: Host, detail: str) -> str | None:
    absent = " resctrl " not in Path("/proc/self/mounts").read_text()
    return None if absent == (detail == "absent") else f"resctrl is {'not ' * absent}mounted"


def _security(host: Host, detail: str) -> str | None:
    if detail == "none":
        return f"the host uses {' and '.join(sorted(host.security))}" if host.security else None
    return None if detail in host.security else f"the host does not use {detail}"


def _realtime(host: Host, _: str) -> str | None:
    """Where groups have budgets of real time, a new cgroup has none, see the kernel's sched-rt-group.rst."""
    return "cgroups have no budget of real time" if "cpu.rt_runtime_us" in host.files else None


def _member(attribute: str, what: str) -> Callable[[Host, str], str | None]:
    def lacks(host: Host, detail: str) -> str | None:
        return None if detail in getattr(host, attribute) else f"{what} {detail}"

    return lacks


_NEEDS: dict[str, Callable[[Host, str], str | None]] = {
    "cgroup": _cgroup,
    "cap": _capability,
    "kernel": _kernel,
    "processors": _processors,
    "machine": _machine,
    "swap": _swap,
    "realtime": _realtime,
    "program": _program,
    "numa": _numa,
    "resctrl": _resctrl,
    "namespace": _member("namespaces", "the kernel has no namespaces of kind"),
    "security": _security,
    "filesystem": _member("filesystems", "the kernel has no filesystem"),
    "seccomp": _member("seccomp", "the kernel has no seccomp action"),
}


def look_at(trial: Trial) -> Host:
    """Find out what can be found out, from inside the trial where that makes a difference."""
    status = Path(f"/proc/{trial.pid}/status").read_text()
    effective = re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE)
    mode, controllers, files = _cgroups(trial)
    return Host(
        mode=mode,
        cgroups=controllers,
        files=files,
        capabilities=int(effective[1], 16) if effective else 0,
        kernel=tuple(int(number) for number in re.findall(r"\d+", platform.release())[:2]),
        namespaces=_namespaces(),
        security=frozenset(_words("/sys/kernel/security/lsm", ",")) & {"apparmor", "selinux"},
        filesystems=frozenset(line.split()[-1] for line in Path("/proc/filesystems").read_text().splitlines()),
        processors=len(os.sched_getaffinity(0)),
        swap=len(Path("/proc/swaps").read_text().splitlines()) > 1,
        seccomp=frozenset(_words("/proc/sys/kernel/seccomp/actions_avail")),
    )


def _cgroups(trial: Trial) -> tuple[str, frozenset[str], frozenset[str]]:
    """The mode, the controllers that containers can get, and the control files of a cgroup below the trial's."""
    root = trial.cgroup_root
    if (root / "cgroup.subtree_control").exists():
        controllers = frozenset((root / "cgroup.subtree_control").read_text().split())
        # Device rules are a program that is attached to the cgroup, and freezing is part of every v2 cgroup.
        return "v2", controllers | {"devices", "freezer"}, frozenset(os.listdir(root / "spawner"))
    folders = [entry for entry in root.iterdir() if entry.is_dir()]
    names = frozenset(name for folder in folders for name in folder.name.split(",")) - {"unified", "systemd"}
    files = frozenset(name for folder in folders for name in os.listdir(folder))
    return ("hybrid" if (root / "unified").exists() else "v1"), names, files


def _namespaces() -> frozenset[str]:
    names = {"net": "network", "mnt": "mount", "pid_for_children": "", "time_for_children": ""}
    found = {names.get(entry, entry) for entry in os.listdir("/proc/self/ns")} - {""}
    if Path("/proc/sys/user/max_user_namespaces").read_text().strip() == "0":
        found.discard("user")
    return frozenset(found)


def _words(path: str, separator: str | None = None) -> list[str]:
    try:
        return Path(path).read_text().strip().split(separator)
    except OSError:
        return []
