"""Lists of processors or memory nodes such as ``0-3,7``."""

from __future__ import annotations

from reference_runtime.errors import SpecError

_MOST = 1 << 16


def listed(text: str, where: str) -> set[int]:
    """The numbers of a list; an empty text is an empty list.  Raises SpecError."""
    numbers: set[int] = set()
    for part in text.split(",") if text.strip() else ():
        first, dash, last = part.strip().partition("-")
        low, high = _number(first, text, where), _number(last if dash else first, text, where)
        if low > high:
            raise SpecError(f"{where}: the range {part!r} ends before it begins")
        numbers.update(range(low, high + 1))
    return numbers


def _number(word: str, text: str, where: str) -> int:
    if not (word.isascii() and word.isdigit()) or int(word) >= _MOST:
        raise SpecError(f"{where}: {text!r} is no list of numbers and ranges such as 0-3,7")
    return int(word)
