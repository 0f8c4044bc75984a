"""The phase of metamorphic relations: which configs are tried with which changes that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.fuzz.equals import RELATIONS, compare, pair_of
from conformance.fuzz.pictures import picture
from strategies.case import Case
from strategies.config import base_config
from strategies.joining import joined, packs
from strategies.table import all_valid_cases

if TYPE_CHECKING:
    from conformance.fuzz.fuzzer import Fuzzer
    from strategies.surroundings import Surroundings


def run_equals(fuzzer: Fuzzer, surroundings: Surroundings) -> None:
    """Try each relation on packs of valid cases."""
    bases = [Case(), *map(joined, packs(all_valid_cases(surroundings)))]
    for base in fuzzer.settings.first(bases, 1)[: 1 if fuzzer.settings.steady else None]:
        written = base.written()
        tried = picture(fuzzer.bench, fuzzer.runtime, written)
        for relation in RELATIONS:
            fuzzer.check_time()
            pair = pair_of(written, relation)
            attempt = compare(fuzzer.bench, fuzzer.runtime, pair, tried)
            fuzzer.coverage.count(pair["other"]["config"], base_config(), refused=False, skipped=bool(attempt.skipped))
            fuzzer.progress(fuzzer)
            problem = attempt.problem
            if problem is not None and fuzzer.findings.is_news(problem) and not fuzzer.findings.is_known(problem):
                fuzzer.keep(attempt, "equals", pair, base, [*base.edits, f"change: {relation.about}"])
