"""What can be seen of a container: its report, its state, its limits and its namespaces."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from conformance.fuzz.errors import EffectDiffers
from conformance.harness.errors import HarnessError, Violation
from conformance.harness.limits import limit_of
from strategies.models.hooks import FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.harness.container import Container
    from conformance.harness.journal import Evidence
    from conformance.probe.report import Action, Report
    from strategies.models import Expected


@dataclass
class Seen:
    """What was seen of a container whose program has ended."""

    report: Report
    actions: list[Action]
    output: str
    outside: dict[str, int]
    annotations: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    #: After how many steps annotations and limits were looked at, and where.
    moments: dict[str, tuple[int, Evidence | None]] = field(default_factory=dict)

    def value(self, each: Expected) -> Any:
        """What an expectation looks at; what can not be looked at is said in words."""
        try:
            return each.look(self)
        except (AttributeError, KeyError, TypeError) as problem:
            return f"not to be seen ({problem})"

    def number_of_action(self, each: Expected) -> int:
        """Which of the actions an expectation looks at, the last one when it is not there."""
        numbers = [0]

        def watched() -> Iterator[Action]:
            for number, action in enumerate(self.actions):
                numbers.append(number)
                yield action

        replace(self, actions=watched()).value(each)  # type: ignore[arg-type]  # it is gone through once
        return numbers[-1]

    def is_new(self, kind: str) -> bool:
        """Whether the program was in a namespace that is not the runtime's."""
        return self.report.namespaces[kind] != self.outside[kind]


def observe(container: Container, meaning: Callable[[], Sequence[Expected]], under: str) -> Seen:
    """Run a container to its end.  Raises as the operations do, and when the program did not report.

    What is wanted is worked out while the runtime is at work, and so is what the program has said.
    """
    scene = container.scene
    creation = container.begin_create(under=under)
    wanted = meaning()
    scene.accepted(container.end_create(creation))
    annotations: dict[str, str] = {}
    limits: dict[str, int] = {}
    moments: dict[str, tuple[int, Evidence | None]] = {}
    for each in wanted:
        if each.where == "state" and "" not in moments:
            annotations = container.state().annotations
        elif each.where == "limit":
            limits[each.name] = limit_of(container, each.name)
        else:
            continue
        moments[each.name] = (len(scene.journal.steps), scene.journal.evidence)
    container.start()
    status = container.until_ended()
    deletion = container.begin_delete()
    program = container.observed(status)
    container.end_delete(deletion)
    try:
        report = program.report
    except Violation as problem:
        scene.journal.saw("silent", "")
        raise EffectDiffers(str(problem), "create.properties-applied: no report", "start.runs-program") from None
    except HarnessError as problem:
        raise EffectDiffers(str(problem), "create.properties-applied: no report", "start.runs-program") from None
    if program.exit_status != 0:
        reason = f"the program {program.how_it_ended()}: {program.output[-200:]!r} {program.stderr[-200:]!r}"
        raise EffectDiffers(reason, "start.runs-program: the program ended early", "start.runs-program")
    told = _told_by_hooks(container) if any(each.where == "hooks" for each in wanted) else []
    outside = {kind: scene.trial.namespace(kind) for kind in report.namespaces or ()}
    return Seen(report, program.actions, program.output, outside, annotations, limits, told, moments)


def _told_by_hooks(container: Container) -> list[str]:
    """The lines that hooks have left in the bundle."""
    file = container.bundle.folder / FILE
    return container.read(file).splitlines() if file.exists() else []
