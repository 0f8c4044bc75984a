"""Containers on disk: one directory each below ``--root``, its documents, its lock, and what state they add up to.

A directory holds ``state.json``, ``config.json`` (as it was at create), and until the program runs two fifos.  Changes
are made under an exclusive flock(2) of the directory itself; reading needs no lock, since documents are replaced in
one step.
"""

from __future__ import annotations

import fcntl
import os
import time

from reference_runtime import documents, faults
from reference_runtime.constants import OCI_VERSION
from reference_runtime.errors import Missing, Pretended, RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

START_FIFO = "start.fifo"
ANSWER_FIFO = "answer.fifo"
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.")


def check_id(name: str) -> None:
    """A container's id is the name of a directory, and nothing that a shell or a path could take for more."""
    if faults.has("ids-unchecked"):
        return
    if not name or len(name) > 255 or name in {".", ".."} or not _LETTERS.issuperset(name):
        raise RuntimeFault(f"{name!r} is no valid container id: letters, digits and _+-. are")


def birth(pid: int) -> str | None:
    """When a process began, in clock ticks since boot, or None when there is none or it is a zombie (proc(5))."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in {b"Z", b"X"} else fields[19].decode()


class Container:
    """One container below a root.  ``document`` is what state.json says, empty while there is none."""

    __slots__ = ("_lock", "document", "id", "path", "root")

    def __init__(self, root: str, name: str) -> None:
        check_id(name)
        self.root = root
        self.id = name
        self.path = os.path.join(root, name)
        self.document: dict[str, Any] = {}
        self._lock = -1

    def create(self) -> None:
        """Makes the directory, locked.  RuntimeFault when the id is taken."""
        os.makedirs(self.root, 0o711, exist_ok=True)
        try:
            os.mkdir(self.path, 0o700)
        except FileExistsError:
            if faults.has("create-accepts-taken-id") or (faults.has("concurrent-create-accepted") and self.is_new()):
                raise Pretended from None
            raise RuntimeFault(f"container {self.id} exists already") from None
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def load(self) -> Container:
        """Reads what is known of the container.  RuntimeFault when it does not exist."""
        try:
            self.document = documents.read(self.file("state.json"))
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(f"container {self.id} does not exist") from None
        return self

    def lock(self) -> Container:
        """Waits until nobody else changes the container, then reads it."""
        # A lock held already, by an operation of ours that failed, would be waited for for ever.
        self.unlock()
        try:
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(f"container {self.id} does not exist") from None
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return self.load()

    def is_new(self) -> bool:
        """Whether its directory was changed a moment ago: what deliberate faults take for "at the same time"."""
        return time.time() - os.stat(self.path).st_mtime < 2

    def unlock(self) -> None:
        """Lets others change the container."""
        if self._lock >= 0:
            # Forked processes may still have the descriptor: closing ours alone would not do.
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            os.close(self._lock)
            self._lock = -1

    def free_descriptors(self) -> None:
        """Closes all that is open but the standard streams and the lock: to undo something takes some, too."""
        os.closerange(3, self._lock)
        os.closerange(self._lock + 1, os.sysconf("SC_OPEN_MAX"))

    def file(self, name: str) -> str:
        """The path of one of the container's files."""
        return os.path.join(self.path, name)

    def save(self) -> None:
        """Writes state.json."""
        documents.write(self.file("state.json"), self.document)

    def config(self) -> dict[str, Any]:
        """The configuration that the container was created from."""
        bundle = self.document["bundle"]
        path = os.path.join(bundle, "config.json") if faults.has("config-reread") else self.file("config.json")
        config: dict[str, Any] = documents.read(path)
        return config

    def remove(self) -> None:
        """Removes the directory and everything in it."""
        for name in os.listdir(self.path):
            os.unlink(self.file(name))
        os.rmdir(self.path)

    @property
    def pid(self) -> int:
        """The container process, as the runtime sees it; 0 before there is one."""
        return int(self.document.get("pid", 0))

    def alive(self) -> bool:
        """Whether the container process has not exited."""
        return self.pid > 0 and birth(self.pid) == self.document.get("birth")

    def status(self) -> str:
        """One of the states of runtime.md, "State", or ``paused``."""
        if self.document["status"] == "creating":
            creator, since = self.document["creator"]
            return "creating" if birth(creator) == since else "stopped"
        if not self.alive():
            return "stopped"
        if faults.has("state-forgets-paused") and self._frozen():
            raise Missing(f"container {self.id} does not exist")
        if os.path.exists(self.file(START_FIFO)):
            return "created"
        return "paused" if self._frozen() else "running"

    def _frozen(self) -> bool:
        """Whether the freezer holds the processes; the file is asked, since others may have used it."""
        try:
            with open(self.document.get("freezer", ""), "rb") as file:
                return file.read().strip() in {b"FROZEN", b"1"}
        except FileNotFoundError:
            return False

    def state(self, status: str = "", pid: int = 0) -> dict[str, Any]:
        """The state document (runtime.md, "State")."""
        status = status or self.status()
        document: dict[str, Any] = {"ociVersion": OCI_VERSION, "id": self.id, "status": status}
        if status != "stopped":
            document["pid"] = pid or self.pid
        document["bundle"] = self.document["bundle"]
        if self.document.get("annotations"):
            document["annotations"] = self.document["annotations"]
        return _bent(document)


def containers(root: str) -> list[Container]:
    """Every container below a root, by id."""
    found = []
    for name in sorted(os.listdir(root)) if os.path.isdir(root) else ():
        try:
            found.append(Container(root, name).load())
        except RuntimeFault:
            continue
    return found


def _bent(document: dict[str, Any]) -> dict[str, Any]:
    for bug in faults.active.values():
        if bug.state:
            bug.state(document)
    return document
