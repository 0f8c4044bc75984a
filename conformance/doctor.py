"""What this host can and can not tell, each with its remedy: ``seatrial doctor``."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.harness.errors import WrongUse
from conformance.harness.host import look_at
from conformance.harness.runtime import find
from conformance.harness.trial import Trial
from reports.allure_report import ReportError, find_allure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.harness.host import Host

#: What to do about a need that is not met: the longest beginning of its name counts.
REMEDIES = {
    "cgroup": "let the kernel have the controller (cgroup_enable=), and let cgroup v2 hand it down (subtree_control)",
    "cgroup.v1": "boot with systemd.unified_cgroup_hierarchy=0, where systemd still can",
    "cgroup.v2": "boot with systemd.unified_cgroup_hierarchy=1, or try it in a virtual machine",
    "cgroup.file": "use a kernel that is built with it",
    "cap": "run on the host itself, or in a container with all capabilities (docker run --privileged)",
    "kernel": "use a newer kernel",
    "processors": "give the machine more processors",
    "machine": "use such a machine",
    "swap": "add some: fallocate -l 64M /swap; chmod 600 /swap; mkswap /swap; swapon /swap",
    "realtime": "use a kernel without CONFIG_RT_GROUP_SCHED",
    "program": "install it",
    "program.ip": "install iproute2",
    "program.setcap": "install libcap2-bin (Debian) or libcap (Fedora)",
    "program.unshare": "install util-linux",
    "program.setpriv": "install util-linux",
    "program.ipcmk": "install util-linux (Debian: util-linux-extra)",
    "numa": "use a kernel with CONFIG_NUMA",
    "resctrl.present": "mount it, where the processor can: mount -t resctrl resctrl /sys/fs/resctrl",
    "resctrl.absent": "unmount /sys/fs/resctrl",
    "security": "boot a kernel with this security module (lsm=)",
    "security.none": "boot with lsm= without AppArmor and SELinux",
    "filesystem": "load its module with modprobe",
    "seccomp": "use a kernel whose seccomp has this action",
    "namespace": "use a kernel with such namespaces",
    "namespace.user": "allow user namespaces: sysctl user.max_user_namespaces=10000",
}
RUNTIMES = ("runc", "crun", "youki", "runsc")
SOCKETS = ("/run/containerd/containerd.sock", "/run/crio/crio.sock", "/run/cri-dockerd.sock")
OF_THE_RUNTIME = ("command.", "runtime.")  # needs that hosts have nothing to do with


def diagnosis(tests: Iterable[tuple[str, list[Any]]]) -> list[str]:
    """The lines of the diagnosis; ``tests`` are names with their ``musts``."""
    lines = [*_runtimes(), *_servers()]
    try:
        with Trial() as trial:
            host = look_at(trial)
    except WrongUse as problem:
        return [f"trials: can not be made here: {problem}", *lines, *_report()]
    facts = ", ".join(f"{name} {value}" for name, value in host.facts().items())
    return [f"host: {facts}", *lines, *_report(), *_needs(host, dict(tests))]


def _runtimes() -> Iterator[str]:
    for name in RUNTIMES:
        if shutil.which(name) is None:
            continue
        try:
            yield f"runtime: {find(name).describe()}"
        except WrongUse as problem:
            yield f"runtime: {problem}"
    absent = [name for name in RUNTIMES if shutil.which(name) is None]
    if absent:
        yield f"runtimes not in PATH: {', '.join(absent)} (install them, or give a path with --runtime=)"


def _servers() -> Iterator[str]:
    found = [path for path in map(Path, SOCKETS) if path.is_socket()]
    yield from (f"CRI server: unix://{path}" for path in found)
    if not found:
        yield "CRI servers: none listens at its usual place (start containerd or CRI-O)"


def _report() -> Iterator[str]:
    try:
        yield f"seatrial report: works with {find_allure()}"
    except ReportError as problem:
        yield f"seatrial report: {problem}"


def _needs(host: Host, tests: dict[str, list[Any]]) -> Iterator[str]:
    """What tests need and the host lacks: how many tests, why, and what to do."""
    missing: Counter[tuple[str, str]] = Counter()
    hindered = 0
    for marks in tests.values():
        needs = {need for mark in marks for need in mark.kwargs.get("needs", ())}
        lacked = {(need, reason) for need in needs if (reason := _lacks(host, need)) is not None}
        missing.update(lacked)
        hindered += bool(lacked)
    yield f"tests: {len(tests) - hindered} of {len(tests)} can tell all they ask here"
    for (need, reason), count in sorted(missing.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {count} can not: {reason} -> {remedy(need)}"


def _lacks(host: Host, need: str) -> str | None:
    return None if need.startswith(OF_THE_RUNTIME) else host.lacks(need)


def remedy(need: str) -> str:
    """What to do about a need that is not met."""
    parts = need.split(".")
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next(REMEDIES[beginning] for beginning in beginnings if beginning in REMEDIES)
