"""The summary in the terminal: levels by verdicts, the first violations, and why tests were left out.

All is text: a line is its characters and the markup that pytest's ``write_line`` takes, such as ``{"red": True}``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reports.allure import reproduce
from reports.record import LEVELS, VIOLATIONS, Level, Record, Verdict, labels, latest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Line = tuple[str, dict[str, bool]]

BLANK: Line = ("", {})
ALWAYS = frozenset({Verdict.PASSED, Verdict.VIOLATED})  # the columns that even a short table has
INDENT = " " * 7  # before what belongs to a violation


def summary(records: Iterable[Record], first: int = 5, width: int = 120) -> list[Line]:
    """All of it: for each runtime a table and its ``first`` violations, then the skips; texts are cut to ``width``."""
    records = latest(records)
    lines = [line for block in _blocks(records, first, width) if block for line in (*block, BLANK)]
    return lines[:-1]


def _blocks(records: list[Record], first: int, width: int) -> Iterator[list[Line]]:
    by_runtime = {
        label: [record for record in records if record.runtime.identity == identity]
        for identity, label in labels(records).items()
    }
    for own in by_runtime.values():
        yield [heading(own[0]), *table(own)]
    for label, own in by_runtime.items():
        yield violations(label, own, first, width)
        yield gone(label, own, width)
        yield broken(label, own, first, width)
        yield reasons(f"known violations of {label}", own, Verdict.KNOWN, width)
        yield reasons(f"unsupported by {label}", own, Verdict.UNSUPPORTED, width)
    yield reasons("not here (this host can not tell)", records, Verdict.NOT_HERE, width)


def heading(record: Record) -> Line:
    """The runtime, and what it is held to."""
    runtime = record.runtime
    details = ", ".join(filter(None, [runtime.package_version and f"package {runtime.package_version}", runtime.path]))
    name = " ".join(filter(None, [runtime.name, runtime.version, details and f"({details})"]))
    return (name + (f", {_specification(record)}" if record.spec_version else ""), {"bold": True})


def _specification(record: Record) -> str:
    """The specification that a record's requirements are of, with its version."""
    cri = any(requirement.specification == "CRI" for requirement in record.requirements)
    return f"CRI v1 as of Kubernetes {record.spec_version}" if cri else f"runtime-spec {record.spec_version}"


def table(records: list[Record]) -> list[Line]:
    """Levels by verdicts, for the records of one runtime: how many tests."""
    counts = Counter((record.level, record.verdict) for record in records)
    columns = [verdict for verdict in Verdict if verdict in ALWAYS or any(counts[level, verdict] for level in LEVELS)]
    head = "".join(f"  {verdict.words:>6}" for verdict in columns)
    return [(f"{'':6}{head}", {}), *(_row(level, columns, counts) for level in LEVELS)]


def _row(level: Level, columns: list[Verdict], counts: Counter[tuple[Level, Verdict]]) -> Line:
    cells = "".join(f"  {counts[level, verdict] or '-':>{max(6, len(verdict.words))}}" for verdict in columns)
    return (f"{level:6}{cells}", _colour(level, {verdict for verdict in columns if counts[level, verdict]}))


def _colour(level: Level, found: set[Verdict]) -> dict[str, bool]:
    """Red for what fails a run, yellow for what only warns, green where all that could be told holds."""
    if found & (VIOLATIONS | {Verdict.BROKEN}):
        return {"yellow": True} if level != "MUST" and found <= ALWAYS else {"red": True}
    return {"green": True} if Verdict.PASSED in found else {}


def violations(label: str, records: list[Record], first: int, width: int) -> list[Line]:
    """The first violations of a runtime, the strongest levels first, each with all that a reader needs."""
    found = sorted((record for record in records if record.is_violation), key=lambda r: (LEVELS.index(r.level), r.key))
    shown = f", the first {first}" if len(found) > first else ""
    lines = [line for number, record in enumerate(found[:first], 1) for line in _violation(number, record, width)]
    return [(f"violations by {label}: {len(found)}{shown}", {"bold": True}), *lines] if found else []


def _violation(number: int, record: Record, width: int) -> Iterator[Line]:
    markup = {"red": True} if record.level == "MUST" else {"yellow": True}
    yield (_cut(f"{number:3}. {record.level} {record.verdict.words}: {record.title or record.test}", width), markup)
    for requirement in record.requirements:
        yield (_cut(f"{INDENT}{requirement.id}, {requirement.place}: {requirement.text}", width), {})
        yield (f"{INDENT}{requirement.url}", {})
    reason = "" if record.expected and record.verdict is Verdict.VIOLATED else record.reason
    for name, text in (
        ("test", record.test),
        ("reason", reason),
        ("edits", ", ".join(record.edits)),
        ("expected", record.expected),
        ("observed", record.observed),
    ):
        if text:
            yield (_cut(f"{INDENT}{name:10}{text}", width), {})
    if record.reproduction:
        yield (f"{INDENT}{'see it':10}{reproduce(record)}", {})


def gone(label: str, records: list[Record], width: int) -> list[Line]:
    """The expectations that have to go, for what they list is not there any more."""
    lines = [(_cut(f"  {record.test}", width), {"red": True}) for record in records if record.is_gone]
    return [(f"known violations of {label} that are gone: {len(lines)}", {"bold": True}), *lines] if lines else []


def broken(label: str, records: list[Record], first: int, width: int) -> list[Line]:
    """The tests that say nothing, since the harness failed."""
    found = [record for record in records if record.verdict is Verdict.BROKEN]
    lines = [(_cut(f"  {record.test}: {record.reason}", width), {"red": True}) for record in found[:first]]
    return [(f"broken on {label}, through no fault of its own: {len(found)}", {"bold": True}), *lines] if found else []


def reasons(name: str, records: list[Record], verdict: Verdict, width: int) -> list[Line]:
    """Why tests have a verdict: each reason with the number of tests, the most frequent first."""
    found = {(record.test, _reason(record)) for record in records if record.verdict is verdict}
    counts = Counter(reason for _, reason in found)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    lines: list[Line] = [(_cut(f"{count:6}  {reason}", width), {}) for reason, count in ordered]
    return [(f"{name}: {len({test for test, _ in found})}", {"bold": True}), *lines] if found else []


def _reason(record: Record) -> str:
    if record.verdict is Verdict.KNOWN and record.expectation is not None:
        return " ".join(filter(None, [record.expectation.reason, record.expectation.link]))
    return record.reason or "no reason given"


def _cut(text: str, width: int) -> str:
    """One line of at most so many characters, with nothing in it that would move a terminal's cursor."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    line = indent + "".join(c if c.isprintable() else " " for c in text[len(indent) :])
    return line if len(line) <= width else line[: width - 1] + "…"
