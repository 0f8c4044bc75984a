"""What the lifecycle machine accuses a runtime of: each an oracle of its own, so that one does not hide another.

``about`` is the stable part of the message, by which failures of one cause are one finding; ``requirement`` is the
sentence that was broken, "" where it is only custom among runtimes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.fuzz.errors import Judged
from conformance.harness.errors import Leaked

if TYPE_CHECKING:
    from collections.abc import Sequence


class LifecycleBroken(Judged):
    """An operation was accepted or refused where the model has it otherwise."""

    oracle = "lifecycle"

    def __init__(self, about: str, detail: str = "", requirement: str = "") -> None:
        super().__init__(f"{about}: {detail}" if detail else about, about, requirement)


class StateWrong(LifecycleBroken):
    """``state`` names another state than the one that the container must be in."""

    oracle = "state"


class Unexplained(LifecycleBroken):
    """No order of operations that ran at once explains what they answered."""

    oracle = "concurrency"


class ListWrong(LifecycleBroken):
    """``list`` or ``ps`` do not show what is there."""

    oracle = "list"


class NotClean(Leaked):
    """Something is left behind, although ``delete --force`` said that it had succeeded."""

    oracle = "clean"

    def __init__(self, about: str, found: Sequence[str], requirement: str = "delete.removes-resources") -> None:
        kinds = sorted({line.split()[0] for line in found})
        self.about, self.requirement = f"{about}: {', '.join(kinds)}", requirement
        super().__init__(f"{about}: " + "; ".join(found))


class Misused(LifecycleBroken):
    """A command line that must be an error was accepted, or a good one was refused."""

    oracle = "misuse"


class BystanderHurt(LifecycleBroken):
    """What happened to one container was felt by another."""

    oracle = "bystander"
