"""The phase of metamorphic relations: which configs are tried with which changes that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.fuzz import equals
from conformance.fuzz.coverage import count
from conformance.fuzz.equals import RELATIONS, compare, pair_of
from conformance.fuzz.errors import EqualsDiffer
from conformance.fuzz.findings import signature_of
from conformance.fuzz.fuzzer import SHRINKING
from conformance.fuzz.pictures import picture
from conformance.fuzz.shrinking import minimised
from strategies.case import Case
from strategies.joining import joined, packs
from strategies.table import all_valid_cases

if TYPE_CHECKING:
    from conformance.fuzz.attempts import Attempt
    from conformance.fuzz.equals import Relation
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
            count(fuzzer.coverage, pair["other"]["config"], refused=False, skipped=bool(attempt.skipped))
            fuzzer.progress(fuzzer)
            _judge(fuzzer, base, relation, attempt)


def _judge(fuzzer: Fuzzer, base: Case, relation: Relation, attempt: Attempt) -> None:
    """Take a failure in: one that is news is made smaller, run again and kept."""
    if not _is_unheard_of(fuzzer, attempt):
        return
    if not fuzzer.first_only:
        signature = signature_of(attempt.problem) if attempt.problem else ""
        base, attempt = _smallest(fuzzer, base, relation, attempt)
        # With less in it, the two differ in less: another failure may have come down to the same.
        if attempt.problem and signature_of(attempt.problem) != signature and not _is_unheard_of(fuzzer, attempt):
            return
    edits = [*base.edits, f"change: {relation.about}"]
    fuzzer.keep(attempt, "equals", pair_of(base.written(), relation), base, edits)


def _is_unheard_of(fuzzer: Fuzzer, attempt: Attempt) -> bool:
    problem = attempt.problem
    return problem is not None and not fuzzer.findings.is_known(problem) and fuzzer.findings.is_news(problem)


def _smallest(fuzzer: Fuzzer, base: Case, relation: Relation, attempt: Attempt) -> tuple[Case, Attempt]:
    """The smallest case in which the same change makes a difference of the same kind, within a budget."""
    seen = {id(base): attempt}
    kept = [base]  # for the ids to stay theirs

    def fails(candidate: Case) -> bool:
        tried = equals.attempt(fuzzer.bench, fuzzer.runtime, pair_of(candidate.written(), relation))
        seen[id(candidate)] = tried
        kept.append(candidate)
        return _is_alike(tried, attempt)

    nothing = Case()
    smallest = nothing if base.edits and fails(nothing) else minimised(base, fails, attempts=SHRINKING)
    return smallest, seen[id(smallest)]


def _is_alike(one: Attempt, other: Attempt) -> bool:
    """Whether two failures are of one kind; which fields differ depends on what else is in the config."""
    if one.problem is None or other.problem is None:
        return False
    if isinstance(one.problem, EqualsDiffer) and isinstance(other.problem, EqualsDiffer):
        return True
    return signature_of(one.problem) == signature_of(other.problem)
