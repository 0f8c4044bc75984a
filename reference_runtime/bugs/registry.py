"""What a deliberate fault is."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from reference_runtime.compiler import Plan


class Bug:
    """One way to break the runtime.

    ``before`` bends the configuration before it is judged, ``config`` after it was found valid, ``plan`` the steps
    made from it, ``state`` the state document before it is told, ``skips`` names rules of validation that are left
    out, ``signal`` is sent instead of any other, ``executed`` bends the configuration that ``exec`` makes for its
    process, ``told`` the state that hooks get.  A bug with none of these is a switch that ``faults.has`` asks for
    where it matters.
    """

    __slots__ = ("before", "config", "executed", "name", "plan", "signal", "skips", "state", "summary", "told")

    def __init__(  # noqa: PLR0913  # one argument for each kind of fault
        self,
        name: str,
        summary: str,
        *,
        before: Callable[[dict[str, Any]], None] | None = None,
        config: Callable[[dict[str, Any]], None] | None = None,
        plan: Callable[[Plan], None] | None = None,
        state: Callable[[dict[str, Any]], None] | None = None,
        skips: tuple[str, ...] = (),
        signal: int = 0,
        executed: Callable[[dict[str, Any]], None] | None = None,
        told: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.name = name
        self.summary = summary
        self.before = before
        self.config = config
        self.plan = plan
        self.state = state
        self.skips = skips
        self.signal = signal
        self.executed = executed
        self.told = told
