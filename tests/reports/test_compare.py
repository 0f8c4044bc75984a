"""What is found out about two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reports.compare.changes import Kind, Standing, change, standing
from reports.compare.comparison import compare
from reports.compare.pairing import PairingError
from reports.record import BREAKDOWNS, BREAKS, HOLDS, VIOLATIONS, Expectation, Record, Requirement, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Record]

V = Verdict


def became(make: Make, before: Verdict | None, after: Verdict | None, **changes: Any) -> tuple[Kind, bool] | None:
    old, new = (Standing(make(verdict=each, **changes)) if each else None for each in (before, after))
    found = change(old, new)
    return None if found is None else (found.kind, found.worse)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (V.PASSED, V.VIOLATED, (Kind.VIOLATED, True)),
        (V.PASSED, V.KNOWN, (Kind.KNOWN, False)),
        (V.PASSED, V.UNSUPPORTED, (Kind.UNSUPPORTED, True)),
        (V.PASSED, V.NOT_HERE, (Kind.UNTOLD, False)),
        (V.PASSED, V.BROKEN, (Kind.BROKEN, True)),
        (V.PASSED, V.DIFFERS, (Kind.DIFFERS, False)),
        (V.VIOLATED, V.PASSED, (Kind.FIXED, False)),
        (V.VIOLATED, V.KNOWN, None),
        (V.VIOLATED, V.CRASHED, (Kind.VIOLATED, True)),
        (V.VIOLATED, V.UNSUPPORTED, (Kind.UNSUPPORTED, False)),
        (V.CRASHED, V.VIOLATED, None),
        (V.KNOWN, V.VIOLATED, None),
        (V.KNOWN, V.HUNG, (Kind.VIOLATED, True)),
        (V.KNOWN, V.DIFFERS, (Kind.FIXED, False)),
        (V.UNSUPPORTED, V.VIOLATED, (Kind.VIOLATED, True)),
        (V.UNSUPPORTED, V.PASSED, (Kind.SUPPORTED, False)),
        (V.NOT_HERE, V.VIOLATED, (Kind.VIOLATED, True)),
        (V.NOT_HERE, V.PASSED, (Kind.TOLD, False)),
        (V.BROKEN, V.PASSED, (Kind.TOLD, False)),
        (None, V.VIOLATED, (Kind.VIOLATED, True)),
        (None, V.PASSED, (Kind.APPEARED, False)),
        (V.PASSED, None, (Kind.DISAPPEARED, False)),
    ],
)
def test_what_became_of_a_test(
    make: Make, before: Verdict | None, after: Verdict | None, expected: tuple[Kind, bool] | None
) -> None:
    assert became(make, before, after) == expected


@pytest.mark.parametrize("before", Verdict, ids=str)
@pytest.mark.parametrize("after", Verdict, ids=str)
def test_every_pair_of_verdicts_is_decided(make: Make, before: Verdict, after: Verdict) -> None:
    found = became(make, before, after)
    assert before is not after or found is None
    worse = found is not None and found[1]
    if before in HOLDS:
        assert worse == (after in VIOLATIONS | {V.UNSUPPORTED, V.BROKEN})
    elif before in BREAKS:
        assert worse == (after in BREAKDOWNS and after is not before)


def test_what_only_warns_is_worse_where_it_held_before(make: Make) -> None:
    assert became(make, V.PASSED, V.VIOLATED, level="SHOULD") == (Kind.VIOLATED, True)
    assert became(make, None, V.VIOLATED, level="SHOULD") == (Kind.VIOLATED, False)
    assert became(make, V.NOT_HERE, V.CRASHED, level="SHOULD") == (Kind.VIOLATED, True)


def test_a_difference_changes_by_its_words_and_not_by_its_numbers(make: Make) -> None:
    one, other, third = (make(verdict=V.DIFFERS, reason=reason) for reason in ("pid 17", "pid 4", "no pid"))
    assert change(Standing(one), Standing(other)) is None
    found = change(Standing(one), Standing(third))
    assert found is not None and found.kind is Kind.DIFFERS and not found.worse


def test_a_test_that_held_and_broke_is_flaky(make: Make) -> None:
    steady, flaky = standing([make(), make()]), standing([make(verdict=V.VIOLATED), make()])
    assert flaky.flaky and not steady.flaky
    found = change(steady, flaky)
    assert found is not None and (found.kind, found.worse) == (Kind.FLAKY, True)
    broke = change(standing([make(verdict=V.VIOLATED)]), flaky)
    assert broke is not None and (broke.kind, broke.worse) == (Kind.FLAKY, False)
    assert change(flaky, flaky) is None
    assert change(flaky, standing([make(verdict=V.VIOLATED)])) is None


def test_another_build_of_the_program_does_not_make_a_test_flaky(make: Make) -> None:
    old, new = (Runtime(name="harbour", sha256=each * 32) for each in ("aa", "bb"))
    assert not standing([make(runtime=old, verdict=V.VIOLATED), make(runtime=new)]).flaky


def test_a_listed_race_is_no_news_whatever_it_does(make: Make) -> None:
    race = Expectation(reason="a race", sometimes=True)
    lost, won = make(verdict=V.KNOWN, expectation=race), make(expectation=race)
    assert not won.is_gone
    assert change(standing([lost]), standing([won])) is None
    assert change(standing([won]), standing([lost])) is None
    found = change(standing([make()]), standing([lost]))
    assert found is not None and (found.kind, found.worse) == (Kind.FLAKY, False)


def test_alone_in_its_file_a_runtime_is_compared_with_any(make: Make) -> None:
    found = compare([make(runtime="runc")], [make(runtime="crun")])
    assert [pair.title for pair in found.pairs] == ["runc → crun"]


def test_runtimes_are_paired_by_name_and_then_by_version(make: Make) -> None:
    old, new = (Runtime(name="runc", version=version) for version in ("1.1.5", "1.3.6"))
    found = compare([make(runtime=old), make(runtime="a")], [make(runtime=new), make(runtime="b")])
    assert [pair.title for pair in found.pairs] == ["runc 1.1.5 → runc 1.3.6"]
    assert found.notes == ["a is in the first file only", "b is in the second file only"]
    both = [make(runtime=old), make(runtime=new)]
    assert [pair.title for pair in compare(both, both).pairs] == ["runc 1.1.5 → runc 1.1.5", "runc 1.3.6 → runc 1.3.6"]


def test_what_can_not_be_paired_is_told(make: Make) -> None:
    versions = [make(runtime=Runtime(name="runc", version=version)) for version in ("1.1.5", "1.2", "1.3.6")]
    with pytest.raises(PairingError, match=r"several runc \(runc 1.1.5, runc 1.2; .*--map=FIRST=SECOND"):
        compare(versions[:2], [versions[2]] * 2 + [make(runtime="crun")])
    with pytest.raises(PairingError, match=r"no runtime of the first file \(a, b\) is in the second \(c\): .*--map"):
        compare([make(runtime="a"), make(runtime="b")], [make(runtime="c")])
    with pytest.raises(PairingError, match=r"the second file has no runtime named d, it has c"):
        compare([make(runtime="a"), make(runtime="b")], [make(runtime="c")], [("a", "d")])
    wanted = [("runc 1.2", "runc")]
    assert [pair.title for pair in compare(versions[:2], versions[2:], wanted).pairs] == ["runc 1.2 → runc 1.3.6"]


def test_what_else_differs_is_noted(make: Make) -> None:
    here = make(spec_version="1.3.0", host={"kernel": "6.1"})
    there = make(spec_version="1.2.0", host={"kernel": "6.12", "swap": "no"})
    assert compare([here], [there]).pairs[0].notes == [
        "host: kernel differs: 6.1 → 6.12",
        "host: swap differs: unknown → no",
        "specification differs: 1.3.0 → 1.2.0",
        "both runs tried the same program",
    ]


def timed(make: Make, durations: list[float], section: str = "Kill") -> list[Record]:
    judged = Requirement(id="a", level="MUST", text="", section=section, page="runtime.md", url="")
    return [
        make(test=f"t::{section}[{number}]", requirements=[judged], duration=duration)
        for number, duration in enumerate(durations)
    ]


def test_a_section_is_slower_by_its_median_and_its_sum(make: Make) -> None:
    before = timed(make, [0.1] * 20) + timed(make, [0.1] * 80, "State")
    after = timed(make, [0.3] * 20) + timed(make, [0.1] * 80, "State")
    (pair,) = compare(before, after, ratio=1.5).pairs
    assert [(part.where, part.tests, part.ratio) for part in pair.slower] == [("runtime.md, Kill", 20, 3.0)]
    assert pair.regressions == 1
    assert compare(before, after).regressions == 0
    assert compare(before, after, ratio=1.5, floor=5).regressions == 0


def test_one_slow_test_is_noise(make: Make) -> None:
    before, after = timed(make, [0.1] * 30), timed(make, [0.1] * 29 + [99.0])
    assert compare(before, after, ratio=1.5).regressions == 0


def test_of_several_runs_the_shortest_duration_counts(make: Make) -> None:
    before, after = timed(make, [0.1] * 30), timed(make, [0.5] * 30) + timed(make, [0.1] * 30)
    assert compare(before, after, ratio=1.5).regressions == 0


def test_small_sections_are_put_together(make: Make) -> None:
    before = [record for section in "abc" for record in timed(make, [0.1] * 2, section)]
    after = [record for section in "abc" for record in timed(make, [0.9] * 2, section)]
    (pair,) = compare(before, after, ratio=2).pairs
    assert [part.where for part in pair.slower] == ["all tests", "runtime.md, other sections"]
