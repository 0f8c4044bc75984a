"""How fluent the grid's page stays: the time to show it, to filter it and to open a cell, in headless Chromium.

Times are taken inside the page, filtering with the layout that follows it::

    python benchmarks/grid.py --rows=3000 --runtimes=8
"""

from __future__ import annotations

import argparse
import random
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from reports.grid.model import build
from reports.grid.page import as_page
from reports.record import LEVELS, Record, Requirement, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = "/usr/bin/chromium"
DRIVER = "/usr/bin/chromedriver"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FILTERS = (
    "sailor-1:violated sailor-2:passed",
    "any:bad level:must",
    "is:different",
    "-sailor-1:passed",
    "id:requirement.12*",
    "harbour",
    "broke sentence",
    "",
)
VERDICTS = (Verdict.PASSED, Verdict.VIOLATED, Verdict.KNOWN, Verdict.UNSUPPORTED, Verdict.NOT_HERE, Verdict.CRASHED)
WEIGHTS = (80, 5, 5, 6, 3, 1)

#: Puts a text into the filter, waits for the layout, and returns the milliseconds that each took.
FILTER = """
const [text, done] = arguments;
const field = document.getElementById("filter");
performance.clearMeasures();
const start = performance.now();
field.value = text;
field.dispatchEvent(new Event("input"));
document.body.getBoundingClientRect();
const [{ duration }] = performance.getEntriesByName("filter");
done([duration, performance.now() - start, document.getElementById("status").textContent]);
"""
FILLED = """
const done = arguments[0];
const look = () => "filled" in document.documentElement.dataset ? done(performance.now()) : setTimeout(look, 5);
look();
"""
OPEN = """
const done = arguments[0];
const cell = document.querySelector("button.cell.violated");
const start = performance.now();
cell.click();
document.body.getBoundingClientRect();
done(performance.now() - start);
"""


def results(rows: int, runtimes: int) -> Iterator[Record]:
    """Records as a large suite would make them, the same each time."""
    chance = random.Random(5)  # noqa: S311  # nothing secret
    fleet = [Runtime(name=f"sailor-{number}", version=f"1.{number}.0") for number in range(1, runtimes + 1)]
    for number in range(rows):
        requirement = _requirement(number)
        for runtime in fleet:
            yield _record(number, requirement, runtime, chance.choices(VERDICTS, WEIGHTS)[0])


def _requirement(number: int) -> Requirement:
    section = number // 30
    return Requirement(
        id=f"requirement.{number}",
        level=LEVELS[number % 7 // 3],
        text=f"Sentence number {number} says what a runtime does when a config asks for it, in about so many words.",
        section=f"Section {section}",
        page=f"page-{section // 20}.md",
        url=f"https://example.test/page-{section // 20}.md#L{number}",
    )


def _record(number: int, requirement: Requirement, runtime: Runtime, verdict: Verdict) -> Record:
    record = {
        "test": f"harbour/test_{number // 30}.py::test_{number}",
        "runtime": runtime,
        "verdict": verdict,
        "level": requirement.level,
        "requirements": [requirement],
        "title": f"What sentence {number} says is seen in the container.",
        "edits": [f"put('process.env', ['NUMBER={number}'])"],
        "argv": [[f"/usr/bin/{runtime.name}", verb, f"c{number}"] for verb in ("create", "start", "delete")],
    }
    if verdict is not Verdict.PASSED:
        record |= {"reason": f"{runtime.name} broke sentence {number}", "log": "a line of a log\n" * 40}
    return Record(**record)  # type: ignore[arg-type]  # the values have the types of their fields


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """Debian's Chromium with a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(executable_path=DRIVER))
        try:
            yield driver
        finally:
            driver.quit()


def measure(driver: webdriver.Chrome, page: Path) -> dict[str, float]:
    """Milliseconds by what was done: until all rows are there, for each filter and with its layout, and to open."""
    driver.get(page.as_uri())
    times = {"all rows there": float(driver.execute_async_script(FILLED))}
    for text in FILTERS:
        alone, with_layout, _ = driver.execute_async_script(FILTER, text)
        times[f"filter {text!r}"] = alone
        times[f"filter {text!r} with layout"] = with_layout
    times["open a cell"] = float(driver.execute_async_script(OPEN))
    return times


def main() -> None:
    """Make a page, measure it, and print the times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--runtimes", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, chromium() as driver:
        page = Path(folder) / "grid.html"
        page.write_text(as_page(build(results(options.rows, options.runtimes))), encoding="utf-8")
        print(f"{options.rows} rows, {options.runtimes} runtimes, {page.stat().st_size / 1e6:.1f} MB")
        for what, milliseconds in measure(driver, page).items():
            print(f"{milliseconds:9.1f} ms  {what}")


if __name__ == "__main__":
    main()
