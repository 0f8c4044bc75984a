"""What a test of many cases has tried of config.json: its fields, their values, and how often the runtime refused."""

from __future__ import annotations

import html
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: How many values of a field are kept in a record, and how many of them a page shows.
KEPT = 24
SHOWN = 12
#: The section of fields that stand at the top of the document, or of ``linux``.
TOP = "config.json"
HEADINGS = ("field", "cases", "refused", "values", "the most frequent of them")

STYLE = """\
.coverage { font: 14px/1.45 system-ui, sans-serif; }
.coverage table { border-collapse: collapse; }
.coverage th, .coverage td { padding: 0.2rem 0.6rem; text-align: start; vertical-align: top; }
.coverage td:nth-child(n + 2):nth-child(-n + 4) { text-align: end; }
.coverage tbody tr { border-top: 1px solid #8884; }
.coverage td:last-child { overflow-wrap: anywhere; }
"""


class Field(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One field: the cases that had it, those of them that were refused, and its values as JSON with how often.

    ``further`` is the number of values that are not among ``values``.
    """

    cases: int = 0
    refused: int = 0
    values: dict[str, int] = {}
    further: int = 0

    @property
    def distinct(self) -> int:
        """How many different values it had."""
        return len(self.values) + self.further

    def add(self, other: Field) -> None:
        """Take in what another test has tried of the same field."""
        self.cases += other.cases
        self.refused += other.refused
        self.values = dict(Counter(self.values) + Counter(other.values))
        self.further = max(self.further, other.further)

    def shortened(self) -> Field:
        """The same with its most frequent values."""
        values = dict(Counter(self.values).most_common(KEPT))
        further = self.further + len(self.values) - len(values)
        return Field(cases=self.cases, refused=self.refused, values=values, further=further)


class Section(NamedTuple):
    """A section of config.json: its fields that were tried, by their paths, and those that never were."""

    name: str
    fields: dict[str, Field]
    never: list[str]


class Coverage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """All of it: cases, and the fields by paths such as ``mounts[].options[]``; ``known`` are those that there are."""

    cases: int = 0
    refused: int = 0
    skipped: int = 0
    fields: dict[str, Field] = {}
    known: list[str] = []

    @property
    def values(self) -> int:
        """How many different values of fields were tried."""
        return sum(field.distinct for field in self.fields.values())

    @property
    def never(self) -> list[str]:
        """The fields that no case had."""
        tried = tuple(self.fields)
        return [path for path in self.known if not any(_is_at(path, field) for field in tried)]

    def add(self, other: Coverage) -> None:
        """Take in what another test has tried."""
        self.cases += other.cases
        self.refused += other.refused
        self.skipped += other.skipped
        self.known = sorted({*self.known, *other.known})
        for path, field in other.fields.items():
            self.fields.setdefault(path, Field()).add(field)

    def shortened(self) -> Coverage:
        """The same with the most frequent values of each field, for a record."""
        fields = {path: field.shortened() for path, field in self.fields.items()}
        return msgspec.structs.replace(self, fields=fields)

    def sections(self) -> list[Section]:
        """The fields by the section of config.json that they are in, in the order of their names."""
        never = self.never
        names = sorted({_section(path) for path in (*self.fields, *never)}, key=lambda name: (name != TOP, name))
        return [
            Section(
                name,
                {path: self.fields[path] for path in sorted(self.fields) if _section(path) == name},
                [path for path in never if _section(path) == name],
            )
            for name in names
        ]

    def summary(self) -> str:
        """One sentence."""
        return (
            f"{self.cases} cases, of which {self.refused} ({_share(self.refused, self.cases)}) were refused and "
            f"{self.skipped} not tried; {len(self.fields)} fields with {self.values} values; "
            f"{len(self.never)} fields were never tried."
        )


def together(coverages: Iterable[Coverage]) -> Coverage:
    """What several tests have tried."""
    total = Coverage()
    for each in coverages:
        total.add(each)
    return total


def _is_at(path: str, field: str) -> bool:
    """Whether a field is the one at a path, or is in it."""
    return field == path or field.startswith((f"{path}.", f"{path}["))


def _section(path: str) -> str:
    """The first word of a path, for ``linux`` the first two, unless nothing comes after them."""
    first, _, rest = path.partition(".")
    name = first.removesuffix("[]")
    if name == "linux" and rest:
        second = rest.partition(".")[0]
        return f"linux.{second.removesuffix('[]')}" if "." in rest or "[]" in rest else "linux"
    return name if rest or "[]" in first else TOP


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _cells(path: str, field: Field, code: Callable[[str], str]) -> list[str]:
    """What stands in one row of a table."""
    shown = [code(value) for value, _ in Counter(field.values).most_common(SHOWN)]
    more = field.distinct - len(shown)
    listed = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    share = f"{field.refused} ({_share(field.refused, field.cases)})" if field.refused else "0"
    return [code(path), str(field.cases), share, str(field.distinct), listed]


def as_markdown(coverage: Coverage, title: str) -> str:
    """All of it as a page in Markdown, a table for each section."""
    lines = [f"# Fuzzing of {title}", "", coverage.summary(), ""]
    for section in coverage.sections():
        lines += [f"## {section.name}", ""]
        if section.fields:
            lines += [f"| {' | '.join(HEADINGS)} |", "|---|--:|--:|--:|---|"]
            rows = [_cells(path, field, _as_code) for path, field in section.fields.items()]
            lines += [*(f"| {' | '.join(row)} |" for row in rows), ""]
        if section.never:
            lines += [f"Never tried: {', '.join(map(_as_code, section.never))}", ""]
    return "\n".join(lines)


def _as_code(text: str) -> str:
    return f"`{text.replace('`', ' ').replace('|', ' ')}`"


def as_html(coverage: Coverage) -> str:
    """All of it for a page in HTML, a table for each section."""
    parts = [f"<p>{html.escape(coverage.summary())}</p>"]
    for section in coverage.sections():
        count = f"{len(section.fields)} tried, {len(section.never)} never"
        parts.append(f"<details><summary><b>{html.escape(section.name)}</b> <small>{count}</small></summary>")
        if section.fields:
            head = "".join(f'<th scope="col">{heading}</th>' for heading in HEADINGS)
            rows = (_cells(path, field, _in_code) for path, field in section.fields.items())
            body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        if section.never:
            parts.append(f"<p>Never tried: {', '.join(map(_in_code, section.never))}</p>")
        parts.append("</details>")
    return "\n".join(parts)


def _in_code(text: str) -> str:
    return f"<code>{html.escape(text)}</code>"


def as_document(coverage: Coverage, title: str) -> str:
    """The same as a page of its own, its sections open."""
    body = as_html(coverage).replace("<details>", "<details open>")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<style>{STYLE}</style></head>\n<body class="coverage"><h1>{html.escape(title)}</h1>\n{body}\n</body></html>\n'
    )
