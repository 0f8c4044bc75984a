"""What Allure is to show of a record: pure data, which the plugin gives to allure-pytest.

The tree of behaviours is that of the specification: epic, feature and story are specification, page and section of
the first requirement that a test names; more of them would show a test under sections that do not exist. All of its
requirements are links and tags.
"""

from __future__ import annotations

import json
import shlex
from difflib import unified_diff
from typing import TYPE_CHECKING, Any, NamedTuple

from reports.coverage import as_document
from reports.record import Level, Record, Requirement, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.coverage import Coverage

SEVERITIES: Mapping[Level, str] = {"MUST": "critical", "SHOULD": "normal", "MAY": "minor"}
STATUSES: Mapping[Verdict, str] = {
    Verdict.PASSED: "passed",
    Verdict.DIFFERS: "passed",
    Verdict.VIOLATED: "failed",
    Verdict.CRASHED: "failed",
    Verdict.HUNG: "failed",
    Verdict.LEAKED: "failed",
    Verdict.BROKEN: "broken",
    Verdict.KNOWN: "skipped",
    Verdict.UNSUPPORTED: "skipped",
    Verdict.NOT_HERE: "skipped",
}
GONE = "no longer known"  # how the message of a known violation begins that is not there any more
FLAKY = "comes and goes"  # the one of a listed race
INHERITED = "in the baseline too"  # and the one of a violation that the baseline has too
INTERRUPTED = "interrupted before it was judged"  # all of the message of such a test
LONGEST_TEXT = 64 * 1024  # characters of one attachment


class Link(NamedTuple):
    """An address; ``kind`` is ``link`` for the specification, ``issue`` for a report of the bug."""

    kind: str
    url: str
    name: str


class Attachment(NamedTuple):
    """A text to keep with a result; ``kind`` is its media type, ``extension`` the ending of its file."""

    name: str
    text: str
    kind: str
    extension: str


def status(record: Record, outcome: str) -> str:
    """Allure's status. ``outcome`` is pytest's, which has the last word on what fails the run.

    So a violated SHOULD that only warns is not red, and a known violation that is gone is.
    """
    found = STATUSES[record.verdict]
    if outcome == "failed":
        return found if found in {"failed", "broken"} else "failed"
    return "skipped" if found in {"failed", "broken"} else found


def message(record: Record) -> str:
    """The verdict and its reason; "" for a plain pass. Categories go by how it begins."""
    if record.is_gone:
        return f"{GONE}: {record.reason}"
    if record.verdict is Verdict.PASSED:
        return record.reason
    if record.comes_and_goes:
        return f"{FLAKY}: {record.verdict.words}: {known(record)}"
    if record.is_inherited:
        return f"{INHERITED}: {record.verdict.words}: {record.finding}"
    level = f" {record.level}" if record.verdict is Verdict.VIOLATED else ""
    return f"{record.verdict.words}{level}: {known(record)}"


def known(record: Record) -> str:
    """What was found, after the reason for which it is known."""
    why = record.expectation.reason if record.expectation is not None else ""
    return f"{why} ({record.finding})" if why and record.finding else why or record.finding


def title(record: Record) -> str:
    """The sentence of the test, with what tells it from others of its function."""
    name = record.test.rpartition("::")[2].partition("[")[0]
    sentence = " ".join(record.title.split()).removesuffix(".") or name
    return f"{sentence} [{record.parameters}]" if record.parameters else sentence


def labels(record: Record) -> list[tuple[str, str]]:
    """Names and values: the place in the specification, severity, runtime, verdict, level and tags."""
    return [
        *_behaviour(record),
        ("severity", SEVERITIES[record.level]),
        ("runtime", record.runtime.name),
        ("version", version(record.runtime)),
        ("verdict", record.verdict.value),
        ("level", record.level),
        *(("tag", requirement.id) for requirement in record.requirements),
        *(("tag", need) for need in record.needs),
    ]


def version(runtime: Runtime) -> str:
    """The version of a runtime, and of its package where there is one."""
    package = runtime.package_version and f"(package {runtime.package_version})"
    return " ".join(filter(None, [runtime.version, package])) or "unknown"


def _behaviour(record: Record) -> Iterator[tuple[str, str]]:
    for requirement in record.requirements[:1]:
        yield ("epic", requirement.specification)
        yield ("feature", requirement.page)
        yield ("story", requirement.section)


def links(record: Record) -> list[Link]:
    """One link to each requirement, and one to the report of a known bug."""
    found = [Link("link", judged.url, f"{judged.id}: {judged.place}") for judged in record.requirements]
    if record.expectation is not None and record.expectation.link:
        found.append(Link("issue", record.expectation.link, record.expectation.reason))
    return found


def description(record: Record) -> str:
    """In Markdown: the requirements, and for what did not pass what was expected and how to see it."""
    paragraphs = [_cited(requirement) for requirement in record.requirements]
    if record.edits:
        paragraphs.append("The base config with these edits:\n\n" + code("\n".join(record.edits)))
    if record.expected:
        paragraphs.append("Expected:\n\n" + code(record.expected))
    if record.observed:
        paragraphs.append("Observed:\n\n" + code(record.observed))
    if record.reproduction:
        paragraphs.append("To see it:\n\n" + code(reproduce(record)))
    return "\n\n".join(paragraphs)


def _cited(requirement: Requirement) -> str:
    place = f"[{requirement.place}]({requirement.url})"
    return f"**{requirement.level}** `{requirement.id}`, {place}: {requirement.text}"


def code(text: str) -> str:
    """A text as a block of code in Markdown."""
    fence = "~~~~" if "```" in text else "```"
    return f"{fence}\n{text}\n{fence}"


def reproduce(record: Record) -> str:
    """The command that shows the violation without the suite."""
    return shlex.join(["sh", record.reproduction])


def attachments(record: Record, base: Mapping[str, Any] | None = None) -> list[Attachment]:
    """The evidence, each thing once; ``base`` is the config that the edits were applied to.

    What passed needs none, but that of a test of many cases is worth a look: what it has tried.
    """
    found = [_tried(record.coverage, record)] if record.coverage is not None else []
    if record.verdict is Verdict.PASSED:
        return found
    if record.config is not None:
        found.append(_json("config.json", record.config))
        if base is not None:
            found.append(Attachment("config.json against the base", difference(base, record.config), *TEXT))
    if record.argv:
        found.append(Attachment("commands", "\n".join(map(shlex.join, record.argv)), *TEXT))
    if record.probe is not None:
        found.append(_json("probe report", record.probe))
    if record.log:
        found.append(Attachment("log", shortened(record.log), *TEXT))
    return found


TEXT = ("text/plain", "txt")


def _tried(coverage: Coverage, record: Record) -> Attachment:
    page = as_document(coverage, f"What was tried on {record.runtime.name}: {title(record)}")
    return Attachment("what was tried", page, "text/html", "html")


def _json(name: str, document: Mapping[str, Any]) -> Attachment:
    return Attachment(name, json.dumps(document, indent=2), "application/json", "json")


def difference(base: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """What edits made of the base config, as a unified diff of both with sorted keys."""
    before, after = (json.dumps(document, indent=2, sort_keys=True).splitlines() for document in (base, config))
    return "\n".join(unified_diff(before, after, "base", "config.json", lineterm=""))


def shortened(text: str, longest: int = LONGEST_TEXT) -> str:
    """Head and tail of a text that is too long to keep, with a line between that says so."""
    left_out = len(text) - longest
    if left_out <= 0:
        return text
    half = longest // 2
    return f"{text[:half]}\n[… {left_out} characters left out …]\n{text[-half:]}"
