"""The configuration of Allure 3's command line, which takes environments, categories and history from there alone.

Each runtime is an environment, so that one report compares them. A report of two versions of one runtime has one
environment for each; see ``allure_report``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from reports.allure_folder import categories

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NAME = "allurerc.mjs"
LONGEST = 64  # characters of an environment's id and name, by Allure's own rule
TEXT = """\
// Written by Seatrial for Allure 3: allure generate --config FOLDER/{name} FOLDER
// `seatrial report FOLDER` does the same, and takes several folders.
const environments = {environments};

export default {{
  ...{settings},
  environments: Object.fromEntries(
    environments.map(({{ id, name, runtime, variables }}) => [
      id,
      {{
        name,
        variables,
        matcher: ({{ labels }}) => labels.some((label) => label.name === "runtime" && label.value === runtime),
      }},
    ]),
  ),
}};
"""
SETTINGS: dict[str, Any] = {
    "name": "Seatrial",
    "hideLabels": ["framework", "host", "language", "package", "thread"],
    "plugins": {"awesome": {"options": {"groupBy": ["epic", "feature", "story"]}}},
}


class Tried(NamedTuple):
    """A runtime as the labels of results name it."""

    runtime: str
    version: str


def runtimes_in(folder: Path) -> set[Tried]:
    """The runtimes of the results in a folder; a file that was cut off when a run was killed says nothing."""
    return {found for file in folder.glob("*-result.json") if (found := tried(file.read_bytes())) is not None}


def tried(content: bytes) -> Tried | None:
    """The runtime of one result; None for one of another kind of test."""
    try:
        labels = {label["name"]: label["value"] for label in json.loads(content).get("labels", ())}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return Tried(labels["runtime"], labels.get("version", "unknown")) if "runtime" in labels else None


def configuration(runtimes: Iterable[Tried], *, history: str = "", single_file: bool = False) -> str:
    """The text of ``allurerc.mjs``; ``history`` is the file to which each report adds a line, "" for none."""
    settings = SETTINGS | {"categories": categories()}
    if history:
        settings["historyPath"] = history
    if single_file:
        options = SETTINGS["plugins"]["awesome"]["options"] | {"singleFile": True}
        settings["plugins"] = {"awesome": {"options": options}}
    return TEXT.format(
        name=NAME,
        environments=json.dumps(list(environments(runtimes)), indent=2),
        settings=json.dumps(settings, indent=2).replace("\n", "\n  "),
    )


def environments(runtimes: Iterable[Tried]) -> Iterator[dict[str, Any]]:
    """An environment for each runtime, in the order of names; Allure allows few characters in ids, and no slashes."""
    versions: dict[str, set[str]] = {}
    for runtime, version in runtimes:
        versions.setdefault(runtime, set()).add(version)
    taken: set[str] = set()
    for runtime in sorted(versions):
        name = re.sub(r"[/\\\x00-\x1f\x7f-\x9f]+", " ", runtime)[-LONGEST:].strip() or "runtime"
        label = re.sub(r"[^A-Za-z0-9_-]+", "-", runtime)[-LONGEST + 3 :]
        while label in taken:
            label = f"{label[: LONGEST - 2]}-2"
        taken.add(label)
        yield {
            "id": label,
            "name": name,
            "runtime": runtime,
            "variables": {"version": ", ".join(sorted(versions[runtime]))},
        }
