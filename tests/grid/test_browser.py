"""The page in a real browser: it opens from a file, filters, opens evidence, and its links bring all of that back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports.grid.model import SIGNS, build
from reports.grid.page import as_page
from reports.jsonl import read
from reports.record import Record, Requirement, Runtime, Verdict, from_builtins, to_builtins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

ENTER, ESCAPE, RIGHT, DOWN, END, TAB = "\ue007", "\ue00c", "\ue014", "\ue015", "\ue010", "\ue004"
SHOWN = """
const rows = [...document.querySelectorAll("tr[data-row]")].filter((row) => row.checkVisibility());
return rows.map((row) => row.querySelector(".id").firstChild.data);
"""
CELL = """
const [id, column] = arguments;
const rows = [...document.querySelectorAll("tr[data-row]")];
return rows.find((row) => row.querySelector(".id").firstChild.data === id).cells[column].firstElementChild;
"""
FOCUS = """
const cell = document.activeElement.closest("td");
return `${cell.closest("tr").querySelector(".id").firstChild.data} ${cell.cellIndex}`;
"""
CUT_OFF = """
const looked = [...document.querySelectorAll("button.cell, #panel *")];
const cut = (element) => element.scrollWidth > element.clientWidth + 1;
const meant = (element) => getComputedStyle(element).display === "inline" || element.matches(".hidden, .name");
return looked.filter((element) => cut(element) && !meant(element)).map((element) => element.outerHTML);
"""


class Page:
    """The page as a reader handles it."""

    def __init__(self, driver: Any, file: Path) -> None:
        self.driver, self.file = driver, file

    def open(self, hash: str = "") -> None:  # that is its name
        self.driver.get("about:blank")
        self.driver.get(self.file.as_uri() + hash)
        self.until("return 'filled' in document.documentElement.dataset")

    def until(self, fact: str) -> None:
        from selenium.webdriver.support.wait import WebDriverWait  # noqa: PLC0415  # it may be missing

        WebDriverWait(self.driver, 20, 0.02).until(lambda driver: driver.execute_script(fact))

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def press(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains  # noqa: PLC0415  # as above

        ActionChains(self.driver).send_keys(*keys).perform()

    def filter(self, text: str) -> list[str]:
        """Type into the filter; returns the requirements that are left."""
        field = self.find("#filter")
        field.clear()
        field.send_keys(text)
        return self.shown()

    def shown(self) -> list[str]:
        shown: list[str] = self.run(SHOWN)
        return shown

    def cell(self, requirement: str, column: int) -> Any:
        return self.run(CELL, requirement, column)

    def panel(self) -> str:
        text: str = self.find("#panel").text
        return text


@pytest.fixture
def show(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a page with records in the browser; in the end its console must be empty."""

    def show(records: list[Record], *notes: str) -> Page:
        file = tmp_path / "grid #1.html"
        kept = [from_builtins(to_builtins(record)) for record in records]  # as a file of results does
        file.write_text(as_page(build(kept), notes), encoding="utf-8")
        page = Page(chromium, file)
        page.open()
        return page

    chromium.get_log("browser")
    yield show
    assert chromium.get_log("browser") == []


@pytest.fixture
def page(show: Callable[..., Page], fleet: list[Record]) -> Page:
    return show(fleet)


def test_rows_columns_and_totals_are_there(page: Page) -> None:
    assert page.find("#subtitle").text == "OCI runtime-spec 1.3.0 · 7 requirements · 7 tests · 2 runtimes"
    assert page.shown() == [
        "hooks.order",
        "devices.allowed",
        "state.status",
        "kill.signal",
        "kill.stopped",
        "fuzz/test_any.py::test_crash",
        "fuzz/test_any.py::test_hang",
    ]
    assert page.cell("kill.signal", 1).text.split() == ["harbour", "1.4.2:", "✗", "violated", "MUST", "1/2"]
    assert page.cell("state.status", 2).text.split() == ["lagoon", "0.9:", "?", "not", "here", "MUST"]
    totals = page.find("#totals tbody tr").text.split()
    assert totals[:2] == ["harbour", "1.4.2"]
    assert "16" in totals
    assert totals[-10:] == ["1", "2", "1", "1", "1", "0", "1", "0", "0", "0"]
    assert page.run("return document.querySelectorAll('.section svg.picture').length") == 10


def test_no_verdict_is_told_by_colour_alone(page: Page) -> None:
    cells = page.run("return [...document.querySelectorAll('.cell')].map((cell) => [cell.className, cell.textContent])")
    assert len(cells) == 12
    for look, text in cells:
        verdict = Verdict(look.split()[1])
        assert f"{SIGNS[verdict]}{verdict.words}" in text


#: Texts and what they leave; None for those that are told to be wrong.
FILTERS: list[tuple[str, list[str] | None]] = [
    ("harbour:violated", ["kill.signal", "kill.stopped"]),
    ("harbour:viol lagoon:known id:signal", ["kill.signal"]),
    ("lagoon-0.9:passed", None),  # no such name, but it looks like a verdict of it
    ("harb:differs", ["devices.allowed"]),
    ("harbour:differs,leaked", ["hooks.order", "devices.allowed"]),
    ("lagoon:not-here", ["state.status"]),
    ("lagoon:untried -id:fuzz*", ["devices.allowed"]),
    ("any:bad -harbour:violated level:must", ["fuzz/test_any.py::test_crash", "fuzz/test_any.py::test_hang"]),
    ("all:passed", []),
    ("level:should,may", ["hooks.order", "devices.allowed"]),
    ("is:different", ["hooks.order", "kill.signal", "kill.stopped"]),
    ('section:"posix-platform hooks"', ["hooks.order"]),
    ("page:config*", ["hooks.order", "devices.allowed"]),
    ("test:test_hooks", ["hooks.order"]),
    ("SIGSEGV", ["fuzz/test_any.py::test_crash"]),
    ('"asks for" hooks', ["hooks.order"]),
    ("test_any.py::test_hang", ["fuzz/test_any.py::test_hang"]),
    ("harbour: -", ["hooks.order", "devices.allowed"]),
    ("harbour:sunk", None),
    ("level:high", None),
    ("constructor:passed", None),
    ("(*[", []),
]


def test_the_filter(page: Page) -> None:
    for text, left in FILTERS:
        assert page.filter(text) == (left or []), text
        status = page.find("#status")
        assert ("problem" in status.get_attribute("class")) == (left is None), text
        assert status.text.startswith(f"{len(left or [])} of 7 requirements"), text


def test_buttons_write_into_the_filter(page: Page) -> None:
    page.filter("hooks")
    page.find("button[value=should]").click()
    page.find("button[value=may]").click()
    page.find("#different").click()
    assert page.find("#filter").get_property("value") == "hooks level:should,may is:different"
    assert page.shown() == ["hooks.order"]
    assert page.find("button[value=may]").get_attribute("aria-pressed") == "true"
    page.find("#different").click()
    page.find("button[value=may]").click()
    page.find("button[value=should]").click()
    assert page.find("#filter").get_property("value") == "hooks"


def test_a_number_of_the_totals_shows_its_rows(page: Page) -> None:
    page.find("#totals a.violated").click()
    page.until("return document.getElementById('filter').value !== ''")
    assert page.shown() == ["kill.signal", "kill.stopped"]
    page.driver.back()
    page.until("return document.getElementById('filter').value === ''")
    assert len(page.shown()) == 7


def test_a_click_opens_the_evidence(page: Page) -> None:
    page.cell("kill.stopped", 1).click()
    text = page.panel()
    for evidence in (
        "✗violated harbour 1.4.2",
        "MUST What kill.stopped asks for is done.",
        "runtime.md, Kill",
        "oci/test_kill.py::test_kill",
        "the operation was accepted; it must be an error",
        "a refusal\nthat a person can read",
        "exit status 0",
        "rlimit('NOFILE', soft=300, hard=400)",
        '+{"annotations": {}}',
        "sh 'findings/harbour/test_kill it/run.sh'",
        "harbour kill c1 'a b'",
        'no such <container> & co"',
    ):
        assert evidence in text
    assert page.find("#panel .place a").get_attribute("href") == "https://example.test/runtime.md?plain=1#L135"
    page.find("#panel .whole summary").click()
    assert "18446744073709551615" in page.find("#panel .whole").text
    page.find("#panel .others button:last-child").click()
    assert "Known\nlate https://example.test/7" in page.panel()


def test_keys_reach_and_open_every_cell(page: Page) -> None:
    page.press("/")
    assert page.run("return document.activeElement.id") == "filter"
    page.run("document.querySelector('.fold').focus()")
    page.press(TAB)
    assert page.run(FOCUS) == "hooks.order 1"
    page.press(RIGHT, DOWN)
    assert page.run(FOCUS) == "devices.allowed 2"
    page.press(DOWN, DOWN, END, ENTER)
    assert "~known lagoon 0.9" in page.panel()
    assert page.run("return document.activeElement.id") == "panel-heading"
    page.press(ESCAPE)
    assert page.run(FOCUS) == "kill.signal 2"
    assert not page.find("#panel").is_displayed()


def test_steps_follow_the_rows_that_are_shown(page: Page) -> None:
    page.filter("harbour:violated,leaked")
    page.cell("hooks.order", 1).click()
    page.find("[aria-label='next requirement']").click()
    assert "What kill.signal asks for is done." in page.panel()
    page.find("[aria-label='next requirement']").click()
    assert page.find("[aria-label='next requirement']").get_property("disabled")
    assert "What kill.stopped asks for is done." in page.panel()


def test_a_link_brings_back_filter_sections_and_cell(page: Page) -> None:
    page.filter("harbour:violated id:signal")
    page.cell("kill.signal", 2).click()
    address = "#q=harbour:violated+id:signal&open=kill.signal/lagoon"
    page.until(f"return location.hash === '{address}'")
    page.open(address)
    assert page.shown() == ["kill.signal"]
    assert "~known lagoon 0.9" in page.panel()
    page.open("#view=sections&q=any:bad")
    assert page.shown() == []
    assert page.find("#overview").get_attribute("aria-pressed") == "true"
    page.find(".section:not([hidden]) .fold").click()
    assert page.shown() == ["hooks.order"]


def test_back_closes_the_evidence(page: Page) -> None:
    page.cell("kill.signal", 2).click()
    page.driver.back()
    page.until("return document.getElementById('panel').hidden")
    page.driver.forward()
    page.until("return !document.getElementById('panel').hidden")


@pytest.mark.parametrize(
    "address", ["#open=gone/lagoon", "#open=devices.allowed/lagoon", "#open=%E0%A4%A", "#q=%&&=", "#x"]
)
def test_a_link_that_no_longer_fits_still_shows_the_page(page: Page, address: str) -> None:
    page.open(address)
    assert not page.find("#panel").is_displayed()
    told = page.find("#said").get_property("textContent")
    assert ("not in this grid" in told) == ("/" in address)


def test_copy_link_copies_the_address(page: Page) -> None:
    page.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    page.filter("is:different")
    page.find("#link").click()
    page.until("return document.getElementById('said').textContent === 'Copied'")
    copied = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == page.file.as_uri() + "#q=is:different"


def test_what_runtimes_print_is_shown_as_text(show: Callable[..., Page], make: Callable[..., Record]) -> None:
    nasty = "</script><img src=x onerror=document.title='harm'>\x00\x1b[2J\udcff\u2028&lt; {0}"
    evil = Requirement(id=nasty, level="MUST", text=nasty, section=nasty, page=nasty, url="javascript:alert(1)")
    texts = dict.fromkeys(("reason", "expected", "observed", "log", "title"), nasty)
    runtime = Runtime(name=nasty, version="1")
    page = show([make(verdict=Verdict.VIOLATED, runtime=runtime, requirements=[evil], edits=[nasty], **texts)], nasty)
    page.find("button.cell").click()
    assert page.run("return document.querySelectorAll('img, a[href^=javascript]').length") == 0
    assert page.run(
        "return [...document.querySelectorAll('#panel pre')].every(e => e.textContent.includes(arguments[0]))",
        nasty[:50],
    )
    assert page.driver.title.startswith("Conformance of ")
    page.open(page.run("return location.hash"))
    assert page.find("#panel").is_displayed()


def test_notes_stand_at_the_top(show: Callable[..., Page], fleet: list[Record]) -> None:
    assert show(fleet, "r.jsonl: left out 2 records").find("#notes").text == "r.jsonl: left out 2 records"


@pytest.mark.parametrize("width", [400, 900, 1600])
def test_nothing_is_cut_off_at_any_width(page: Page, width: int) -> None:
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        page.open("#open=kill.signal/harbour")
        assert page.run("return document.documentElement.scrollWidth") <= width
        assert page.run(CUT_OFF) == []
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")
def test_a_real_run_of_the_runtimes_that_are_here(
    show: Callable[..., Page], run_pytest: Callable[..., Any], tmp_path: Path
) -> None:
    here = [name for name in ("runc", "crun", "runsc") if shutil.which(name)]
    results = tmp_path / "results.jsonl"
    tried = [f"--runtime={name}" for name in ("reference", *here)]
    run_pytest("conformance/oci/config/test_annotations.py", "-k", "without_a_key", *tried, f"--results={results}")
    page = show(read(results).records)
    names = page.run("return [...document.querySelectorAll('#totals tbody th b')].map((name) => name.textContent)")
    assert names == sorted(["reference", *here])
    assert "annotations.keys.empty" in page.filter("reference:passed")
    page.cell("annotations.keys.empty", names.index("reference") + 1).click()
    assert "The key of an annotation must not be empty" in page.panel()
    for name in here:
        place = names.index(name) + 1
        page.find(f"#panel .others button:nth-child({place})").click()
        assert "annotation('', 'two')" in page.panel()
        if "known" in page.cell("annotations.keys.empty", place).text:
            assert f"{tmp_path}/findings/{name}/" in page.panel()


def test_a_large_grid_stays_fluent(chromium: Any, benchmark: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "large.html"
    file.write_text(as_page(build(benchmark.results(3000, 8))), encoding="utf-8")
    times = benchmark.measure(chromium, file)
    print(*(f"{milliseconds:8.1f} ms  {what}" for what, milliseconds in times.items()), sep="\n")
    assert times.pop("all rows there") < 20_000
    assert max(times.values()) < 2_000, times
    assert chromium.get_log("browser") == []
