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
        yield inherited(label, own, width)
        yield fixed(label, own, width)
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
    news = {
        level: {each.verdict for each in records if each.level == level and not each.is_inherited} for level in LEVELS
    }
    rows = [(_row(level, columns, counts), _colour(level, news[level])) for level in LEVELS]
    return [(f"{'':6}{head}", {}), *rows]


def _row(level: Level, columns: list[Verdict], counts: Counter[tuple[Level, Verdict]]) -> str:
    cells = (f"  {counts[level, verdict] or '-':>{max(6, len(verdict.words))}}" for verdict in columns)
    return f"{level:6}{''.join(cells)}"


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
    head = f"{record.level} {record.verdict.words}: {record.title or record.test}"
    return finding((head, markup), number, record, width)


def finding(head: Line, number: int, record: Record, width: int) -> Iterator[Line]:
    """A numbered violation with all that a reader needs: the sentences, what was seen, and how to see it."""
    yield (cut(f"{number:3}. {head[0]}", width), head[1])
    for requirement in record.requirements:
        yield (cut(f"{INDENT}{requirement.id}, {requirement.place}: {requirement.text}", width), {})
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
            yield (cut(f"{INDENT}{name:10}{text}", width), {})
    if record.reproduction:
        yield (f"{INDENT}{'see it':10}{reproduce(record)}", {})


def gone(label: str, records: list[Record], width: int) -> list[Line]:
    """The expectations that have to go, for what they list is not there any more."""
    lines = [(cut(f"  {record.test}", width), {"red": True}) for record in records if record.is_gone]
    return [(f"known violations of {label} that are gone: {len(lines)}", {"bold": True}), *lines] if lines else []


def inherited(label: str, records: list[Record], width: int) -> list[Line]:
    """The violations that the baseline has too."""
    return _listed(f"violations by {label}, known from the baseline", [r for r in records if r.is_inherited], width)


def fixed(label: str, records: list[Record], width: int) -> list[Line]:
    """What was broken in the baseline, and holds."""
    return _listed(f"fixed by {label} since the baseline", [r for r in records if r.is_fixed], width)


def _listed(name: str, records: list[Record], width: int) -> list[Line]:
    lines: list[Line] = [(cut(f"  {record.level} {record.test}", width), {}) for record in records]
    return [(f"{name}: {len(records)}", {"bold": True}), *lines] if lines else []


def broken(label: str, records: list[Record], first: int, width: int) -> list[Line]:
    """The tests that say nothing, since the harness failed."""
    found = [record for record in records if record.verdict is Verdict.BROKEN]
    lines = [(cut(f"  {record.test}: {record.reason}", width), {"red": True}) for record in found[:first]]
    return [(f"broken on {label}, through no fault of its own: {len(found)}", {"bold": True}), *lines] if found else []


def reasons(name: str, records: list[Record], verdict: Verdict, width: int) -> list[Line]:
    """Why tests have a verdict: each reason with the number of tests, the most frequent first."""
    found = {(record.test, _reason(record)) for record in records if record.verdict is verdict}
    counts = Counter(reason for _, reason in found)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    lines: list[Line] = [(cut(f"{count:6}  {reason}", width), {}) for reason, count in ordered]
    return [(f"{name}: {len({test for test, _ in found})}", {"bold": True}), *lines] if found else []


def _reason(record: Record) -> str:
    if record.verdict is Verdict.KNOWN and record.expectation is not None:
        return " ".join(filter(None, [record.expectation.reason, record.expectation.link]))
    return record.reason or "no reason given"


def cut(text: str, width: int) -> str:
    """One line of at most so many characters, with nothing in it that would move a terminal's cursor."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    line = indent + "".join(c if c.isprintable() else " " for c in text[len(indent) :])
    return line if len(line) <= width else line[: width - 1] + "…"
