"""Configs that have to be accepted, and to take effect."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from strategies.case import Case
from strategies.table.linux import of_linux
from strategies.table.mounts import of_mounts
from strategies.table.process import of_process
from strategies.table.resources import of_resources

if TYPE_CHECKING:
    from strategies.surroundings import Surroundings


def valid_cases(surroundings: Surroundings) -> dict[str, list[Case]]:
    """Valid cases by the section that they try, as far as they are valid here."""
    return {
        "base": [Case()],
        **of_process(surroundings),
        **of_mounts(),
        **of_linux(surroundings),
        **of_resources(surroundings),
    }


def all_valid_cases(surroundings: Surroundings) -> list[Case]:
    """Valid cases of all sections: the first of each, the second of each, and so on."""
    rows = zip_longest(*valid_cases(surroundings).values())
    return [case for row in rows for case in row if case is not None]
