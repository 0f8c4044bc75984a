"""Fuzzing: many configs on one runtime, each judged by what it means; findings that nobody knows fail the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance import musts, proved_by
from conformance.fuzz.phases import Phases
from conformance.fuzz.settings import parts_of
from conformance.plugin.session import SESSION

if TYPE_CHECKING:
    from conformance.harness.runtime import Runtime

pytestmark = pytest.mark.fuzz


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each part of the work that this run does: its shard, and there one for each worker."""
    if "part" in metafunc.fixturenames:
        parts, count = parts_of(metafunc.config)
        ids = [f"{part + 1}of{count}" if count > 1 else "all" for part in parts]
        metafunc.parametrize("part", parts, ids=ids)


@pytest.fixture
def scene() -> None:
    """Phases make scenes of their own, one for each case."""


@pytest.fixture
def phases(request: pytest.FixtureRequest, scene: None, runtime: Runtime, part: int) -> Phases:  # noqa: ARG001
    """What runs a phase on the runtime."""
    return Phases(request, runtime, part)


@musts("create.properties-applied")
@proved_by("relative-paths-accepted")
def test_what_was_found_before_is_not_there(phases: Phases) -> None:
    """What fuzzing once found and somebody promoted does not come back."""
    from conformance.fuzz.regressions import run_regressions  # noqa: PLC0415  # only where it is run

    with phases.phase("regressions") as fuzzer:
        run_regressions(fuzzer)


@musts("create.properties-applied")
@proved_by("umask-zero-ignored")
def test_valid_values_take_effect(phases: Phases) -> None:
    """Every field takes the values at and inside its limits, several fields in one container, and they take effect."""
    from strategies.table import all_valid_cases  # noqa: PLC0415

    with phases.phase("valid") as fuzzer:
        fuzzer.run_packed(all_valid_cases(phases.surroundings))


@musts("valid-values.invalid", "create.environment.failure")
@proved_by("invalid-values-ignored")
def test_invalid_values_are_refused(phases: Phases) -> None:
    """A config that is invalid for one reason is refused, with a word about why, and leaves nothing behind."""
    from strategies.table import invalid_cases  # noqa: PLC0415

    with phases.phase("invalid") as fuzzer:
        fuzzer.run(phases.settings.chosen(invalid_cases(phases.surroundings)))


@musts("valid-values.invalid")
@proved_by("types-unchecked")
def test_values_of_another_type_are_refused(phases: Phases) -> None:
    """A field with a value of a type that is not its own is refused."""
    from conformance.fuzz.types import wrong_types  # noqa: PLC0415

    with phases.phase("types") as fuzzer:
        fuzzer.run(phases.settings.chosen(wrong_types()))


@musts("errors.no-change")
@proved_by("errors-without-message")
def test_unspecified_values_do_no_harm(phases: Phases) -> None:
    """Whatever comes of a config that the specification leaves open: no crash, no hang, nothing left behind."""
    from strategies.table import unspecified_cases  # noqa: PLC0415

    with phases.phase("unspecified") as fuzzer:
        fuzzer.run(phases.settings.chosen(unspecified_cases()))


@musts("create.environment.failure")
@proved_by("errors-exit-0")
def test_broken_documents_are_refused(phases: Phases) -> None:
    """A config.json that is no JSON object is refused; one that is merely unusual does no harm."""
    from strategies.table import documents  # noqa: PLC0415

    with phases.phase("documents") as fuzzer:
        fuzzer.run(phases.settings.chosen(documents()))


@musts("create.properties-applied", "extensibility.unknown-property")
@proved_by("unknown-properties-refused")
def test_equal_configs_have_equal_effects(phases: Phases) -> None:
    """The order of keys, unknown properties, defaults that are written out and the like change nothing."""
    from conformance.fuzz.relating import run_equals  # noqa: PLC0415

    with phases.phase("equals") as fuzzer:
        run_equals(fuzzer, phases.surroundings)


@musts("create.properties-applied")
@proved_by("annotations-dropped")
def test_drawn_configs_have_their_effects(phases: Phases) -> None:
    """Configs that Hypothesis draws are accepted and take effect, or are refused for what makes them invalid."""
    from hypothesis import strategies as st  # noqa: PLC0415  # costs 200 ms

    from conformance.fuzz.generated import run_generated  # noqa: PLC0415
    from strategies.generators import invalid_cases, valid_cases  # noqa: PLC0415

    surroundings = phases.surroundings
    valid = valid_cases(surroundings=surroundings)
    cases = st.one_of(valid, valid, valid, invalid_cases(surroundings=surroundings))
    with phases.phase("generated") as fuzzer:
        run_generated(fuzzer, cases, examples=phases.examples)


@musts("state.query", "start.not-created", "kill.stopped", "delete.not-stopped", "create.unique-id")
@proved_by("start-accepts-running", "concurrent-start-accepted", "state-forgets-paused", "list-forgets")
def test_lives_of_containers_follow_the_model(phases: Phases) -> None:
    """Several containers live, are mistreated, die and are asked about: every answer is one that the rules allow."""
    from conformance.fuzz.machine.driving import run_things  # noqa: PLC0415  # costs 200 ms
    from strategies.histories import SMOKE, histories  # noqa: PLC0415

    with phases.phase("lives") as fuzzer:
        run_things(fuzzer, SMOKE, (), histories())


@musts("delete.removes-resources", "errors.no-change")
@proved_by("killed-create-keeps-cgroup", "failed-create-keeps-everything", "force-kills-others")
def test_disasters_leave_nothing_behind(phases: Phases) -> None:
    """Whatever happens to an operation, delete with force leaves nothing behind, and no other container feels it."""
    from conformance.fuzz.machine.driving import run_things  # noqa: PLC0415
    from strategies.disasters import SMOKE, TABLE, disasters  # noqa: PLC0415

    with phases.phase("disasters") as fuzzer:
        run_things(fuzzer, SMOKE, TABLE, disasters())


@musts("errors.no-change", "create.invalid-id", "create.without-arguments", "kill.signal")
@proved_by("ids-unchecked", "signals-unchecked", "pid-file-failure-ignored", "errors-without-message")
def test_misused_command_lines_are_errors(phases: Phases) -> None:
    """Odd ids, flags, signals and paths are errors that change nothing, unless they are merely unusual."""
    from conformance.fuzz.machine.driving import run_things  # noqa: PLC0415
    from strategies.misuse import SMOKE, TABLE, misuses  # noqa: PLC0415

    with phases.phase("command lines") as fuzzer:
        run_things(fuzzer, SMOKE, [case for rows in TABLE.values() for case in rows], misuses())


# It accuses nobody, so there is no fault that it could be proved with: tests/fuzz/test_agreement.py has its proofs.
def test_runtimes_agree(phases: Phases) -> None:
    """Where the specification is silent, runtimes may differ: what they differ in is told, and fails nothing."""
    from conformance.fuzz.agreement import Agreement  # noqa: PLC0415
    from strategies.table import all_valid_cases, unspecified_cases  # noqa: PLC0415

    session = phases.config.stash[SESSION]
    if len(session.runtimes) < 2:
        pytest.skip("not here: one runtime has nobody to differ from, name two with --runtime")
    if phases.runtime.name != session.runtimes[0]:
        pytest.skip(f"not here: the comparison is made once, with {session.runtimes[0]}")
    cases = phases.settings.chosen([*unspecified_cases(), *all_valid_cases(phases.surroundings)])
    agreement = Agreement(phases.bench, [session.runtime(name) for name in session.runtimes])
    with phases.phase("agreement") as fuzzer:
        for case in cases:
            fuzzer.check_time()
            agreement.compare(case)
    if agreement.found:
        page = Path(session.findings) / "differences.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(agreement.page())
        pytest.skip(f"differs: {len(agreement.found)} differences, see {page}")
