"""The grid as files: goldens, what runtimes print kept from doing harm, and the command."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports.coverage import Coverage, Field
from reports.grid.data import compact
from reports.grid.markdown import as_markdown
from reports.grid.model import build
from reports.grid.page import as_page
from reports.grid.plain import as_json
from reports.jsonl import encode
from reports.record import Record, Requirement, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
NASTY = "</script><!--<script>alert(1)\x00\x1b\u2028\udcff&amp; |`@crew`| [x](javascript:alert(1)) \\ "


@pytest.mark.parametrize(("name", "write"), [("grid.md", as_markdown), ("grid.json", as_json)])
def test_what_is_written_looks_as_it_should(fleet: list[Record], name: str, write: Callable[..., str]) -> None:
    assert write(build(fleet), ["results.jsonl: left out 1 record"]) == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("write", [as_markdown, as_json, as_page])
def test_the_order_of_records_changes_no_byte(fleet: list[Record], write: Callable[..., str]) -> None:
    assert write(build(reversed(fleet))) == write(build(fleet))


def nasty(make: Callable[..., Record]) -> Record:
    evil = Requirement(id=NASTY, level="MUST", text=NASTY, section=NASTY, page=NASTY, url="javascript:alert(1)")
    texts = dict.fromkeys(("reason", "expected", "observed", "log", "difference", "title"), NASTY)
    runtime = Runtime(name=f"</title>{NASTY}", version=NASTY)
    return make(verdict=Verdict.VIOLATED, runtime=runtime, requirements=[evil], edits=[NASTY], argv=[[NASTY]], **texts)


def blocks(page: str) -> list[Any]:
    return [json.loads(text) for text in re.findall(r'<script type="application/json" id="\w+">(.*?)</script>', page)]


def test_nothing_that_is_printed_ends_a_block_of_the_page(make: Callable[..., Record]) -> None:
    page = as_page(build([nasty(make)]))
    assert len(re.findall(r"<script\b", page)) == len(re.findall(r"</script\b", page)) == 3
    grid, evidence = blocks(page)
    assert grid["pages"][0]["sections"][0]["rows"][0][3] == NASTY
    assert evidence[0]["log"] == NASTY
    assert page.index("</title>") == page.rindex("</title>")


def test_the_page_loads_nothing_and_allows_its_own_script_only(fleet: list[Record]) -> None:
    page = as_page(build(fleet))
    head = page[: page.index('<script type="application/json"')]
    assert re.findall(r"(?:src|href|url|@import)\s*[=(]\s*[\"']?(?!#|data:)\w+", head) == []
    policy = html.unescape(re.findall(r'Policy" content="([^"]*)"', page)[0])
    for element in ("style", r'script type="module"'):
        text = re.findall(rf"<{element}>(.*?)</{element.split()[0]}>", page, re.DOTALL)[0]
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert policy.startswith("default-src 'none'; ")


def test_shared_evidence_stands_once(make: Callable[..., Record]) -> None:
    records = [make(test=f"t::{number}", verdict=Verdict.NOT_HERE, reason="no swap") for number in range(9)]
    data, evidence = compact(build(records))
    assert evidence == [{"reason": "no swap"}]
    assert len(data["records"]) == 9


def test_a_cell_of_markdown_stays_one_cell(make: Callable[..., Record]) -> None:
    table = as_markdown(build([nasty(make)])).split("## Violations: 1\n\n")[1].splitlines()
    head, rule, row = (re.findall(r"(?<!\\)\|", line) for line in table[:3])
    assert len(head) == len(rule) == len(row) == 4
    text = re.sub(r"`[^`]*`", "", table[2], count=1)  # what is code is only shown
    assert "](javascript" not in text.replace("\\]", "")
    assert "<script" not in text.replace("\\<", "")
    assert "@crew" not in text


def test_markdown_fits_into_a_comment(make: Callable[..., Record]) -> None:
    def judging(number: int) -> dict[str, Any]:
        asked = Requirement(
            id=f"a.{number}",
            level="MUST",
            text="word " * 20,
            section="S",
            page="p.md",
            url=f"https://example.test#{number}",
        )
        return {"test": f"t::{number}", "requirements": [asked]}

    fleet = [Runtime(name=f"sailor-{number}") for number in range(8)]
    records = [make(runtime=runtime, **judging(number)) for number in range(1500) for runtime in fleet]
    records += [make(runtime=fleet[0], verdict=Verdict.HUNG, **judging(number)) for number in range(0, 1500, 2)]
    records += [make(runtime=fleet[0], verdict=Verdict.KNOWN, **judging(number)) for number in range(1, 1500, 2)]
    text = as_markdown(build(records))
    assert len(text) < 65_536
    assert "## Violations: 750" in text
    assert re.search(r"\n… and \d+ more\.\n", text)


@pytest.fixture
def results(tmp_path: Path, fleet: list[Record]) -> Path:
    file = tmp_path / "results.jsonl"
    file.write_bytes(b"".join(map(encode, fleet)))
    return file


def test_a_page_is_written_where_one_is(
    seatrial: Callable[..., int], results: Path, monkeypatch: pytest.MonkeyPatch, fleet: list[Record]
) -> None:
    monkeypatch.chdir(results.parent)
    assert seatrial("grid", str(results)) == 0
    assert (results.parent / "seatrial-grid.html").read_text(encoding="utf-8") == as_page(build(fleet))


def test_markdown_and_json_go_to_standard_output(
    seatrial: Callable[..., int], results: Path, fleet: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    assert seatrial("grid", "--markdown", str(results)) == 0
    assert capsys.readouterr() == (as_markdown(build(fleet)), "")
    assert seatrial("grid", "--json", "-o", str(results.parent / "grid.json"), str(results)) == 0
    assert json.loads((results.parent / "grid.json").read_bytes())["runtimes"][0]["key"] == "harbour"
    assert capsys.readouterr().out == ""


def test_a_place_that_can_not_be_written_is_one_line(
    seatrial: Callable[..., int], results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert seatrial("grid", "-o", "/proc/absent/grid.html", str(results)) == 2
    told = capsys.readouterr()
    assert told == ("", "seatrial grid: can not write /proc/absent/grid.html: No such file or directory\n")


def test_what_can_be_read_is_read(
    seatrial: Callable[..., int], results: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    later = encode(Record(test="t", runtime=Runtime(name="r"), verdict=Verdict.PASSED)).replace(b":1,", b":9,", 1)
    results.write_bytes(results.read_bytes() + later + b'{"format":1,"tes')
    (tmp_path / "notes.txt").write_text("hello\n")
    assert seatrial("grid", "--json", *(str(tmp_path / name) for name in ("absent", "notes.txt", "results.jsonl"))) == 0
    told = capsys.readouterr()
    readable = "and this version reads format 1"
    lines = [
        f"seatrial grid: {tmp_path}/absent: No such file or directory",
        f"seatrial grid: {tmp_path}/notes.txt: line 1 is not a result record",
        f"{results}: left out 1 record cut off when a run was killed",
        f"{results}: left out 1 line that can not be read, the first: line 13 has format 9, {readable}",
    ]
    assert told.err.splitlines() == lines
    document = json.loads(told.out)
    assert document["notes"] == [line.removeprefix("seatrial grid: ") for line in lines]
    assert len(document["runtimes"]) == 2


@pytest.mark.parametrize(("content", "problem"), [("", "no results in these files"), ("hello\n", "line 1 is not a")])
def test_files_of_which_nothing_can_be_read_are_refused_in_one_line(
    seatrial: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, problem: str
) -> None:
    (tmp_path / "results.jsonl").write_text(content)
    assert seatrial("grid", str(tmp_path / "results.jsonl")) == 2
    told = capsys.readouterr().err
    assert problem in told
    assert told.count("\n") == 1


def test_results_of_another_machine_are_told_apart(
    seatrial: Callable[..., int], results: Path, make: Callable[..., Record], capsys: pytest.CaptureFixture[str]
) -> None:
    other = results.parent / "other.jsonl"
    other.write_bytes(encode(make(runtime=Runtime(name="reef"), host={"kernel": "5.10", "swap": "no"})))
    assert seatrial("grid", "--json", str(results), str(other)) == 0
    told = capsys.readouterr()
    note = "results of 2 hosts, so verdicts may differ for that reason; the hosts differ in kernel"
    assert told.err == f"seatrial grid: {note}\n"
    assert json.loads(told.out)["notes"] == [note]


def test_what_fuzzing_has_tried_is_a_part_of_the_page(make: Callable[..., Record]) -> None:
    tried = Coverage(cases=2, fields={"hostname": Field(cases=1, values={NASTY: 1})}, known=["hostname", "process.cwd"])
    page = as_page(build([make(coverage=tried), make(test="t/test_c.py::test_more", coverage=tried)]))
    assert page.count('href="#fuzzing"') == page.count('id="fuzzing"') == 1
    assert "4 cases" in page and "Never tried: <code>process.cwd</code>" in page
    assert len(re.findall(r"<script\b", page)) == 3 and html.escape("<script>alert(1)") in page


def test_a_page_without_fuzzing_does_not_speak_of_it(fleet: list[Record]) -> None:
    assert "fuzzing" not in as_page(build(fleet)).partition("</style>")[2]
