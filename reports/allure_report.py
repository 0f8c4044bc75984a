"""From folders of Allure results to a report: ``seatrial report``, which needs Node and Allure 3.

The results are copied together first, so that folders stay as they are: history and environments are one file's matter,
and two versions of one runtime have to be told apart.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reports import allure_config
from reports.allure_config import Tried

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INSTALL = "install Node 20 or newer, then `npm install --global allure@3`"


class ReportError(Exception):
    """There can be no report; the message is one line that says what to do."""


class Report(NamedTuple):
    """A report that was made: its page, and how many results of which runtimes are in it."""

    page: Path
    results: int
    runtimes: list[str]
    unreadable: int


def find_allure() -> str:
    """The path of Allure 3's command. Raises ``ReportError``, which says what to install."""
    found = shutil.which("allure")
    if shutil.which("node") is None or found is None:
        missing = "Node" if shutil.which("node") is None else "Allure 3"
        raise ReportError(f"{missing} is not installed: {INSTALL}")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if not version.startswith("3."):
        raise ReportError(f"{found} is Allure {version.splitlines()[0] if version else '?'}, not 3: {INSTALL}")
    return found


def build(folders: Iterable[Path], output: Path, *, history: Path | None = None, single_file: bool = False) -> Report:
    """Make a report of all results. Raises ``ReportError`` when there are none, or when Allure can not be had."""
    allure = find_allure()
    folders = list(folders)
    for folder in folders:
        if not any(folder.glob("*-result.json")):
            raise ReportError(
                f"{folder}: there are no Allure results in it; pytest writes them with --alluredir={folder}"
            )
    with tempfile.TemporaryDirectory(prefix="seatrial-report-") as temporary:
        together = Path(temporary) / "allure-results"
        together.mkdir()
        unreadable = _together(folders, together)
        runtimes = allure_config.runtimes_in(together)
        past = "" if history is None else str(history.absolute())
        config = allure_config.configuration(runtimes, history=past, single_file=single_file)
        (together / allure_config.NAME).write_text(config, encoding="utf-8")
        _generate(allure, together, output)
        count = sum(1 for _ in together.glob("*-result.json"))
    return Report(output / "index.html", count, sorted({each.runtime for each in runtimes}), unreadable)


def _generate(allure: str, results: Path, output: Path) -> None:
    """Let Allure write the report in the place of an older one."""
    if output.exists():
        _remove(output)
    argv = [allure, "generate", "--config", str(results / allure_config.NAME), "--output", str(output.absolute())]
    done = subprocess.run([*argv, str(results)], cwd=results, capture_output=True, text=True, check=False)
    if done.returncode or not (output / "index.html").is_file():
        lines = (done.stderr.strip() or done.stdout.strip() or "it wrote nothing").splitlines()
        raise ReportError(f"allure generate failed with exit status {done.returncode}: {lines[-1]}")


def _remove(output: Path) -> None:
    """Remove an older report, and nothing else."""
    if not output.is_dir() or (any(output.iterdir()) and not (output / "index.html").is_file()):
        raise ReportError(f"-o {output}: there is something else than a report; give another folder")
    shutil.rmtree(output)


def _together(folders: list[Path], target: Path) -> int:
    """Copy all results into one folder; returns how many could not be read, for a run was killed as it wrote them."""
    files = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file()]
    results = {file: file.read_bytes() for file in files if file.name.endswith("-result.json")}
    kinds = {found for content in results.values() if (found := allure_config.tried(content)) is not None}
    unreadable = 0
    for file in files:
        if file.name.endswith((".properties", ".mjs")) or file.name == "categories.json":
            continue
        if file not in results:
            shutil.copyfile(file, target / file.name)
        elif (document := _document(results[file])) is not None:
            (target / file.name).write_text(json.dumps(_named(document, results[file], kinds)), encoding="utf-8")
        else:
            unreadable += 1
    lines = {line: None for folder in folders for line in _environment(folder)}
    (target / "environment.properties").write_text("".join(f"{line}\n" for line in sorted(lines)), encoding="ascii")
    return unreadable


def _environment(folder: Path) -> Iterator[str]:
    file = folder / "environment.properties"
    if file.is_file():
        yield from file.read_text(encoding="ascii").splitlines()


def _document(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _named(document: dict[str, Any], content: bytes, kinds: set[Tried]) -> dict[str, Any]:
    """A result whose runtime has its version in its name, where several versions of that name are in the report."""
    found = allure_config.tried(content)
    if found is None or sum(kind.runtime == found.runtime for kind in kinds) == 1:
        return document
    name = f"{found.runtime} {found.version}"
    for entry in (*document.get("labels", ()), *document.get("parameters", ())):
        if entry.get("name") == "runtime":
            entry["value"] = name
    return document
