"""The same case on several runtimes: where the specification is silent and they differ, a vote says who is alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.fuzz.pictures import picture

if TYPE_CHECKING:
    from conformance.fuzz.attempts import Bench
    from conformance.harness.runtime import Runtime
    from strategies.case import Case


@dataclass
class Agreement:
    """Compares runtimes; ``found`` has a line for each kind of difference, by case and field."""

    bench: Bench
    runtimes: list[Runtime]
    found: dict[str, str] = field(default_factory=dict)
    cases: int = 0

    def compare(self, case: Case) -> None:
        """Try a case on each runtime, and note the fields in which they differ."""
        written = case.written()
        seen: dict[str, dict[str, Any]] = {}
        for runtime in self.runtimes:
            attempt, shown = picture(self.bench, runtime, written)
            if attempt.problem is None and not attempt.skipped:
                seen[runtime.name] = shown
        self.cases += 1
        fields = dict.fromkeys(name for shown in seen.values() for name in shown)
        for name in fields:
            self._vote(case, name, {runtime: shown[name] for runtime, shown in seen.items() if name in shown})

    def _vote(self, case: Case, name: str, values: dict[str, Any]) -> None:
        """Note who sees what of one field, unless all see the same."""
        shown = {runtime: repr(value)[:120] for runtime, value in values.items()}
        if len(set(shown.values())) < 2:
            return
        usual, votes = Counter(shown.values()).most_common(1)[0]
        alone = [runtime for runtime, value in shown.items() if value != usual]
        what = case.about or ", ".join(map(repr, case.edits)) or "the base config"
        said = "; ".join(f"{runtime}: {value}" for runtime, value in shown.items())
        verdict = f"{', '.join(alone)} alone" if votes > len(alone) else "no majority"
        # One line for each way of parting, with the first case that showed it.
        self.found.setdefault(
            f"{name if name != 'accepted' else what}: {'/'.join(sorted(alone))}",
            f"{name} of {what}: {said} ({verdict})",
        )

    def page(self) -> str:
        """All differences as a page in Markdown."""
        names = ", ".join(runtime.describe() for runtime in self.runtimes)
        lines = [f"- {line}" for line in self.found.values()]
        return "\n".join(["# Where runtimes differ", "", f"{self.cases} cases on {names}.", "", *lines, ""])
