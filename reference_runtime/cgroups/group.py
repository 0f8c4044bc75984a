"""The control groups of one container: one folder in every hierarchy (cgroups(7))."""

from __future__ import annotations

import errno
import os

from reference_runtime.cgroups import devices, files
from reference_runtime.cgroups.freezer import Freezer
from reference_runtime.cgroups.mounts import UNIFIED, hierarchies
from reference_runtime.cgroups.paths import DEFAULT_PARENT, RELATIVE_PARENT, resolve
from reference_runtime.errors import RuntimeFault
from reference_runtime.plan import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from reference_runtime.plan import Op

_DEADLINE_SECONDS = 10.0
_SIGKILL = 9  # the module signal would take as long to import as all of this package
_ATTEMPTS = 10
_INHERITED = ("cpuset.cpus", "cpuset.mems")
_DELEGATED = ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads")
_DELEGATE_LIST = "/sys/kernel/cgroup"


def open_cgroup(path: str | None, container_id: str) -> Cgroup:
    """The control groups that ``linux.cgroupsPath`` names on this host, whether or not they are there yet.

    RuntimeFault if no hierarchy is mounted, SpecError if the path is invalid.
    """
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        mounts = hierarchies(file.read())
    if not mounts:
        raise RuntimeFault("linux.cgroupsPath: no control group hierarchy is mounted here")
    return Cgroup(mounts, resolve(path, container_id))


class Cgroup:
    """A path in every hierarchy.

    ``mounts`` are the folders where the hierarchies are mounted, by controller, ``name=…`` or ``unified``; ``paths``
    those of this group, by the same names; ``made`` the folders that ``create`` made, in that order.
    """

    def __init__(self, mounts: dict[str, str], path: str, made: Iterable[str] = ()) -> None:
        self.mounts = mounts
        self.path = path
        self.paths = {name: mount + path for name, mount in mounts.items()}
        self.made = list(made)

    @property
    def unified(self) -> str | None:
        """The folder in the version 2 hierarchy, if one is mounted."""
        return self.paths.get(UNIFIED)

    @property
    def version(self) -> int:
        """2 if there is no controller of version 1."""
        return 1 if any(name != UNIFIED and "=" not in name for name in self.mounts) else 2

    def to_json(self) -> dict[str, Any]:
        """What ``from_json`` needs, for the state of the container."""
        return {"mounts": self.mounts, "path": self.path, "made": self.made}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Cgroup:
        """The same group again."""
        return cls(saved["mounts"], saved["path"], saved["made"])

    # Which folder a property is about.

    def available(self) -> list[str]:
        """The version 2 controllers of this host."""
        if UNIFIED not in self.mounts:
            return []
        return files.read(self.mounts[UNIFIED], "cgroup.controllers").split()

    def home(self, controller: str, field: str) -> tuple[str, int]:
        """The folder where a controller (by its version 1 name) takes values, and its version.

        RuntimeFault names the controller that this host has in no version, and the field that needs it.
        """
        if controller in self.paths:
            return self.paths[controller], 1
        if self.unified is not None and {"blkio": "io"}.get(controller, controller) in self.available():
            return self.unified, 2
        raise RuntimeFault(f"linux.resources.{field}: this host has no cgroup controller {controller}")

    def v1(self, controller: str, field: str) -> str:
        """The folder of a controller for what version 2 has nothing like."""
        folder, version = self.home(controller, field)
        if version == 2:
            raise RuntimeFault(f"linux.resources.{field} can not be applied: cgroup version 2 has nothing like it")
        return folder

    # Life.

    def missing(self) -> list[str]:
        """The folders that ``create`` would make now, in that order."""
        folders = []
        for mount in dict.fromkeys(self.mounts.values()):
            parts = self.path.split("/")
            folders += [mount + "/".join(parts[:length]) for length in range(2, len(parts) + 1)]
        return [folder for folder in folders if not os.path.exists(folder)]

    def create(self) -> None:
        """Make the folders that are not there; RuntimeFault, and nothing made, if that fails or they are frozen."""
        try:
            for mount in dict.fromkeys(self.mounts.values()):
                self._make(mount)
        except OSError as error:
            self.delete()
            raise RuntimeFault(f"can not make the control group {error.filename}: {error.strerror}") from error
        if self.frozen():
            self.delete()
            raise RuntimeFault(f"linux.cgroupsPath: {self.path} is frozen")

    def _make(self, mount: str) -> None:
        for _ in range(_ATTEMPTS):
            try:
                return self._make_all(mount)
            except FileNotFoundError:
                # Another container that leaves may remove a parent that was there a moment ago.
                continue
        return self._make_all(mount)

    def _make_all(self, mount: str) -> None:
        folder = mount
        for name in self.path.split("/")[1:]:
            # Beside version 1 the unified hierarchy is left as it is, unless a limit turns out to need it.
            if self.version == 2:
                _pass_on_controllers(folder)
            parent, folder = folder, f"{folder}/{name}"
            if _mkdir(folder) and folder not in self.made:
                self.made.append(folder)
            _inherit(parent, folder)

    def _enable_unified(self) -> None:
        folder = self.mounts[UNIFIED]
        for name in self.path.split("/")[1:]:
            _pass_on_controllers(folder)
            folder = f"{folder}/{name}"

    def join(self, pid: int) -> None:
        """Move a process into the group, in every hierarchy."""
        for folder in dict.fromkeys(self.paths.values()):
            try:
                files.write(folder, "cgroup.procs", str(pid))
            except OSError as error:
                raise RuntimeFault(f"can not move process {pid} into {folder}: {error.strerror}") from error

    def own(self, uid: int) -> None:
        """Give the version 2 folder, and the files that the kernel names for this, to a user (delegation)."""
        if self.unified is None or self.version == 1:
            return
        known = files.exists(_DELEGATE_LIST, "delegate")
        names = files.read(_DELEGATE_LIST, "delegate").split() if known else _DELEGATED
        os.chown(self.unified, uid, -1)
        for name in names:
            if files.exists(self.unified, name):
                os.chown(os.path.join(self.unified, name), uid, -1)

    def delete(self) -> None:
        """Remove what ``create`` made, with the groups that the container made in it.

        RuntimeFault if processes are still there when the time to die is over. Parents that others use stay.
        """
        leaves = set(self.paths.values())
        for folder in reversed(self.made):
            if folder in leaves:
                _remove(folder)
            else:
                _remove_unused(folder)
        for mount in dict.fromkeys(self.mounts.values()):
            # Whoever made the places of the runtime's own, the last to leave removes them.
            _remove_unused(mount + DEFAULT_PARENT)
            _remove_unused(mount + RELATIVE_PARENT)
        self.made.clear()

    # Limits.

    def operations(self, resources: dict[str, Any]) -> list[Op]:
        """What applying resources would do, devices left out; SpecError and RuntimeFault come now or in ``execute``."""
        from reference_runtime.cgroups.resources import operations  # noqa: PLC0415  # most commands apply nothing

        found = list(operations(self, resources))
        if self.version == 1 and self.unified in {one.folder for one in found}:
            enable = Call("cgroup", UNIFIED, f"enable controllers for {self.unified}", self._enable_unified)
            return [enable, *found]
        return [*found]

    def device_operations(self, resources: dict[str, Any], defaults: list[dict[str, Any]] | None = None) -> list[Op]:
        """What applying the rules for devices would do.

        ``defaults`` are allowed before the first rule applies; they have the shape of the configuration's rules, and
        are those of ``devices.DEFAULT_RULES`` unless told. Nodes in /dev must be made before this is executed.
        """
        from reference_runtime.cgroups.device_operations import operations  # noqa: PLC0415  # most commands apply none

        return [*operations(self, resources.get("devices"), devices.DEFAULT_RULES if defaults is None else defaults)]

    def apply(self, resources: dict[str, Any], devices_default: list[dict[str, Any]] | None = None) -> None:
        """Apply all resources; the rules for devices only if defaults are given, as an update leaves them alone."""
        operations = self.operations(resources)
        if devices_default is not None:
            operations += self.device_operations(resources, devices_default)
        for operation in operations:
            operation.execute()

    # Processes.

    def processes(self, recursive: bool = True) -> list[int]:
        """The ids of the processes in the group, as this process sees them; with those in groups below."""
        folder = self.unified or next(iter(self.paths.values()))
        pids: set[int] = set()
        for below, _, _ in os.walk(folder):
            pids.update(_processes(below))
            if not recursive:
                break
        # A process outside of our PID namespace has no number here.
        return sorted(pids - {0})

    def kill_all(self, number: int) -> None:
        """Send a signal to every process of the group, also to those that are started meanwhile."""
        if number == _SIGKILL and self.unified and files.exists(self.unified, "cgroup.kill"):
            files.write(self.unified, "cgroup.kill", "1")
            self.let_die()
            return
        hold = self._freezer is not None and not self.frozen()
        if hold:
            self.freeze()
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        if hold:
            self.thaw()
        elif number == _SIGKILL:
            self.let_die()

    def let_die(self) -> None:
        """The version 1 freezer holds back even what is killed."""
        if self._freezer is not None and self.version == 1 and self.frozen():
            self.thaw()

    # Pausing.

    @property
    def _freezer(self) -> Freezer | None:
        if "freezer" in self.paths:
            return Freezer(self.paths["freezer"], 1)
        return Freezer(self.unified, 2) if self.unified else None

    def frozen(self) -> bool:
        """Whether no process of the group runs because it was frozen."""
        return self._freezer is not None and self._freezer.frozen()

    def freeze(self) -> None:
        """Stop all processes, and wait until they are; RuntimeFault if they can not be stopped in time."""
        self._needed_freezer().freeze(_DEADLINE_SECONDS)

    def thaw(self) -> None:
        """Let all processes go on, and wait until they may."""
        self._needed_freezer().thaw(_DEADLINE_SECONDS)

    def _needed_freezer(self) -> Freezer:
        if self._freezer is None:
            raise RuntimeFault("this host has no cgroup controller freezer")
        return self._freezer

    def stats(self) -> dict[str, Any]:
        """How much of everything is used, in the shape of runc's ``events --stats`` (the value of ``data``)."""
        from reference_runtime.cgroups.stats import stats  # noqa: PLC0415  # one command needs it

        return stats(self)


def _mkdir(folder: str) -> bool:
    """Whether the folder had to be made."""
    try:
        os.mkdir(folder, 0o755)
    except FileExistsError:
        return False
    return True


def _inherit(parent: str, folder: str) -> None:
    """In version 1 a new group has no processors and no memory nodes, and then takes no process."""
    for name in _INHERITED:
        if files.exists(folder, "cpuset.effective_cpus") and not files.read(folder, name):
            files.write(folder, name, files.read(parent, name))


def _pass_on_controllers(folder: str) -> None:
    """Enable every version 2 controller for the groups below; one that can not be is missed where it is needed."""
    if not files.exists(folder, "cgroup.subtree_control"):
        return
    wanted = set(files.read(folder, "cgroup.controllers").split())
    for controller in sorted(wanted - set(files.read(folder, "cgroup.subtree_control").split())):
        try:
            files.write(folder, "cgroup.subtree_control", f"+{controller}")
        except OSError:
            continue


def _processes(folder: str) -> list[int]:
    try:
        return [int(pid) for pid in files.read(folder, "cgroup.procs").split()]
    except FileNotFoundError:
        return []
    except OSError as error:
        # The processes of a threaded group are listed in the group above it.
        if error.errno in {errno.EOPNOTSUPP, errno.ENODEV}:
            return []
        raise


def _remove(folder: str) -> None:
    def gone() -> bool:
        for below, _, _ in os.walk(folder, topdown=False):
            try:
                os.rmdir(below)
            except OSError as error:
                if error.errno not in {errno.EBUSY, errno.ENOENT}:
                    raise
        return not os.path.exists(folder)

    if not files.until(gone, _DEADLINE_SECONDS):
        left = ", ".join(map(str, _processes(folder)))
        raise RuntimeFault(f"the control group {folder} can not be removed: processes {left} are still in it")


def _remove_unused(folder: str) -> None:
    try:
        os.rmdir(folder)
    except OSError as error:
        if error.errno not in {errno.EBUSY, errno.ENOTEMPTY, errno.ENOENT}:
            raise
