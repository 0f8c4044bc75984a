"""The boundary table: every field at, inside and outside its limits, one case for each value.

``valid_cases`` have to be accepted and to take effect, ``invalid_cases`` to be refused; of ``unspecified_cases`` the
specification leaves open which.  Each case is the smallest that has its value.
"""

from strategies.table.documents import documents
from strategies.table.invalid import invalid_cases
from strategies.table.unspecified import unspecified_cases
from strategies.table.valid import all_valid_cases, valid_cases

__all__ = ["all_valid_cases", "documents", "invalid_cases", "unspecified_cases", "valid_cases"]
