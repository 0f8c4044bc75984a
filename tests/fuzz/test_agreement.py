"""Runtimes side by side: who is alone with what it does is told, and where all do the same nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.fuzz import agreement
from conformance.fuzz.agreement import Agreement
from conformance.fuzz.attempts import Attempt
from conformance.harness.errors import Violation
from conformance.harness.journal import Journal
from strategies.case import Case
from strategies.edits import umask

if TYPE_CHECKING:
    from conformance.harness.runtime import Runtime

CASE = Case((umask(0o27),))


def compared(monkeypatch: pytest.MonkeyPatch, runtime: Runtime, seen: dict[str, Any]) -> Agreement:
    """What three runtimes are told to differ in; a runtime that sees an error has no picture."""

    def picture(_bench: object, ship: Runtime, _case: object) -> tuple[Attempt, dict[str, Any]]:
        value = seen[ship.name]
        problem = value if isinstance(value, Violation) else None
        return Attempt(problem, Journal()), {} if problem else {"accepted": True, "umask": value}

    monkeypatch.setattr(agreement, "picture", picture)
    made = Agreement(None, [runtime.named(name) for name in seen])  # type: ignore[arg-type]  # nothing is tried
    made.compare(CASE)
    return made


def test_who_is_alone_is_told(monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> None:
    made = compared(monkeypatch, runtime, {"sloop": 23, "ketch": 18, "yawl": 23})
    assert list(made.found.values()) == ["umask of umask(23): sloop: 23; ketch: 18; yawl: 23 (ketch alone)"]
    assert "1 cases on sloop" in made.page() and "ketch alone" in made.page()


def test_of_two_nobody_is_alone(monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> None:
    made = compared(monkeypatch, runtime, {"sloop": 23, "ketch": 18})
    assert [line.endswith("(no majority)") for line in made.found.values()] == [True]


@pytest.mark.parametrize("other", [23, Violation("it broke down")], ids=["the same", "no picture"])
def test_without_a_difference_nothing_is_told(monkeypatch: pytest.MonkeyPatch, runtime: Runtime, other: Any) -> None:
    assert compared(monkeypatch, runtime, {"sloop": 23, "ketch": other}).found == {}
