"""``refused()`` for CRI servers: a call that must be an error, say why, and have changed nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conformance.harness.cri.scene import Refused
from conformance.harness.errors import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.harness.cri.scene import CriScene


@contextmanager
def refused(cri: CriScene, *codes: str) -> Iterator[None]:
    """Demand that the call in the block is an error.

    It must say why, have one of the status codes when any are named, and leave the sandboxes and containers of the test
    as they were.  Raises ``Violation`` otherwise.
    """
    before = cri.listing()
    try:
        yield
    except Refused as refusal:
        _check(refusal, codes)
    else:
        raise Violation("the call was accepted; it must be an error")
    after = cri.listing()
    if after != before:
        raise Violation(f"the refused call changed something: before it there was {before}, now there is {after}")


def no_second(cri: CriScene, first: str, method: str, **fields: Any) -> None:
    """Demand that a call makes no second object like the one with the id ``first``.

    It may be an error, as ``refused`` has it, or be answered with that id.  Raises ``Violation`` otherwise.
    """
    before = cri.listing()
    answer = cri.attempt(method, fields)
    if not answer.good and not answer.text.strip():
        raise Violation("the call was refused without a word about why")
    ids = [str(value) for _, value in answer.message.ListFields()] if answer.good else []
    if answer.good and ids != [first]:
        raise Violation(f"the call was answered with {ids}; it must be an error, or name {first}, which is the same")
    after = cri.listing()
    if after != before:
        raise Violation(f"the call changed something: before it there was {before}, now there is {after}")


def _check(refusal: Refused, codes: tuple[str, ...]) -> None:
    if not refusal.message.strip():
        raise Violation("the call was refused without a word about why")
    if codes and refusal.code not in codes:
        raise Violation(f"the call was refused with {refusal.code}, it must be {' or '.join(codes)}: {refusal.message}")
