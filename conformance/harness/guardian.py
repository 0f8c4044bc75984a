"""The two processes below every trial: a guardian outside, a spawner inside.  Runs as a script, standard library only.

The *guardian* makes the trial's cgroups, its namespaces and a tmpfs for bundles, forks the spawner, then waits.  When
the pytest worker that started it goes away, however it goes, the lifeline closes: the guardian kills the spawner and
removes the cgroups.  The *spawner* is process 1 of the trial's PID namespace, so that its death ends every process
that any runtime started, every mount they made and every namespace that only they held.  It starts the commands that
it is told to start, and it reaps whatever is orphaned.

Arguments: TRIAL-ID CONTROL-FD LIFELINE-FD.  The control socket carries one JSON document per packet, see ``Spawner``.
"""

import ctypes
import errno
import json
import os
import select
import signal
import socket
import stat
import sys
import time
from contextlib import suppress
from typing import Any

RUN = "/run/seatrial"
CGROUPS = "/sys/fs/cgroup"
PACKET = 1 << 20

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x00020000, 0x02000000, 0x04000000
CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = 0x08000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x8, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
PR_SET_CHILD_SUBREAPER = 36

DEAF_TO = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the lifeline alone decides when a trial ends

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise OSError for a failed system call, naming what was tried."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source: str, target: str, kind: str | None, flags: int = 0, data: str = "") -> None:
    """Attach a filesystem, or without a kind change the propagation."""
    arguments = (
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        flags,
        data.encode() or None,
    )
    check(libc.mount(*arguments), f"mount {kind or 'propagation'} on {target}")


class Hierarchy:
    """One mounted cgroup hierarchy: its mount point, and the controllers of a v1 hierarchy (none for v2)."""

    def __init__(self, point: str, kind: str, options: list[str]) -> None:
        self.point = point
        self.unified = kind == "cgroup2"
        flags = {"rw", "ro", "none", "xattr", "clone_children", "noprefix", "cpuset_v2_mode"}
        self.options = [word for word in options if word not in flags and not word.startswith("release_agent")]

    def enter(self, path: str) -> None:
        """Move this process to the cgroup ``path``, which is made when it is not there."""
        directory = f"{self.point}{path}"
        os.makedirs(directory, exist_ok=True)
        if "cpuset" in self.options:
            for name in ("cpuset.cpus", "cpuset.mems"):
                inherit(f"{directory}/{name}", f"{os.path.dirname(directory)}/{name}")
        write(f"{directory}/cgroup.procs", str(os.getpid()))


def inherit(path: str, parent: str) -> None:
    """Fill an empty v1 cpuset file from its parent's: no process may enter before that."""
    with open(path) as file, open(parent) as above:
        own, inherited = file.read().strip(), above.read().strip()
    if not own:
        write(path, inherited)


def write(path: str, text: str) -> None:
    """Write a control file in one call."""
    with open(path, "w") as file:
        file.write(text)


def hierarchies() -> list[Hierarchy]:
    """The cgroup hierarchies that this process sees mounted, each once."""
    found: dict[str, Hierarchy] = {}
    with open("/proc/self/mountinfo") as lines:
        for line in lines:
            left, _, right = line.partition(" - ")
            kind, _, options = right.split()[:3]
            if kind in {"cgroup", "cgroup2"}:
                found.setdefault(options + kind, Hierarchy(left.split()[4], kind, options.split(",")))
    return list(found.values())


def adopt_controllers_of_v2(known: list[Hierarchy], workspace: str) -> list[Hierarchy]:
    """Mount, in this mount namespace, a v1 hierarchy for each controller that a hybrid host leaves in its v2 one.

    crun 1.8 refuses such hosts.  The hierarchy ends with the namespace.
    """
    unified = [hierarchy for hierarchy in known if hierarchy.unified]
    if not unified or len(unified) == len(known):
        return []
    with open(f"{unified[0].point}/cgroup.controllers") as file:
        names = {*file.read().split(), *adopted_by_others(known)}
    adopted = []
    for name in sorted(names):
        point = f"{workspace}/cgroup-{name}"
        os.makedirs(point, exist_ok=True)
        if is_adopted(name, point):
            adopted.append(Hierarchy(point, "cgroup", [name]))
    return adopted


def is_adopted(controller: str, point: str, seconds: float = 1.0) -> bool:
    """Mount a v1 hierarchy of a controller; one that another trial is just giving back is waited for.

    One that stays busy in v2 stays there: the host is as it is, and the header says so.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            mount("cgroup", point, "cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, controller)
        except OSError as problem:
            if problem.errno != errno.EBUSY or time.monotonic() > deadline:
                return False
            select.select([], [], [], 0.005)
        else:
            return True


def adopted_by_others(known: list[Hierarchy]) -> list[str]:
    """The controllers that are in a v1 hierarchy which the host does not see mounted: another trial's."""
    mounted = {name for hierarchy in known for name in hierarchy.options}
    with open("/proc/cgroups") as lines:
        rows = [line.split() for line in lines if not line.startswith("#")]
    return [name for name, hierarchy, *_ in rows if hierarchy != "0" and name not in mounted]


def delegate(directory: str) -> None:
    """Hand every controller of a v2 cgroup on to its children, as far as the kernel lets us."""
    with open(f"{directory}/cgroup.controllers") as file:
        names = file.read().split()
    for name in names:
        try:
            write(f"{directory}/cgroup.subtree_control", f"+{name}")
        except OSError:
            continue  # not here: the host report names the controllers that did arrive


class Guardian:
    """Makes the trial's surroundings, and removes them when the worker has gone."""

    def __init__(self, trial: str, control: int, lifeline: int) -> None:
        self.name, self.control, self.lifeline = trial, control, lifeline
        self.link = f"{RUN}/{trial}"
        self.cgroup = f"/seatrial-{trial}"
        self.hierarchies: list[Hierarchy] = []

    def prepare(self) -> None:
        """Publish the workspace on the host as a link into this mount namespace, where it is a tmpfs."""
        os.makedirs(RUN, exist_ok=True)
        os.symlink(f"/proc/{os.getpid()}/root{RUN}/{self.name}", self.link)
        check(libc.unshare(CLONE_NEWNS), "unshare")
        mount("none", "/", None, MS_REC | MS_PRIVATE)
        mount("seatrial", RUN, "tmpfs", 0, "mode=0755")
        os.mkdir(self.link)
        known = hierarchies()
        self.hierarchies = known + adopt_controllers_of_v2(known, f"{RUN}/.cgroups")

    def fork_spawner(self) -> int:
        """Start the spawner by way of a short-lived child, so that the guardian stays outside; returns its pid."""
        check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")
        reader, writer = os.pipe()
        between = os.fork()
        if between == 0:
            try:
                self.enter()
                spawner = os.fork()
                if spawner == 0:
                    os.close(self.lifeline)
                    os.close(reader)
                    os.close(writer)
                    Spawner(self.control, self.hierarchies).run()
                os.write(writer, str(spawner).encode())
                os._exit(0)
            except OSError as problem:
                os.write(writer, f"!{problem.strerror}".encode())
                os._exit(1)
        os.close(writer)
        answer = os.read(reader, 4096).decode()
        os.close(reader)
        os.waitpid(between, 0)
        if not answer.isdigit():
            raise OSError(0, answer.lstrip("!") or "the spawner did not start")
        return int(answer)

    def enter(self) -> None:
        """Enter the trial's cgroups, make them the root of a cgroup namespace, and unshare the rest."""
        for hierarchy in self.hierarchies:
            if hierarchy.unified:
                delegate(hierarchy.point)
            hierarchy.enter(self.cgroup)
        flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
        check(libc.unshare(flags), "unshare")
        for hierarchy in self.hierarchies:
            if hierarchy.unified:  # a v2 cgroup with processes can not hand controllers on
                hierarchy.enter(f"{self.cgroup}/spawner")
                delegate(f"{hierarchy.point}{self.cgroup}")

    def watch(self, spawner: int) -> None:
        """Wait until the worker or the spawner has gone, then end the spawner and clean up."""
        os.close(self.control)
        ending = os.pidfd_open(spawner)
        poll = select.poll()
        poll.register(self.lifeline, select.POLLIN | select.POLLHUP)
        poll.register(ending, select.POLLIN)
        while not poll.poll():
            pass
        os.kill(spawner, signal.SIGKILL)
        for hierarchy in self.hierarchies:
            thaw(f"{hierarchy.point}{self.cgroup}")
        os.waitpid(spawner, 0)

    def clean(self) -> None:
        """Remove the cgroups of the trial and the link to its workspace."""
        for hierarchy in self.hierarchies:
            remove_cgroup(f"{hierarchy.point}{self.cgroup}")
        for hierarchy in self.hierarchies:
            if hierarchy.point.startswith(RUN):
                give_back(hierarchy)
        libc.umount2(RUN.encode(), MNT_DETACH)
        for remove, path in ((os.unlink, self.link), (os.rmdir, RUN)):
            try:
                remove(path)
            except OSError:
                continue  # another trial is still using the folder


def give_back(adopted: Hierarchy, seconds: float = 2.0) -> None:
    """Unmount an adopted hierarchy until its controller is in the v2 hierarchy again.

    The kernel keeps a hierarchy whose removed cgroups are still being released when it is unmounted, so it may take
    more than one turn.  A hierarchy that another trial is using is left to that trial.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        used_by_another = any(entry.is_dir() for entry in os.scandir(adopted.point))
        libc.umount2(adopted.point.encode(), MNT_DETACH)
        if used_by_another or is_released(adopted.options[0]):
            return
        try:
            mount("cgroup", adopted.point, "cgroup", 0, adopted.options[0])
        except OSError:
            return  # gone in the meantime


def is_released(controller: str, seconds: float = 0.3) -> bool:
    """Whether a controller is bound to no v1 hierarchy any more, within some time: the kernel releases it when idle."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with open("/proc/cgroups") as lines:
            if any(line.startswith(f"{controller}\t0\t") for line in lines):
                return True
        select.select([], [], [], 0.002)
    return False


def thaw(directory: str) -> None:
    """Let the frozen processes below a cgroup take their SIGKILL: a v1 freezer holds it back."""
    for path, _, files in os.walk(directory):
        if "freezer.state" in files:
            with suppress(OSError):
                write(f"{path}/freezer.state", "THAWED")


def remove_cgroup(directory: str, seconds: float = 5.0) -> None:
    """Remove a cgroup and all below it; a process that is still on its way out is waited for."""
    deadline = time.monotonic() + seconds
    while os.path.isdir(directory):
        for path, _, _ in os.walk(directory, topdown=False):
            try:
                os.rmdir(path)
            except OSError as problem:
                if problem.errno != errno.EBUSY:
                    break
        if time.monotonic() > deadline:
            return
        select.select([], [], [], 0.002)


class Spawner:
    """Process 1 of the trial: starts commands, reaps orphans, answers over the control socket.

    Requests: ``{"start": N, "argv": […], "environment": {…}, "folder": "…", "files": {"0": [path, flags], …}}`` is
    answered by ``{"started": N, "pid": P}`` and, when it ends, ``{"ended": N, "status": wait status, "seconds": s}``.
    ``{"signal": pid, "number": n}`` has no answer (a negative pid is a group).  Every other child that is reaped
    is told as ``{"reaped": pid, "status": …}``.
    """

    def __init__(self, control: int, known: list[Hierarchy]) -> None:
        self.socket = socket.socket(fileno=control)
        self.hierarchies = known
        self.running: dict[int, tuple[int, float]] = {}

    def run(self) -> None:
        """Serve until the worker closes the socket; the kernel then ends everything in the namespace."""
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            self.settle()
            self.send({"ready": os.uname().nodename})
        except OSError as problem:
            self.send({"failed": problem.strerror})
            os._exit(1)
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        poll.register(reader, select.POLLIN)
        while True:
            for ready, _ in poll.poll():
                if ready == reader:
                    os.read(reader, 4096)
                    self.reap()
                else:
                    self.serve()

    def settle(self) -> None:
        """Mount what belongs to the new namespaces: /proc, a null device, cgroupfs rooted at the trial's cgroup."""
        os.setsid()
        libc.sethostname(b"seatrial", 8)
        mount("none", "/", None, MS_REC | MS_PRIVATE)
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        self.mount_null()
        unified_only = all(hierarchy.unified for hierarchy in self.hierarchies)
        if self.hierarchies and not unified_only:
            links = {entry.name: os.readlink(entry.path) for entry in os.scandir(CGROUPS) if entry.is_symlink()}
            mount("tmpfs", CGROUPS, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755")
            for name, target in links.items():
                os.symlink(target, f"{CGROUPS}/{name}")
        for hierarchy in self.hierarchies:
            self.mount_cgroup(hierarchy, unified_only)

    def mount_null(self) -> None:
        """A null device of the trial's own: some runtimes give the one that they were started with to the container."""
        path = f"{RUN}/.null"
        with suppress(OSError):  # without CAP_MKNOD the host's has to do
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            os.chmod(path, 0o666)  # noqa: S103  # as every null device
            mount(path, "/dev/null", None, MS_BIND)

    def mount_cgroup(self, hierarchy: Hierarchy, unified_only: bool) -> None:
        """Mount one hierarchy afresh: its root is then the root of the cgroup namespace."""
        name = os.path.basename(hierarchy.point).removeprefix("cgroup-")
        point = CGROUPS if unified_only else f"{CGROUPS}/{name}"
        os.makedirs(point, exist_ok=True)
        kind, data = ("cgroup2", "") if hierarchy.unified else ("cgroup", ",".join(hierarchy.options))
        mount(kind, point, kind, MS_NOSUID | MS_NODEV | MS_NOEXEC, data)
        if hierarchy.point.startswith(RUN):  # runtimes take the first mount of a controller that they find
            check(libc.umount2(hierarchy.point.encode(), MNT_DETACH), "umount")

    def send(self, message: dict[str, Any]) -> None:
        """Tell the worker; if it has gone, so has our reason to be."""
        try:
            self.socket.send(json.dumps(message).encode())
        except OSError:
            os._exit(0)

    def serve(self) -> None:
        """Carry out one request."""
        try:
            packet = self.socket.recv(PACKET)
        except ConnectionResetError:  # the worker went away before it had read all that we told it
            packet = b""
        if not packet:
            os._exit(0)
        request = json.loads(packet)
        if "start" in request:
            self.start(request)
        elif "signal" in request:
            with suppress(ProcessLookupError):
                os.kill(request["signal"], request["number"])

    def start(self, request: dict[str, Any]) -> None:
        """Start one command in a session of its own, its descriptors opened from the files that were named."""
        number = request["start"]
        actions = [
            (os.POSIX_SPAWN_OPEN, int(descriptor), path, flags, 0o600)
            for descriptor, (path, flags) in request["files"].items()
        ]
        began = time.monotonic()
        try:
            os.chdir(request["folder"])
            pid = os.posix_spawn(
                request["argv"][0],
                request["argv"],
                request["environment"],
                file_actions=actions,
                setsid=True,
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ, signal.SIGQUIT, *DEAF_TO],
            )
        except OSError as problem:
            self.send({"refused": number, "why": f"{problem.filename or request['argv'][0]}: {problem.strerror}"})
            return
        self.running[pid] = (number, began)
        self.send({"started": number, "pid": pid})

    def reap(self) -> None:
        """Collect every child that has ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.running:
                number, began = self.running.pop(pid)
                self.send({"ended": number, "status": status, "seconds": time.monotonic() - began})
            else:
                self.send({"reaped": pid, "status": status})


def main() -> int:
    """Guard one trial from its beginning to its end."""
    trial, control, lifeline = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.setsid()
    for number in DEAF_TO:
        signal.signal(number, signal.SIG_IGN)
    for descriptor in (control, lifeline):
        os.set_inheritable(descriptor, False)
    guardian = Guardian(trial, control, lifeline)
    try:
        guardian.prepare()
        spawner = guardian.fork_spawner()
    except OSError as problem:
        socket.socket(fileno=control).send(json.dumps({"failed": problem.strerror}).encode())
        guardian.clean()
        return 1
    guardian.watch(spawner)
    guardian.clean()
    return 0


if __name__ == "__main__":
    sys.exit(main())
