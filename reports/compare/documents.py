"""A comparison for programs: JSON, JUnit's XML, and the problem annotations of GitHub Actions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import msgspec

from reports.allure import reproduce, title
from reports.compare.changes import Kind
from reports.compare.text import head, slow, why

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.compare.changes import Change
    from reports.compare.comparison import Comparison, Pair
    from reports.compare.durations import Slower
    from reports.record import Record

FORMAT = 1
#: GitHub shows the first ten annotations of a kind in a step, and passes over the others.
ANNOTATIONS = 10
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(comparison: Comparison) -> str:
    """All changes, in the order in which people read them."""
    plain = {
        "format": FORMAT,
        "regressions": comparison.regressions,
        "pairs": [_pair(pair) for pair in comparison.pairs],
        "notes": comparison.notes,
    }
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "before": msgspec.to_builtins(pair.before.runtime),
        "after": msgspec.to_builtins(pair.after.runtime),
        "regressions": pair.regressions,
        "counts": {kind.value: len(found) for kind, found in pair.groups} | {"the same": pair.unchanged},
        "changes": [_change(change) for change in pair.changes],
        "slower": [part._asdict() for part in pair.slower],
        "notes": pair.notes,
    }


def _change(change: Change) -> dict[str, Any]:
    record = change.record
    plain = {
        "kind": change.kind.value,
        "worse": change.worse,
        "test": record.test,
        "title": record.title,
        "level": record.level,
        "before": _verdict(change.before),
        "after": _verdict(change.after),
        "requirements": [{"id": each.id, "place": each.place, "url": each.url} for each in record.requirements],
    }
    told = {name: getattr(record, name) for name in ("expected", "observed", "edits", "reproduction")}
    return plain | {name: value for name, value in told.items() if value}


def _verdict(record: Record | None) -> dict[str, str] | None:
    return None if record is None else {"verdict": record.verdict.value, "reason": record.reason}


def as_junit(comparison: Comparison) -> str:
    """A suite for each pair, with a case for each test: regressions are failures, what nobody could tell is skipped."""
    root = ET.Element("testsuites", name="seatrial compare")
    for pair in comparison.pairs:
        cases = [*_cases(pair), *(_slow_case(part) for part in pair.slower)]
        failed = sum(case.find("failure") is not None for case in cases)
        skipped = sum(case.find("skipped") is not None for case in cases)
        suite = ET.SubElement(root, "testsuite", name=pair.title)
        counts = {"tests": len(cases), "failures": failed, "skipped": skipped, "errors": 0}
        suite.attrib.update({name: str(count) for name, count in counts.items()})
        suite.extend(cases)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _cases(pair: Pair) -> Iterator[ET.Element]:
    changed = {change.record.test: change for change in pair.changes}
    for test, stands in pair.after.standings.items():
        case = _case(test, stands.record.duration)
        change = changed.get(test)
        if change is not None and change.worse:
            detail = ET.SubElement(case, "failure", message=_xml(head(change)), type=change.kind.value)
            detail.text = _xml(details(change))
        elif not stands.holds and not stands.breaks:
            ET.SubElement(case, "skipped", message=_xml(stands.record.reason))
        yield case


def _case(test: str, duration: float) -> ET.Element:
    file, _, name = test.partition("::")
    place = file.removesuffix(".py").replace("/", ".")
    return ET.Element("testcase", classname=_xml(place), name=_xml(name), time=f"{duration:.4f}")


def _slow_case(part: Slower) -> ET.Element:
    case = ET.Element("testcase", classname="durations", name=_xml(part.where), time=f"{part.after:.4f}")
    ET.SubElement(case, "failure", message=_xml(slow(part)), type="slower")
    return case


def _xml(text: str) -> str:
    """A text without the characters that XML can not carry."""
    return NOT_XML.sub("\ufffd", text)


def details(change: Change) -> str:
    """The sentences that were judged, and what was seen, as plain text."""
    cited = [f"{each.id}, {each.place}: {each.text}\n{each.url}" for each in change.record.requirements]
    return "\n".join([*cited, seen(change)])


def seen(change: Change) -> str:
    """The test of a change, what was seen there, and how to see it."""
    record = change.record
    facts = [("expected", record.expected), ("observed", record.observed), ("edits", ", ".join(record.edits))]
    shown = reproduce(record) if record.reproduction else ""
    named = [("test", record.test), *why(change), *facts, ("see it", shown)]
    return "\n".join(f"{name}: {text}" for name, text in named if text)


def as_github(comparison: Comparison) -> str:
    """Commands that make GitHub Actions annotate the run: an error for a regression, a notice for the good news."""
    lines = [line for pair in comparison.pairs for line in _annotations(pair)]
    return "".join(f"{line}\n" for line in lines)


def _annotations(pair: Pair) -> Iterator[str]:
    worse = [
        (f"{change.kind.value}: {title(change.record)}", details(change)) for change in pair.changes if change.worse
    ]
    worse += [("slower", slow(part)) for part in pair.slower]
    shown = worse if len(worse) <= ANNOTATIONS else worse[: ANNOTATIONS - 1]
    yield from (_command("error", name, text) for name, text in shown)
    if len(shown) < len(worse):
        yield _command("error", pair.title, f"{len(worse) - len(shown)} more regressions, see the step's summary")
    fixed = sum(change.kind is Kind.FIXED for change in pair.changes)
    if fixed:
        yield _command("notice", pair.title, f"{fixed} fixed")


def _command(word: str, name: str, text: str) -> str:
    """One workflow command; its own marks are escaped as percent and two digits."""
    value = name.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace(":", "%3A").replace(",", "%2C")
    data = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{word} title={value}::{data}"
