"""A comparison as one HTML page that needs nothing else: no script, no network, light and dark."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from reports.allure import title
from reports.compare.changes import Kind
from reports.compare.documents import seen
from reports.compare.text import about, slow, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.compare.changes import Change
    from reports.compare.comparison import Comparison, Pair

#: The kinds that are open when the page opens.
OPEN = frozenset({Kind.VIOLATED, Kind.FLAKY, Kind.UNSUPPORTED, Kind.BROKEN, Kind.FIXED})
STYLE = """
:root { color-scheme: light dark; --red: light-dark(#b3261e, #ff8a80); --green: light-dark(#1b6e2e, #7bd88f);
  --line: light-dark(#ddd, #444); }
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h2 { border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
.worse { color: var(--red); } .good { color: var(--green); }
details { border-left: 3px solid var(--line); margin: .4rem 0; padding-left: .8rem; }
summary { cursor: pointer; } .group > summary { font-size: 1.1rem; font-weight: 600; }
pre { overflow-x: auto; white-space: pre-wrap; font-size: .85rem; }
@media print { details::details-content { content-visibility: visible; } }
"""


def page(comparison: Comparison) -> str:
    """The whole page."""
    result = verdict(comparison)[0]
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(', '.join(pair.title for pair in comparison.pairs))}: {result}</title>",
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>Two runs compared</h1>",
        f'<p class="{"worse" if comparison.regressions else "good"}"><strong>{result.capitalize()}.</strong></p>',
        *(part for pair in comparison.pairs for part in _pair(pair)),
        *_listed(comparison.notes),
        "</body>\n</html>",
    ]
    return "\n".join(parts) + "\n"


def _pair(pair: Pair) -> Iterator[str]:
    yield f"<h2>{escape(pair.title)}</h2>\n<p>{escape(pair.counts)}</p>"
    yield from _listed([f"before: {about(pair.before)}", f"after: {about(pair.after)}", *pair.notes])
    for kind, changes in pair.groups:
        opened = " open" if kind in OPEN else ""
        yield f'<details class="group"{opened}><summary>{escape(kind.heading)}: {len(changes)}</summary>'
        yield from map(_change, changes)
        yield "</details>"
    if pair.slower:
        yield '<h3 class="worse">slower</h3>'
        yield from _listed([slow(part) for part in pair.slower])


def _change(change: Change) -> str:
    mark = "worse" if change.worse else "good" if change.kind in {Kind.FIXED, Kind.SUPPORTED} else "other"
    head = f"<strong>{change.record.level}</strong> {escape(change.verdicts)}: {escape(title(change.record))}"
    links = "".join(
        f'<p><a href="{escape(each.url)}">{escape(each.id)}</a>, {escape(each.place)}: {escape(each.text)}</p>'
        for each in change.record.requirements
    )
    body = f"{links}<pre>{escape(seen(change))}</pre>"
    return f'<details><summary class="{mark}">{head}</summary>{body}</details>'


def _listed(lines: list[str]) -> list[str]:
    return ["<ul>", *(f"<li>{escape(line)}</li>" for line in lines), "</ul>"] if lines else []
