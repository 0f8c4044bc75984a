"""Numbers and texts, those at the edges first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from strategies.table.values import ENDS, IDS, TEXTS

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def edges(*, min_value: int, max_value: int) -> SearchStrategy[int]:
    """Whole numbers in a range: its ends, where integer types end, and now and then any other."""
    ends = {min_value, min_value + 1, max_value - 1, max_value, *ENDS}
    there = sorted(number for number in ends if min_value <= number <= max_value)
    return st.sampled_from(there) | st.integers(min_value, max_value)


def ids() -> SearchStrategy[int]:
    """Ids of users and groups."""
    return st.sampled_from(IDS) | st.integers(0, 2**32 - 2)


def texts(*, max_size: int = 40) -> SearchStrategy[str]:
    """Texts without NUL, as programs can be given them; the odd ones often."""
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return st.sampled_from(TEXTS) | st.text(characters, max_size=max_size)


def names() -> SearchStrategy[str]:
    """Names of variables, annotations and hosts: letters, digits, and what else all of them allow."""
    return st.text("abcXYZ019-", min_size=1, max_size=12)
