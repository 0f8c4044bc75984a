"""JSON in and out, without the import of ``json``: that takes as long as the rest of the interpreter's start.

The C half of the standard library's decoder is used directly, and ``json`` itself only to explain a mistake.
"""

from __future__ import annotations

import os
from _json import encode_basestring_ascii, make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BLANK = " \t\r\n"


class _Context:
    """What the scanner asks of a decoder."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    memo: dict[str, str] = {}  # noqa: RUF012  # the scanner's own scratch space

    @staticmethod
    def parse_constant(name: str) -> object:
        """NaN and the infinities are no JSON (RFC 8259)."""
        raise ValueError(f"{name} is no JSON")


def quoted(word: str) -> str:
    """A string as JSON."""
    return encode_basestring_ascii(word)


def parse(text: str) -> Any:
    """The value of a JSON text.  Raises ValueError, which says in one line what is wrong with it."""
    begin = len(text) - len(text.lstrip(_BLANK))
    try:
        value, end = make_scanner(_Context())(text, begin)  # type: ignore[arg-type]  # any object will do
    except (StopIteration, SystemError):
        # Without json.decoder the scanner has no exception to raise.
        raise _explained(text) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if text[end:].strip(_BLANK):
        raise _explained(text)
    return value


def _explained(text: str) -> ValueError:
    import json  # noqa: PLC0415  # only the mistaken pay for it

    try:
        json.loads(text)
    except ValueError as problem:
        return problem
    return ValueError("it is no JSON")


def read(path: str) -> Any:
    """The value in a file.  Raises OSError, or ValueError when it is not JSON in UTF-8."""
    with open(path, "rb") as file:
        raw = file.read()
    try:
        return parse(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def text(value: Any, indent: str = "") -> str:
    """The JSON text of a value, two spaces for each level; on one line, tightly, when ``indent`` is a single space."""
    if isinstance(value, dict):
        colon = ":" if indent == " " else ": "
        items = [f"{quoted(key)}{colon}{text(item, _deeper(indent))}" for key, item in value.items()]
        return _block("{}", items, indent)
    if isinstance(value, (list, tuple)):
        return _block("[]", [text(item, _deeper(indent)) for item in value], indent)
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def _deeper(indent: str) -> str:
    return indent if indent == " " else indent + "  "


def _block(brackets: str, items: list[str], indent: str) -> str:
    if not items:
        return brackets
    if indent == " ":
        return brackets[0] + ",".join(items) + brackets[1]
    inner = ",\n".join(f"{indent}  {item}" for item in items)
    return f"{brackets[0]}\n{inner}\n{indent}{brackets[1]}"


def write(path: str, value: Any) -> None:
    """Replaces a file in one step: a reader sees the old document or the new one, never a part."""
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text(value, " "))
    os.rename(temporary, path)
