"""The README describes what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.probe import report
from conformance.probe.report import Report, Verb

if TYPE_CHECKING:
    from tests.probe.conftest import Probe

README = (Path(report.__file__).parent / "README.md").read_text()


def line_of(verb: Verb) -> str:
    words, _, text = verb.help.partition(": ") if verb.arity else ("", "", verb.help)
    assert len(words.split()) == verb.arity
    return f"- `{' '.join([verb.name, *words.split()])}`: {text}"


def test_every_verb_has_its_line(probe: Probe) -> None:
    verbs = probe("verbs").action("verbs").verbs
    described = [line for line in README.splitlines() if line.startswith("- `") and "VERB" not in line]
    assert described == [line_of(verb) for verb in verbs] + described[len(verbs) :]


def test_every_field_of_the_report_is_named() -> None:
    rows = "".join(line.split("|")[1] for line in README.splitlines() if line.startswith("| `"))
    assert [field for field in Report.__struct_fields__ if f"`{field}`" not in rows] == []
