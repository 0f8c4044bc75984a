"""The files beside Allure's results: the environment and the categories.

Allure 2 reads ``categories.json`` in the results folder, Allure 3 takes them from its configuration file alone. Both
read ``environment.properties``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from reports.allure import FLAKY, GONE, INHERITED, INTERRUPTED
from reports.record import Record, Runtime, Verdict, labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Names of categories, in the order in which Allure tries them, and how ``reports.allure.message`` begins for each.
CATEGORIES = {
    "MUST violated": f"{Verdict.VIOLATED.words} MUST",
    "SHOULD violated": f"{Verdict.VIOLATED.words} SHOULD",
    "MAY violated": f"{Verdict.VIOLATED.words} MAY",
    "Runtime crashed": Verdict.CRASHED.words,
    "Runtime hung": Verdict.HUNG.words,
    "Something was left behind": Verdict.LEAKED.words,
    "Harness broken": Verdict.BROKEN.words,
    "Known violation is gone": GONE,
    "Flaky": FLAKY,
    "Known from the baseline": INHERITED,
    "Known violation": Verdict.KNOWN.words,
    "Unsupported by the runtime": Verdict.UNSUPPORTED.words,
    "Not to be told on this host": Verdict.NOT_HERE.words,
    "Interrupted": INTERRUPTED,
}


KEY = re.compile(r"(?:[^=\\]|\\.)+")  # of a line of properties: all before the first separator that is not escaped


def categories() -> list[dict[str, str]]:
    """The rules of the categories; the patterns suit Java and JavaScript."""
    return [{"name": name, "messageRegex": rf"^{start}\b[\s\S]*"} for name, start in CATEGORIES.items()]


def categories_json() -> str:
    """The categories as Allure 2 reads them."""
    return json.dumps(categories(), indent=2) + "\n"


def environment_properties(records: Iterable[Record], before: str = "") -> str:
    """Runtimes, specification and host as properties, sorted; lines of an older text stay where nothing is new."""
    kept = {match[0]: match.string for line in before.splitlines() if (match := KEY.match(line))}
    records = list(records)
    named = labels(records)
    for record in records:
        facts = dict(_facts(named[record.runtime.identity], record))
        lines = {_escaped(key, ":= "): _escaped(value) for key, value in facts.items()}
        kept |= {key: f"{key}={value}" for key, value in lines.items()}
    return "".join(f"{kept[key]}\n" for key in sorted(kept))


def _facts(name: str, record: Record) -> Iterator[tuple[str, str]]:
    yield from ((f"host.{fact}", value) for fact, value in record.host.items())
    if record.spec_version:
        yield ("specification", record.spec_version)
    yield from ((f"{name}.{fact}", value) for fact, value in _of_runtime(record.runtime) if value)


def _of_runtime(runtime: Runtime) -> Iterator[tuple[str, str]]:
    yield ("version", runtime.version)
    yield ("package", runtime.package_version)
    yield ("path", runtime.path)
    yield ("sha256", runtime.sha256)
    yield ("arguments", " ".join(runtime.arguments))


def _escaped(text: str, separators: str = "") -> str:
    """A text as java.util.Properties reads it: with backslashes before marks, and in ASCII."""
    marks = {character: f"\\{character}" for character in "\\" + separators} | {"\n": "\\n", "\r": "\\r"}
    plain = "".join(marks.get(character, character) for character in text)
    return "".join(c if c.isascii() else _utf16(c) for c in plain)


def _utf16(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
