"""The files beside Allure's results: the environment, the categories, and a configuration for ``allure generate``.

Allure 3 takes categories, environments and history from its configuration file alone; Allure 2 reads
``categories.json`` in the results folder. Both read ``environment.properties``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from reports.allure import GONE, INHERITED
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
    "Known from the baseline": INHERITED,
    "Known violation": Verdict.KNOWN.words,
    "Unsupported by the runtime": Verdict.UNSUPPORTED.words,
    "Not to be told on this host": Verdict.NOT_HERE.words,
}


KEY = re.compile(r"(?:[^=\\]|\\.)+")  # of a line of properties: all before the first separator that is not escaped


def configuration() -> str:
    """The text of ``allurerc.mjs``, which finds categories and runtimes in the results of its own folder."""
    return (Path(__file__).parent / "allurerc.mjs").read_text(encoding="utf-8")


def categories_json() -> str:
    """The categories for Allure 2, and for the configuration of Allure 3; the patterns suit Java and JavaScript."""
    rules = [{"name": name, "messageRegex": rf"^{start}\b[\s\S]*"} for name, start in CATEGORIES.items()]
    return json.dumps(rules, indent=2) + "\n"


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
