"""Namespaces and cgroups in which a CRI server and a command run together, so that nothing of them is left on the host.

Below process 1 of them there is nothing that could outlive it: no shim, no mount, no bridge, no rule of a firewall.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
from pathlib import Path

from conformance.harness import guardian

PR_SET_PDEATHSIG = 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
NAMESPACES = guardian.CLONE_NEWNS | guardian.CLONE_NEWPID | guardian.CLONE_NEWNET | guardian.CLONE_NEWIPC


class Surroundings:
    """Namespaces and cgroups that end with the process that is started in them."""

    def __init__(self, name: str, places: tuple[str, ...]) -> None:
        """``places`` are folders outside of /run that the server writes to whatever its settings say."""
        self.label, self.places = name, places
        self.name = f"/seatrial-{name}-{os.getpid()}"
        self.adopted: list[guardian.Hierarchy] = []
        self.hierarchies = guardian.hierarchies()

    def adopt(self) -> None:
        """Take controllers that a hybrid host leaves in its v2 hierarchy: the server must see all that there are."""
        guardian.check(guardian.libc.unshare(guardian.CLONE_NEWNS), "unshare")
        guardian.mount("none", "/", None, guardian.MS_REC | guardian.MS_PRIVATE)
        _mount_tmpfs("/run")
        self.adopted = guardian.adopt_controllers_of_v2(self.hierarchies, "/run/cgroups")
        self.hierarchies += self.adopted

    def run(self, inside: object) -> int:
        """Call ``inside`` as process 1 of the namespaces, and return the exit status that it returns."""
        for number in guardian.DEAF_TO:
            signal.signal(number, signal.SIG_IGN)
        made = [Path(place) for place in self.places if not Path(place).exists()]
        self.adopt()
        between = os.fork()
        if between == 0:
            os._exit(self._between(inside))
        status = os.waitstatus_to_exitcode(os.waitpid(between, 0)[1])
        for hierarchy in self.hierarchies:
            guardian.remove_cgroup(f"{hierarchy.point}{self.name}")
        for hierarchy in self.adopted:
            guardian.give_back(hierarchy)
        for place in made:
            place.rmdir()
        return status

    def _between(self, inside: object) -> int:
        _die_with_parent()
        for hierarchy in self.hierarchies:
            if hierarchy.unified:
                guardian.delegate(hierarchy.point)
            hierarchy.enter(self.name)
        guardian.check(guardian.libc.unshare(NAMESPACES | guardian.CLONE_NEWCGROUP), "unshare")
        child = os.fork()
        if child == 0:
            _die_with_parent()
            try:
                self._settle()
                status = inside()  # type: ignore[operator]
            except OSError as problem:
                print(f"{self.label}: {problem}", file=sys.stderr)
                status = 2
            os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF

    def _settle(self) -> None:
        """Mount what belongs to the new namespaces, and bring the loopback interface up."""
        flags = guardian.MS_NOSUID | guardian.MS_NODEV | guardian.MS_NOEXEC
        guardian.mount("none", "/", None, guardian.MS_REC | guardian.MS_PRIVATE)
        guardian.mount("proc", "/proc", "proc", flags)
        for hierarchy in self.hierarchies:
            if hierarchy.unified:  # a cgroup of v2 that has processes hands no controllers on
                hierarchy.enter(f"{self.name}/first")
                guardian.delegate(f"{hierarchy.point}{self.name}")
            kind, data = ("cgroup2", "") if hierarchy.unified else ("cgroup", ",".join(hierarchy.options))
            guardian.check(guardian.libc.umount2(hierarchy.point.encode(), guardian.MNT_DETACH), "umount")
            guardian.mount(kind, hierarchy.point, kind, flags, data)
        for place in self.places:
            _mount_tmpfs(place)
        guardian.mount("none", "/run", None, 1 << 20)  # shared, as systemd has it: containers may ask for propagation
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            asked = fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
            flags = struct.unpack("16sh14x", asked)[1] | IFF_UP
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags))


def _mount_tmpfs(place: str) -> None:
    Path(place).mkdir(parents=True, exist_ok=True)
    guardian.mount("seatrial", place, "tmpfs", 0, "mode=0755")


def _die_with_parent() -> None:
    guardian.libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
