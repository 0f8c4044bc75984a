"""A comparison as Markdown, for a pull request or the summary of a CI step."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from reports.allure import code, reproduce, title
from reports.compare.text import IN_FULL, about, slow, told, verdict, why

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.compare.changes import Change
    from reports.compare.comparison import Comparison, Pair
    from reports.record import Record

LONGEST = 300  # characters of one cell


def markdown(comparison: Comparison, first: int = 10) -> str:
    """The whole text; of each kind the ``first`` changes."""
    blocks = [f"**{escaped(verdict(comparison)[0].capitalize())}.**"]
    blocks += [block for pair in comparison.pairs for block in _pair(pair, first)]
    if comparison.notes:
        blocks.append("\n".join(f"- {escaped(note)}" for note in comparison.notes))
    return "\n\n".join(blocks) + "\n"


def _pair(pair: Pair, first: int) -> Iterator[str]:
    yield f"## {escaped(pair.title)}"
    rows = [f"| {kind.heading} | {len(found)} |" for kind, found in pair.groups]
    rows += [f"| slower parts | {len(pair.slower)} |"] * bool(pair.slower)
    yield "\n".join(["| | tests |", "|---|---:|", *rows, f"| the same | {pair.unchanged} |"])
    facts = [f"before: {about(pair.before)}", f"after: {about(pair.after)}", *pair.notes]
    yield "\n".join(f"- {escaped(fact)}" for fact in facts)
    for kind, changes in pair.groups:
        yield f"### {kind.heading.capitalize()}: {len(changes)}"
        shown = changes[:first]
        yield "\n\n".join(map(_in_full, shown)) if kind in IN_FULL else _table(shown)
        if len(changes) > first:
            yield f"… and {len(changes) - first} more."
    if pair.slower:
        yield "### Slower\n\n" + "\n".join(f"- {escaped(slow(part))}" for part in pair.slower)


def _in_full(change: Change) -> str:
    record = change.record
    head = f"<strong>{record.level}</strong> {change.verdicts}: {html.escape(title(record))}"
    blocks = [f"<details><summary>{head}</summary>", *(_cited(record))]
    blocks.append(f"Test `{record.test}`")
    for name, text in (
        ("Edits", "\n".join(record.edits)),
        ("Expected", record.expected),
        ("Observed", record.observed),
    ):
        if text:
            blocks.append(f"{name}:\n\n{code(text)}")
    if reason := told(record):
        blocks.append(code(reason))
    if record.reproduction:
        blocks.append(f"See it:\n\n{code(reproduce(record))}")
    return "\n\n".join([*blocks, "</details>"])


def _cited(record: Record) -> Iterator[str]:
    for each in record.requirements:
        yield f"{each.level} `{each.id}`, [{escaped(each.place)}]({each.url}): {escaped(each.text)}"


def _table(changes: list[Change]) -> str:
    rows = [
        f"| {change.record.level} | {_what(change)} | {change.verdicts} | {_reasons(change)} |" for change in changes
    ]
    return "\n".join(["| level | test | verdict | reason |", "|---|---|---|---|", *rows])


def _what(change: Change) -> str:
    first = next(iter(change.record.requirements), None)
    link = f" ([{escaped(first.id)}]({first.url}))" if first else ""
    return escaped(title(change.record)) + link


def _reasons(change: Change) -> str:
    return escaped("; ".join(f"{name}: {text}" for name, text in why(change)))[:LONGEST]


def escaped(text: str) -> str:
    """A text on one line that Markdown takes literally, also in a table."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    for mark in "\\`*_|[]<>":
        line = line.replace(mark, f"\\{mark}")
    return line
