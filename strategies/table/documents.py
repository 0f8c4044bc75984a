"""Documents that are broken below the schema, and some that are merely unusual."""

from __future__ import annotations

import json

from strategies.case import INVALID, UNSPECIFIED, Case, Document
from strategies.edit import edited


def documents() -> list[Case]:
    """Every document in the place of a config.json."""
    return [
        *(_case(INVALID, about, content) for about, content in _broken().items()),
        *(_case(UNSPECIFIED, about, content) for about, content in _unusual().items()),
    ]


def _case(verdict: str, about: str, content: bytes | Document) -> Case:
    document = content if isinstance(content, Document) else Document(((content, 1),))
    return Case((), verdict, "create.environment.failure", f"config.json is {about}", document.script())


def _broken() -> dict[str, bytes | Document]:
    """What is no JSON, or no object."""
    whole = json.dumps(edited()).encode()
    inner = whole[1:-1]
    cuts = {f"cut at {part} in 10": whole[: len(whole) * part // 10] for part in range(1, 10)}
    return {
        **cuts,
        "cut before its last brace": whole[:-1],
        "blank": b" \n",
        "a number": b"7",
        "a text": b'"ociVersion"',
        "a list": b"[]",
        "true": b"true",
        "null": b"null",
        "a list with the config in it": b"[" + whole + b"]",
        "followed by a word": whole + b" x",
        "followed by a brace": whole + b"}",
        "followed by another config": whole + whole,
        "in single quotes": whole.replace(b'"', b"'"),
        "without quotes around a name": whole.replace(b'"process"', b"process"),
        "with a comma at the end": b"{" + inner + b",}",
        "with a comma at the beginning": b"{," + inner + b"}",
        "with a comma too many": whole.replace(b", ", b",, ", 1),
        "with a comment": b"/* sea */" + whole,
        "with a comment at the end of a line": b"{ // sea\n" + inner + b"}",
        "with a line break in a text": whole.replace(b"/probe", b"/pro\nbe", 1),
        "with NaN": b'{"x": NaN, ' + inner + b"}",
        "with Infinity": b'{"x": Infinity, ' + inner + b"}",
        "with a number with a leading zero": b'{"x": 01, ' + inner + b"}",
        "with a hexadecimal number": b'{"x": 0x1, ' + inner + b"}",
        "with a number with a plus": b'{"x": +1, ' + inner + b"}",
        "with a bad escape": b'{"x": "\\q", ' + inner + b"}",
        "with half an escape": b'{"x": "\\u12", ' + inner + b"}",
        "in UTF-16": whole.decode().encode("utf-16"),
        "in UTF-32": whole.decode().encode("utf-32"),
        "a NUL": b"\0",
        "followed by a NUL": whole + b"\0",
        "a program": b"\x7fELF\x02\x01\x01",
        "deeply nested and cut": Document(((b"[", 200_000),)),
    }


def _unusual() -> dict[str, bytes | Document]:
    """What JSON allows, or leaves open."""
    whole = json.dumps(edited()).encode()
    inner = whole[1:-1]
    nested = Document(((b'{"x": ', 1), (b"[", 100_000), (b"]", 100_000), (b", " + inner + b"}", 1)))
    objects = Document(((b'{"x": ', 1), (b'{"x":', 20_000), (b"1", 1), (b"}", 20_000), (b", " + inner + b"}", 1)))
    return {
        "in UTF-8 with a mark": b"\xef\xbb\xbf" + whole,
        "with bytes that are no UTF-8": b'{"x": "\xff\xfe", ' + inner + b"}",
        "with odd bytes in a name": b'{"\xff\xc0": 1, ' + inner + b"}",
        "with a name twice": b'{"hostname": "first", ' + inner + b', "hostname": "second"}',
        "with process twice": b'{"process": {"cwd": "/"}, ' + inner + b"}",
        "with an empty name": b'{"": 1, ' + inner + b"}",
        "with an escaped NUL in a name": b'{"a\\u0000b": 1, ' + inner + b"}",
        "with a lone surrogate": b'{"x": "\\ud800", ' + inner + b"}",
        "with a number beyond all types": b'{"x": ' + b"9" * 400 + b", " + inner + b"}",
        "with a number of a large exponent": b'{"x": 1e999999, ' + inner + b"}",
        "with minus zero": b'{"x": -0, ' + inner + b"}",
        "with a version that is a number": b'{"ociVersion": 1, ' + inner.replace(b"ociVersion", b"x", 1) + b"}",
        "deeply nested": nested,
        "deeply nested in objects": objects,
        "blanks in front of the config": Document(((b" ", 2_000_000), (whole, 1))),
        "with an enormous text": Document(((b'{"x": "', 1), (b"x", 4_000_000), (b'", ' + inner + b"}", 1))),
        "with an enormous name": Document(((b'{"', 1), (b"x", 1_000_000), (b'": 1, ' + inner + b"}", 1))),
        "with an enormous annotation": Document(
            ((b'{"annotations": {"a": "', 1), (b"x", 200_000), (b'"}, ' + inner + b"}", 1))
        ),
        "with very many annotations of one name": Document(
            ((b'{"annotations": {', 1), (b'"a": "b",', 50_000), (b'"c": "d"}, ' + inner + b"}", 1))
        ),
        "with very many arguments": Document(
            (
                (whole.replace(b'"report"', b'"report", "--"').split(b'"--"')[0] + b'"--"', 1),
                (b',"x"', 100_000),
                (whole.split(b'"report"')[1], 1),
            )
        ),
    }
