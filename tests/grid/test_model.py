from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from reports.grid.model import OWN_PAGE, SIGNS, WORST, Cell, Grid, Row, Score, build, score, tally
from reports.record import Record, Requirement, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable


def row(grid: Grid, key: str) -> Row:
    return next(row for row in grid.rows if row.key == key)


def verdicts(grid: Grid, key: str) -> list[str]:
    return ["" if cell is None else str(cell) for cell in row(grid, key).cells]


def test_every_verdict_has_a_rank_and_a_sign_of_its_own() -> None:
    assert set(WORST) == set(SIGNS) == set(Verdict)
    assert len(set(SIGNS.values())) == len(Verdict)


def test_a_cell_is_the_worst_of_its_tests_with_counts(fleet: list[Record]) -> None:
    grid = build(fleet)
    assert [column.heading for column in grid.columns] == ["harbour 1.4.2", "lagoon 0.9"]
    assert verdicts(grid, "kill.signal") == ["✗ violated 1/2", "~ known 1/2"]
    assert verdicts(grid, "kill.stopped") == ["✗ violated", "~ known"]
    assert verdicts(grid, "devices.allowed") == ["≠ differs", ""]


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("passed not_here", "✓ passed 1/2"),  # a host that can not tell says nothing about the runtime
        ("passed unsupported", "- unsupported 1/2"),
        ("known broken", "! broken 1/2"),
        ("violated broken", "✗ violated 1/2"),
        ("violated crashed violated", "† crashed 1/3"),
    ],
)
def test_what_is_worse(make: Callable[..., Record], found: str, shown: str) -> None:
    records = [make(test=f"t::{number}", verdict=Verdict(name)) for number, name in enumerate(found.split())]
    assert verdicts(build(records), "kill.stopped") == [shown]


def test_rows_stand_in_the_order_of_the_specification(fleet: list[Record]) -> None:
    grid = build(fleet)
    assert [(page.name, [section.name for section in page.sections]) for page in grid.pages] == [
        ("config.md", ["POSIX-platform Hooks"]),
        ("config-linux.md", ["Devices"]),
        ("runtime.md", ["State", "Kill"]),
        (OWN_PAGE, ["fuzz/test_any.py"]),
    ]
    assert [row.id for row in grid.pages[2].rows] == ["state.status", "kill.signal", "kill.stopped"]


def test_a_test_without_a_requirement_has_a_row_of_its_own(fleet: list[Record]) -> None:
    grid = build(fleet)
    crash, hang = grid.pages[-1].rows
    assert (crash.id, crash.text, crash.url) == ("fuzz/test_any.py::test_crash", "test_crash", "")
    assert hang.text == "It ends."
    assert verdicts(grid, crash.key) == ["† crashed", "! broken"]


def test_the_order_of_records_does_not_matter(fleet: list[Record]) -> None:
    shuffled = random.Random(1).sample(fleet, len(fleet))  # noqa: S311  # nothing secret
    assert build(shuffled) == build(fleet)


def test_a_repeated_test_counts_once_and_last(make: Callable[..., Record]) -> None:
    assert verdicts(build([make(verdict=Verdict.HUNG), make()]), "kill.stopped") == ["✓ passed"]


def test_two_versions_of_a_runtime_are_two_columns(make: Callable[..., Record]) -> None:
    versions = [Runtime(name="Harbour", version=version) for version in ("1.5 rc", "1.4")]
    grid = build(make(runtime=runtime) for runtime in [*versions, Runtime(name="harbour 1.4")])
    assert [(column.key, column.heading) for column in grid.columns] == [
        ("harbour-1.4", "Harbour 1.4"),
        ("harbour-1.5-rc", "Harbour 1.5 rc"),
        ("harbour-1.4-2", "harbour 1.4"),
    ]


def test_equal_ids_of_two_specifications_are_two_rows(make: Callable[..., Record]) -> None:
    other = Requirement(id="kill.stopped", level="MAY", text="", section="", page="", url="", specification="CRI")
    grid = build([make(), make(test="t::2", requirements=[other])])
    assert [row.key for row in grid.rows] == ["CRI kill.stopped", "OCI runtime-spec kill.stopped"]


def test_the_score_counts_what_could_be_judged(fleet: list[Record]) -> None:
    grid = build(fleet)
    counts = tally(grid.rows, 0)
    once = [Verdict.LEAKED, Verdict.DIFFERS, Verdict.PASSED, Verdict.CRASHED, Verdict.HUNG]
    assert counts == dict.fromkeys(once, 1) | {Verdict.VIOLATED: 2}
    assert score(counts) == Score(1, 6)
    assert score(tally(grid.rows, 0, "MAY")) == Score(0, 0)
    assert score(tally(grid.rows, 1)) == Score(0, 2)


@pytest.mark.parametrize(
    ("held", "judged", "words"), [(999, 1000, "99 % (999/1000)"), (3, 3, "100 % (3/3)"), (0, 0, "-")]
)
def test_only_all_is_a_hundred_percent(held: int, judged: int, words: str) -> None:
    assert str(Score(held, judged)) == words


@pytest.mark.parametrize(
    ("found", "differs"),
    [
        ([Verdict.PASSED, Verdict.UNSUPPORTED], True),
        ([Verdict.PASSED, Verdict.NOT_HERE], False),
        ([Verdict.PASSED, Verdict.BROKEN], False),
        ([Verdict.PASSED, None], False),
        ([Verdict.KNOWN, Verdict.VIOLATED], True),
    ],
)
def test_rows_differ_only_in_what_is_told_about_runtimes(
    make: Callable[..., Record], found: list[Verdict | None], differs: bool
) -> None:
    cells = [None if verdict is None else Cell([make(verdict=verdict)]) for verdict in found]
    assert Row("", "", "MUST", "", "", cells).differs is differs
