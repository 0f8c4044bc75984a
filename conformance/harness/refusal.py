"""``refused()``: an operation that must be an error, and must have changed nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conformance.harness.errors import Leaked, OperationFailed, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.harness.container import Container


@contextmanager
def refused(container: Container) -> Iterator[None]:
    """Demand that the operation in the block is an error, as runtime.md, Errors, says.

    Three questions are asked: did it exit with a status other than 0, did it say why, and is everything as if it had
    never been attempted: the container's state (or its absence), the processes, mounts and cgroups, the state folders.
    Raises ``Violation`` when it was accepted or said nothing, ``Leaked`` when it left something behind.
    """
    scene = container.scene
    state = _state(container)
    before = scene.snapshot()
    try:
        yield
    except OperationFailed as refusal:
        if not refusal.message.strip():
            raise Violation("the operation was refused without a word about why") from None
    else:
        raise Violation("the operation was accepted; it must be an error")
    evidence = scene.journal.evidence
    now = _state(container)
    if now != state:
        raise Violation(
            f"the refused operation changed the container: it was {state or 'absent'}, it is {now or 'absent'}"
        )
    scene.journal.evidence = evidence
    if found := scene.left_behind(before):
        raise Leaked("the refused operation left behind: " + "; ".join(found))


def never_runs(container: Container) -> None:
    """Demand that create is an error, or else start, where the specification does not say which of them.

    Raises ``Violation`` when both were accepted or nothing was said.
    """
    try:
        container.create()
        container.start()
    except OperationFailed as refusal:
        if not refusal.message.strip():
            raise Violation("the container was refused without a word about why") from None
    else:
        raise Violation("create and start were accepted; one of them must be an error")


def _state(container: Container) -> str:
    """The status and pid of a container in words, or "" when there is none."""
    done = container.ask("state", container.id)
    if done.exit_status != 0:
        return ""
    document = done.json()
    return f"{document.get('status')} (pid {document.get('pid', 0)})"
