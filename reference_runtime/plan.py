"""The shape of a plan: small operations, each able to say what it does before it does it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Op:
    """One step of a plan.

    ``kind`` names the sort of step ("rlimit", "mount"); ``subject`` the one thing that it is about ("NOFILE", "/proc").
    Deliberate faults choose steps by these two.
    """

    __slots__ = ("kind", "subject")

    def __init__(self, kind: str, subject: str) -> None:
        self.kind = kind
        self.subject = subject

    def describe(self) -> str:
        """One line for ``--plan``, in the imperative, without a final dot."""
        raise NotImplementedError

    def execute(self) -> None:
        """Does it.  Raises OSError, SpecError or RuntimeFault."""
        raise NotImplementedError


class Call(Op):
    """An operation that is one call of a function."""

    __slots__ = ("action", "arguments", "text")

    def __init__(self, kind: str, subject: str, text: str, action: Callable[..., object], *arguments: object) -> None:
        super().__init__(kind, subject)
        self.text = text
        self.action = action
        self.arguments = arguments

    def describe(self) -> str:
        """The text given."""
        return self.text

    def execute(self) -> None:
        """Calls the function."""
        self.action(*self.arguments)


class Note(Op):
    """A step that is told in the plan, and executed where the lifecycle has its place."""

    __slots__ = ("text",)

    def __init__(self, kind: str, subject: str, text: str) -> None:
        super().__init__(kind, subject)
        self.text = text

    def describe(self) -> str:
        """The text given."""
        return self.text

    def execute(self) -> None:
        """Nothing is left to do."""
