"""What was really tried: fields and values of config.json, and how often the runtime refused."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: How many different values of a field are told apart, and how long one may be in the page.
MOST = 200
LONGEST = 60


@dataclass
class Coverage:
    """Counts cases, refusals, and for each field the values that it had."""

    cases: int = 0
    refused: int = 0
    skipped: int = 0
    fields: dict[str, Counter[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Coverage:
        """What another process has told."""
        fields = {path: Counter(values) for path, values in told["fields"].items()}
        return cls(told["cases"], told["refused"], told["skipped"], fields)

    def count(self, config: Mapping[str, Any], base: Mapping[str, Any], *, refused: bool, skipped: bool) -> None:
        """Take one case in: what its config has that the base config has not."""
        self.cases += 1
        self.refused += refused
        self.skipped += skipped
        usual = dict(leaves(base))
        for path, value in leaves(config):
            if path not in usual or usual[path] != value:
                values = self.fields.setdefault(path, Counter())
                if value in values or len(values) < MOST:
                    values[value] += 1

    @property
    def values(self) -> int:
        """How many different values of fields were tried."""
        return sum(map(len, self.fields.values()))

    def add(self, other: Coverage) -> None:
        """Take in what another worker or phase has tried."""
        self.cases += other.cases
        self.refused += other.refused
        self.skipped += other.skipped
        for path, values in other.fields.items():
            self.fields.setdefault(path, Counter()).update(values)

    def page(self, title: str) -> str:
        """All of it as a page in Markdown."""
        share = 100 * self.refused / self.cases if self.cases else 0
        lines = [
            f"# Fuzzing of {title}",
            "",
            f"{self.cases} cases, {self.refused} of them refused ({share:.0f} in 100), {self.skipped} not tried.",
            f"{len(self.fields)} fields with {self.values} values:",
            "",
            "| field | times | values |",
            "|---|---|---|",
        ]
        for path in sorted(self.fields):
            values = self.fields[path]
            shown = ", ".join(f"`{value.replace('`', ' ').replace('|', ' ')}`" for value, _ in values.most_common(12))
            more = f" and {len(values) - 12} more" if len(values) > 12 else ""
            lines.append(f"| `{path}` | {values.total()} | {shown}{more} |")
        return "\n".join(lines) + "\n"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a document without the indices of lists, each with its value as JSON."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for item in value:
            yield from leaves(item, f"{path}[]")
    else:
        text = json.dumps(value)
        yield path, text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
