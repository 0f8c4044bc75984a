"""The shapes of config.json, the state and the features, as JSON Schemas in our own words.

The schemas are written from the text of runtime-spec 1.3.0. They know what one place of a document says; what
needs two (a resource limited twice, a quota below the burst) or a host is left to the checks. Unknown
properties are allowed, as the specification wants it. ``jsonschema`` costs 90 ms, so it is imported late.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

SchemaName = Literal["config", "state", "features"]

_FOLDER = Path(__file__).parent


@cache
def schema(name: SchemaName) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a kind of document."""
    document: dict[str, Any] = json.loads((_FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return document


def errors_of(document: object, name: SchemaName) -> list[str]:
    """What is wrong with a document, a line each, such as "process.rlimits[0].soft: missing"."""
    errors = sorted(_validator(name).iter_errors(document), key=_place)
    return [f"{_dotted(_place(error))}: {_complaint(error)}" for error in errors]


@cache
def _validator(name: SchemaName) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator  # noqa: PLC0415 (its import costs as much as a container)

    Draft202012Validator.check_schema(schema(name))
    return Draft202012Validator(schema(name))


def _place(error: "ValidationError") -> list[str | int]:
    """Where the error is; a missing property is at the place where it should be."""
    return [*error.absolute_path, *_missing(error)]


def _missing(error: "ValidationError") -> Iterator[str]:
    # jsonschema reports each missing property in an error of its own, and names it in the message only.
    for name in _demanded(error):
        if error.message.startswith(repr(name)):
            yield name
            return


def _demanded(error: "ValidationError") -> Iterable[str]:
    if error.validator == "required":
        return cast("list[str]", error.validator_value)
    if error.validator == "dependentRequired":
        return chain.from_iterable(cast("dict[str, list[str]]", error.validator_value).values())
    return ()


def _complaint(error: "ValidationError") -> str:
    if error.validator in {"required", "dependentRequired"}:
        return "missing"
    return f"{_shown(error.instance)} is not {_wanted(cast('dict[str, Any]', error.schema))}"


def _wanted(part: dict[str, Any]) -> str:
    """What a part of a schema asks for, in words."""
    if "enum" in part:
        return "one of " + ", ".join(part["enum"])
    return str(part.get("description") or f"an {part['type']}")


def _shown(value: object) -> str:
    """A value as JSON, cut to what fits a line."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _dotted(place: list[str | int]) -> str:
    """A path such as process.rlimits[0].soft; "document" is the document itself."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".") or "document"
