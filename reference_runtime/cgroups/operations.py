"""What applying resources consists of: writes to files of control groups, each for one property."""

from __future__ import annotations

import errno
import os

from reference_runtime.cgroups import files
from reference_runtime.errors import RuntimeFault
from reference_runtime.plan import Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

KIND = "cgroup"


class ResourceOp(Op):
    """An operation in one folder, for the property that ``subject`` names."""

    __slots__ = ("folder",)

    def __init__(self, field: str, folder: str) -> None:
        super().__init__(KIND, field)
        self.folder = folder


class Write(ResourceOp):
    """One value for one file.

    Kernels differ in how they name some files: ``choices`` are pairs of file and value of which the first whose file
    exists is taken. An ``optional`` write only repeats what holds anyway where no such file exists.
    """

    __slots__ = ("choices", "optional")

    def __init__(self, field: str, folder: str, *choices: tuple[str, str], optional: bool = False) -> None:
        super().__init__(field, folder)
        self.choices = choices
        self.optional = optional

    def describe(self) -> str:
        """File and value, as far as they are known beforehand."""
        name, value = self.choices[0]
        return f"write {value!r} to {os.path.join(self.folder, name)}"

    def execute(self) -> None:
        """Write; RuntimeFault names the property."""
        try:
            self.attempt()
        except OSError as error:
            raise self.fault(error) from error

    def attempt(self) -> None:
        """Write; OSError is the kernel's answer."""
        for name, value in self.choices:
            if files.exists(self.folder, name):
                files.write(self.folder, name, value)
                return
        if not self.optional:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def fault(self, error: OSError) -> RuntimeFault:
        """What the kernel's answer means for the configuration."""
        name, value = self.choices[0]
        where = os.path.join(self.folder, name)
        return RuntimeFault(f"linux.resources.{self.subject}: can not write {value!r} to {where}: {error.strerror}")


class KeepFirst(Write):
    """A write to a file of two words whose first word stays as it is."""

    __slots__ = ()

    def attempt(self) -> None:
        """Write the present first word before the value."""
        name, value = self.choices[0]
        first = files.read(self.folder, name).split()[0]
        files.write(self.folder, name, f"{first} {value}")


class Together(ResourceOp):
    """Writes that limit each other: each is tried until all are done or the kernel refuses all that remain.

    Whether a limit may go up or down before its neighbour depends on what both were before.
    """

    __slots__ = ("writes",)

    def __init__(self, writes: Sequence[Write]) -> None:
        super().__init__(writes[0].subject, writes[0].folder)
        self.writes = list(writes)

    def describe(self) -> str:
        """All writes, in the order of the first attempt."""
        return "; ".join(write.describe() for write in self.writes)

    def execute(self) -> None:
        """Write all; RuntimeFault names the first property that the kernel refuses for good."""
        left = self.writes
        while left:
            refused = [(write, error) for write in left if (error := _answer(write)) is not None]
            if len(refused) == len(left):
                write, error = refused[0]
                raise write.fault(error) from error
            left = [write for write, _ in refused]


def _answer(write: Write) -> OSError | None:
    try:
        write.attempt()
    except OSError as error:
        return error
    return None


class UsageCheck(ResourceOp):
    """Refuses a memory limit that is lower than what is in use (``checkBeforeUpdate``)."""

    __slots__ = ("file", "limit")

    def __init__(self, folder: str, file: str, limit: int) -> None:
        super().__init__("memory.checkBeforeUpdate", folder)
        self.file = file
        self.limit = limit

    def describe(self) -> str:
        """What is compared."""
        return f"check that {os.path.join(self.folder, self.file)} is not above {self.limit}"

    def execute(self) -> None:
        """RuntimeFault if more is in use."""
        usage = int(files.read(self.folder, self.file))
        if usage > self.limit:
            raise RuntimeFault(f"linux.resources.memory.limit: {self.limit} is less than the {usage} bytes in use")


class SwapBesides(Write):
    """The version 2 limit of swap alone, from a limit of memory and swap when that of memory is not told beside it."""

    __slots__ = ("total",)

    def __init__(self, field: str, folder: str, total: int) -> None:
        super().__init__(field, folder, ("memory.swap.max", f"{total} less memory.max"))
        self.total = total

    def attempt(self) -> None:
        """Write what the memory limit in force leaves."""
        limit = files.read(self.folder, "memory.max")
        if limit == "max" or int(limit) > self.total:
            raise OSError(errno.EINVAL, f"memory.max is {limit}")
        files.write(self.folder, "memory.swap.max", str(self.total - int(limit)))
