"""The fuzzer notices deliberate faults of the reference runtime, without being told where to look."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from conformance.expectations import Expectations
from conformance.fuzz.attempts import Bench
from conformance.fuzz.findings import Findings
from conformance.fuzz.fuzzer import Enough, Fuzzer
from conformance.fuzz.settings import PROFILES
from conformance.fuzz.surroundings import surroundings_of
from conformance.harness.host import look_at
from conformance.harness.runtime import find
from conformance.harness.trial import Trial
from strategies.table import all_valid_cases, invalid_cases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strategies.surroundings import Surroundings

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")

OF_VALID = (
    *("additional-gids-dropped", "additional-gids-first-only", "annotations-dropped", "args-empty-dropped"),
    *("capabilities-bounding-full", "capabilities-inheritable-dropped", "cwd-ignored", "cpu-quota-doubled"),
    *("devices-dropped", "devices-mode-ignored", "gid-is-uid", "gid-ignored", "hostname-dropped"),
    *("ids-cut-to-16-bits", "masked-paths-dropped", "memory-limit-dropped", "mount-options-first-wins"),
    *("mount-ro-ignored", "no-new-privileges-dropped", "oom-score-adj-off-by-one", "pids-limit-dropped"),
    *("rlimits-soft-only", "root-readonly-ignored", "sysctl-dropped", "umask-zero-ignored", "uid-ignored"),
    *("descriptors-inherited", "hooks-env-dropped", "hooks-reversed", "mount-data-dropped", "mount-noatime-ignored"),
    *("oom-score-adj-zero-ignored", "rootfs-propagation-dropped"),
)
OF_INVALID = ("invalid-values-ignored", "rlimits-duplicates-accepted", "errors-exit-0", "devices-type-unchecked")
#: How many of the faults have to be noticed in the time of a smoke phase.
ENOUGH = 34


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    with Trial() as made:
        yield made


@pytest.fixture(scope="module")
def surroundings(trial: Trial) -> Surroundings:
    return surroundings_of(look_at(trial))


def notices(trial: Trial, surroundings: Surroundings, folder: Path, fault: str) -> bool:
    """Whether the smoke phase finds something in the reference with a fault."""
    runtime = find("reference", ("--bug", fault))
    findings = Findings(folder, runtime, Expectations([]))
    fuzzer = Fuzzer(Bench(trial, 20), runtime, findings, PROFILES["smoke"], first_only=True)
    try:
        if fault in OF_INVALID:
            fuzzer.run(invalid_cases(surroundings)[::8])
        else:
            fuzzer.run_packed(all_valid_cases(surroundings))
    except Enough:
        return True
    return False


def test_faults_are_noticed(trial: Trial, surroundings: Surroundings, tmp_path: Path) -> None:
    missed = [fault for fault in OF_VALID + OF_INVALID if not notices(trial, surroundings, tmp_path, fault)]
    assert len(OF_VALID + OF_INVALID) - len(missed) >= ENOUGH, missed


def test_without_a_fault_nothing_is_found(trial: Trial, surroundings: Surroundings, tmp_path: Path) -> None:
    runtime = find("reference")
    findings = Findings(tmp_path, runtime, Expectations([]))
    fuzzer = Fuzzer(Bench(trial, 20), runtime, findings, PROFILES["smoke"])
    fuzzer.run_packed(all_valid_cases(surroundings))
    assert findings.seen == {}
