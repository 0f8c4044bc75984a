"""Findings are small, and their scripts work as they are: 1 with the fault that was found, 0 without it."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from conformance.expectations import Expectations
from conformance.fuzz import equals
from conformance.fuzz.attempts import Bench
from conformance.fuzz.equals import RELATIONS, pair_of
from conformance.fuzz.findings import Findings, read
from conformance.fuzz.fuzzer import Fuzzer
from conformance.fuzz.relating import take_in
from conformance.fuzz.settings import PROFILES
from conformance.harness.runtime import find
from conformance.harness.trial import Trial
from strategies.case import Case
from strategies.edits import additional_gids, annotation, device, hostname, masked_paths, oom_score_adj, umask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")

#: What is in each case besides the edit that is to blame.
OTHERS = (hostname("sea"), oom_score_adj(500))
CASES = {
    "umask-zero-ignored": umask(0),  # seen in the report
    "masked-paths-dropped": masked_paths("/proc/uptime"),  # by what a verb of the probe did
    "devices-mode-ignored": device("/dev/x", "c", 1, 3, file_mode=0o640),
    "annotations-dropped": annotation("org.example.sea", "deep"),  # in the state, before the container was started
    "namespace-uts-not-created": umask(0o77),  # by comparing with the runtime's
}
PAIRS = {
    "unknown-properties-refused": "unknown properties",
    "additional-gids-first-only": "the order of capabilities, limits and groups",
}


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    with Trial() as made:
        yield made


def fuzzer_for(trial: Trial, fault: str, folder: Path) -> Fuzzer:
    runtime = find("reference", ("--bug", fault))
    return Fuzzer(Bench(trial, 20), runtime, Findings(folder, runtime, Expectations([])), PROFILES["smoke"])


def check(folder: Path) -> None:
    """Run the script of the only finding with the fault, and without."""
    (script,) = folder.glob("*/run.sh")
    assert len(read(script.parent).edits) <= 2
    sound = os.environ | {"RUNTIME": shlex.join(find("reference").argv)}
    done = [
        subprocess.run(["sh", script], capture_output=True, text=True, env=env, check=False)
        for env in (os.environ, sound)
    ]
    assert [each.returncode for each in done] == [1, 0], [each.stdout[-1000:] for each in done]


@pytest.mark.parametrize("fault", CASES)
def test_a_script_tells_a_fault_from_none(trial: Trial, tmp_path: Path, fault: str) -> None:
    fuzzer_for(trial, fault, tmp_path).try_case(Case((*OTHERS, CASES[fault])))
    check(tmp_path)


@pytest.mark.parametrize("fault", PAIRS)
def test_the_script_of_a_pair_does_too(trial: Trial, tmp_path: Path, fault: str) -> None:
    fuzzer = fuzzer_for(trial, fault, tmp_path)
    (relation,) = (each for each in RELATIONS if each.about == PAIRS[fault])
    base = Case((*OTHERS, additional_gids(4, 7)))
    take_in(fuzzer, base, relation, equals.attempt(fuzzer.bench, fuzzer.runtime, pair_of(base.written(), relation)))
    check(tmp_path)
