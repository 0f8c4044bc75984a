"""How long and how wide to fuzz: what the options mean together."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from conformance.fuzz.coverage import count, leaves, nothing_yet
from conformance.fuzz.settings import PROFILES, SHARES, Clock
from strategies.edit import edited
from strategies.edits import additional_gids, annotation


def test_parts_share_the_cases_and_repeat_none() -> None:
    cases = list(range(100))
    parts = [replace(PROFILES["nightly"], part=part, parts=7).chosen(cases) for part in range(7)]
    assert sorted(case for part in parts for case in part) == cases


def test_few_examples_lie_evenly() -> None:
    assert replace(PROFILES["smoke"], examples=4).chosen(range(100)) == [0, 25, 50, 75]
    assert replace(PROFILES["smoke"], examples=4).first(range(100), 5) == [0, 1, 2, 3, 4]


def test_phases_share_the_time_and_leave_it_to_those_after() -> None:
    assert sum(SHARES.values()) == pytest.approx(1)
    clock = Clock(replace(PROFILES["ci"], seconds=100), runtimes=2)
    first = clock.allot("valid") - time.monotonic()
    assert first == pytest.approx(50 * SHARES["valid"], abs=0.5)
    clock.spent(1)
    left = 50 * (SHARES["valid"] + SHARES["documents"]) - 1
    assert clock.allot("documents") - time.monotonic() == pytest.approx(left, abs=0.5)
    assert Clock(PROFILES["smoke"]).allot("valid") == float("inf")


def test_coverage_counts_what_the_base_config_has_not() -> None:
    coverage = nothing_yet()
    groups, note = edited(additional_gids(2, 3)), edited(annotation("x", "sea"))
    count(coverage, groups, refused=True, skipped=False)
    other = nothing_yet()
    count(other, note, refused=False, skipped=False)
    coverage.add(other)
    assert {path: field.values for path, field in coverage.fields.items()} == {
        "process.user.additionalGids[]": {"2": 1, "3": 1},
        "annotations.*": {'"sea"': 1},
    }
    assert (coverage.cases, coverage.refused, coverage.values) == (2, 1, 3)
    assert {"process.user.umask", "mounts[].options[]"} <= {*coverage.never}
    assert not {"annotations", "process.user.additionalGids[]"} & {*coverage.never}


def test_long_values_are_cut() -> None:
    ((path, value),) = leaves({"a": "x" * 1000})
    assert path == "a" and len(value) < 80
