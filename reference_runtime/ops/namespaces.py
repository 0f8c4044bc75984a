"""Namespaces: joined by path, or created (config-linux.md, "Namespaces")."""

from __future__ import annotations

import fcntl
import os

from reference_runtime import libc
from reference_runtime.constants import CLOCKS, NAMESPACES
from reference_runtime.errors import RuntimeFault, SpecError
from reference_runtime.plan import Call, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from reference_runtime.run import Run

_PR_SET_DUMPABLE = 4
_NS_GET_NSTYPE = 0xB703  # linux/nsfs.h


def plan(run: Run) -> Iterator[Op]:
    """Steps of the child: it joins first, the user namespace last of them, then creates, the user namespace first."""
    entries = run.linux.get("namespaces", ())
    joined = [entry for entry in entries if "path" in entry]
    for entry in sorted(joined, key=lambda entry: entry["type"] == "user"):
        yield Join(run, entry["type"], entry["path"])
    created = [entry["type"] for entry in entries if "path" not in entry]
    if "user" in created:
        yield Call("namespace", "user", "create a user namespace and wait for its mappings", _create_user, run)
    for kind in created:
        if kind != "user":
            yield Call("namespace", kind, f"create a new {kind} namespace", libc.unshare, NAMESPACES[kind])
    for clock, offset in run.linux.get("timeOffsets", {}).items():
        words = (clock, offset.get("secs", 0), offset.get("nanosecs", 0))
        yield Call("time-offset", clock, "set the clock {} off by {} s {} ns".format(*words), _offset_clock, *words)
    if "network" in created:
        yield Call("loopback", "lo", "bring the loopback device up", _loopback_up)


class Join(Op):
    """Joins a namespace by its file."""

    __slots__ = ("path", "run")

    def __init__(self, run: Run, kind: str, path: str) -> None:
        super().__init__("namespace", kind)
        self.run = run
        self.path = path

    def describe(self) -> str:
        """Which one, by which file."""
        return f"join the {self.subject} namespace {self.path}"

    def execute(self) -> None:
        """Joins now, or once in the user namespace when that is what gives the right to."""
        try:
            libc.setns(self.run.descriptors[self.path], NAMESPACES[self.subject], self.path)
        except PermissionError:
            if not self.run.namespace("user") or self.subject == "user":
                raise
            self.run.deferred.append(self)
            return
        if self.subject == "user":
            _become_root(self.run)
            for op in self.run.deferred:
                op.execute()


def open_files(run: Run) -> None:
    """Opens the files of all namespaces to join, while every path still means what the configuration means.

    SpecError when a file is not of the namespace type that its entry has.
    """
    for index, entry in enumerate(run.linux.get("namespaces", ())):
        if "path" not in entry:
            continue
        path, where = entry["path"], f"linux.namespaces[{index}].path"
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as problem:
            raise RuntimeFault(f"{where}: {path}: {problem.strerror}") from None
        run.descriptors[path] = descriptor
        if kind_of(descriptor) != NAMESPACES[entry["type"]]:
            raise SpecError(f"{where}: {path} is no {entry['type']} namespace")


def kind_of(descriptor: int) -> int:
    """The flag of the namespace type that a file is of; 0 when it is of none."""
    try:
        return fcntl.ioctl(descriptor, _NS_GET_NSTYPE)
    except OSError:
        return 0


def _create_user(run: Run) -> None:
    libc.unshare(NAMESPACES["user"])
    run.end().tell("map")
    run.end().expect("mapped")
    _become_root(run)


def _become_root(run: Run) -> None:
    take_ids(*root_ids(run, "self"))
    # The change of ids has given our files in /proc to the host's root (proc(5)), and they are still needed.
    libc.prctl(_PR_SET_DUMPABLE, 1)


def take_ids(uid: int, gid: int) -> None:
    """Makes a user and a group of the user namespace the owners of what is made from now on."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def root_ids(run: Run, pid: int | str) -> tuple[int, int]:
    """User and group 0 in the user namespace of a process, or those of ``process.user`` where 0 is not mapped."""
    return _root_id(run, pid, "uid"), _root_id(run, pid, "gid")


def _root_id(run: Run, pid: int | str, kind: str) -> int:
    with open(f"/proc/{pid}/{kind}_map", encoding="ascii") as file:
        ranges = [[int(word) for word in line.split()] for line in file]
    if any(first == 0 for first, _, _ in ranges):
        return 0
    return int(run.process.get("user", {}).get(kind, 0))


def write_mappings(run: Run, pid: int) -> None:
    """Gives the user namespace of a process its mappings (user_namespaces(7)); done from outside of it."""
    if os.geteuid():
        _write(f"/proc/{pid}/setgroups", "deny")
    for kind in ("uid", "gid"):
        ranges = run.linux.get(f"{kind}Mappings", ())
        lines = [f"{entry['containerID']} {entry['hostID']} {entry['size']}" for entry in ranges]
        if lines:
            _write(f"/proc/{pid}/{kind}_map", "\n".join(lines))


def _write(path: str, text: str) -> None:
    # One write(2), as these files demand.
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    except OSError as problem:
        raise RuntimeFault(f"{text!r} is refused by {path}: {problem.strerror}") from None
    finally:
        os.close(descriptor)


def _offset_clock(clock: str, seconds: int, nanoseconds: int) -> None:
    _write("/proc/self/timens_offsets", f"{CLOCKS[clock]} {seconds} {nanoseconds}")


def _loopback_up() -> None:
    """Sets IFF_UP, as every program that talks to itself expects (netdevice(7))."""
    descriptor = libc.socket_for_ioctl()
    try:
        request = b"lo".ljust(16, b"\0") + (0x1).to_bytes(2, "little") + bytes(22)
        fcntl.ioctl(descriptor, 0x8914, request)
    finally:
        os.close(descriptor)
