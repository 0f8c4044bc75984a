"""Stopping and resuming all processes of a control group: the freezer of either version (cgroups(7))."""

from __future__ import annotations

from reference_runtime.cgroups import files
from reference_runtime.errors import RuntimeFault


class Freezer:
    """The freezer of one group; the version says how it is spoken to."""

    def __init__(self, folder: str, version: int) -> None:
        self.folder = folder
        self.version = version

    def frozen(self) -> bool:
        """Whether the kernel has stopped everything; False where there is no such group."""
        if self.version == 1:
            return files.exists(self.folder, "freezer.state") and self._state() == "FROZEN"
        # A group is frozen for the kernel also while only a group above it is.
        return files.exists(self.folder, "cgroup.events") and files.table(self.folder, "cgroup.events")["frozen"] == 1

    def freeze(self, seconds: float) -> None:
        """Returns when all is stopped; else lets all go on and raises RuntimeFault."""
        self._ask("FROZEN", "1")
        if not files.until(self._frozen_when_asked_again, seconds):
            self.thaw(seconds)
            raise RuntimeFault(f"the processes of {self.folder} can not be frozen")

    def thaw(self, seconds: float) -> None:
        """Returns when all may go on; RuntimeFault if a group above is frozen."""
        self._ask("THAWED", "0")
        if not files.until(lambda: not self.frozen(), seconds):
            raise RuntimeFault(f"the processes of {self.folder} can not be thawed: a group above it is frozen")

    def _ask(self, first: str, second: str) -> None:
        name, value = ("freezer.state", first) if self.version == 1 else ("cgroup.freeze", second)
        try:
            files.write(self.folder, name, value)
        except OSError as error:
            raise RuntimeFault(f"can not write {value} to {self.folder}/{name}: {error.strerror}") from error

    def _frozen_when_asked_again(self) -> bool:
        """In version 1 a process that was started while the others stopped is stopped only by the next request."""
        if self.frozen():
            return True
        if self.version == 1:
            self._ask("FROZEN", "1")
        return self.frozen()

    def _state(self) -> str:
        return files.read(self.folder, "freezer.state")
