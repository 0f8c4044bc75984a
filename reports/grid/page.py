"""The page: the grid as compact JSON, one style sheet and one script, in a single file that loads nothing.

The script reads two blocks of data. ``grid`` is all that rows, filters and scores need; ``evidence`` is what a cell
opens, which is not even parsed before that. Both hold what runtimes printed, so nothing in them may end the block.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from reports.grid.data import compact
from reports.grid.tried import LINK, as_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.grid.model import Grid

#: In the order in which they need one another.
SCRIPTS = ("model.js", "filter.js", "evidence.js", "moving.js", "grid.js")

PLACE_OF_LINK = "<!-- what was tried -->"
TEMPLATE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
{body}
{tried}
<script type="application/json" id="grid">{grid}</script>
<script type="application/json" id="evidence">{evidence}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def as_page(grid: Grid, notes: Sequence[str] = ()) -> str:
    """The whole file. ``notes`` are what its reader has to know about the results, such as lines left out."""
    style, script = _asset("grid.css"), "\n".join(map(_asset, SCRIPTS))
    data, evidence = compact(grid, notes)
    tried = as_section(grid)
    return TEMPLATE.format(
        policy=html.escape(_policy(style, script)),
        title=html.escape(_title(grid)),
        style=style,
        body=_asset("grid.html").replace(PLACE_OF_LINK, LINK if tried else ""),
        tried=tried,
        grid=_block(data),
        evidence=_block(evidence),
        script=script,
    )


def _asset(name: str) -> str:
    return files("reports.grid").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """What the browser is to allow: our own style and script and nothing else, whatever a runtime has printed."""
    return f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _title(grid: Grid) -> str:
    return f"Conformance of {', '.join(column.heading for column in grid.columns)}"


def _block(data: Any) -> str:
    """JSON that no HTML parser can take for the end of its element."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
