"""Whole cases: a few sections, drawn first, and what each of them says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from strategies import table
from strategies.case import INVALID, UNSPECIFIED, VALID, Case
from strategies.generators.sections import sections
from strategies.joining import are_compatible, joined

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from strategies.surroundings import Surroundings


def valid_cases(*, surroundings: Surroundings, max_size: int = 6) -> SearchStrategy[Case]:
    """Cases of at most so many sections that have to be accepted and to take effect."""
    known = sections(surroundings)
    # Each entry is a section and what it says, so that one can be left out without changing the others.
    entries = st.sampled_from(sorted(known)).flatmap(known.__getitem__)
    return st.lists(entries, max_size=max_size).map(_together)


def _together(cases: list[Case]) -> Case:
    """One case of those that can stand beside each other; of two that can not the first counts."""
    chosen: list[Case] = []
    for case in cases:
        if are_compatible(chosen, case):
            chosen.append(case)
    return joined(chosen)


def invalid_cases(*, surroundings: Surroundings, max_size: int = 3) -> SearchStrategy[Case]:
    """Cases that are valid but for one thing, by the requirement that they name."""
    return st.builds(
        _spoilt,
        valid_cases(surroundings=surroundings, max_size=max_size),
        st.sampled_from(table.invalid_cases(surroundings)),
    )


def _spoilt(valid: Case, invalid: Case) -> Case:
    """An invalid case among the edits of a valid one that does not stand in its way."""
    if not are_compatible([valid], replace(invalid, verdict=VALID)) or valid.under:
        return invalid
    script = "\n".join(filter(None, [valid.script, invalid.script]))
    return replace(invalid, edits=(*valid.edits, *invalid.edits), script=script)


def unspecified_cases(*, surroundings: Surroundings, max_size: int = 2) -> SearchStrategy[Case]:
    """Cases of which the specification leaves open what comes of them, alone and among valid sections."""
    return st.builds(
        _opened, valid_cases(surroundings=surroundings, max_size=max_size), st.sampled_from(table.unspecified_cases())
    )


def _opened(valid: Case, other: Case) -> Case:
    script = "\n".join(filter(None, [valid.script, other.script]))
    return replace(other, edits=(*valid.edits, *other.edits), script=script, verdict=UNSPECIFIED)


def broken_documents() -> SearchStrategy[Case]:
    """Documents that are no JSON objects."""
    return st.sampled_from([case for case in table.documents() if case.verdict == INVALID])
