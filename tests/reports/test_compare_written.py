"""How a comparison is written down, and the command that does it."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from reports import cli
from reports.compare.cli import FORMATS, show
from reports.jsonl import Writer, encode
from reports.record import Expectation, Record, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {"text": "txt", "markdown": "md", "json": "json", "html": "html", "junit": "xml", "github": "github.txt"}
LATER = Runtime(name="harbour", path="/opt/harbour", version="1.5.0", sha256="6f" * 32)


@pytest.fixture
def files(tmp_path: Path, fleet: list[Record], make: Callable[..., Record]) -> tuple[Path, Path]:
    """The fleet's run of yesterday, and one of today in which harbour became better and worse."""

    def later(test: str, verdict: Verdict = Verdict.PASSED, **changes: object) -> Record:
        return make(test=test, verdict=verdict, runtime=LATER, spec_version="1.3.0", **changes)

    today = [
        later("t/test_a.py::test_holds", Verdict.VIOLATED, expected="a | b", observed="<c>", edits=["wait()"]),
        later("t/test_a.py::test_may", Verdict.UNSUPPORTED, level="MAY", reason="gone from `features`"),
        later("t/test_b.py::test_kill[TERM]"),
        later("t/test_b.py::test_crash", Verdict.CRASHED, reason="killed by SIGSEGV", title=""),
        later("t/test_b.py::test_leak", Verdict.HUNG, reason="100 % busy,\nfor 20 s"),
        later("t/test_b.py::test_order", Verdict.VIOLATED, level="SHOULD", reason="poststop ran first"),
        later("t/test_c.py::test_late", Verdict.KNOWN, expectation=Expectation(reason="late", link="#7")),
        later("t/test_c.py::test_gone", Verdict.KNOWN, expectation=Expectation(reason="early"), reason="no\n +  where"),
        later("t/test_d.py::test_1", Verdict.DIFFERS, reason="takes it"),
        later("t/test_d.py::test_2", Verdict.NOT_HERE, reason="no swap"),
        later("t/test_e.py::test_1"),
        later("t/test_f.py::test_1"),
    ]
    yesterday = tmp_path / "yesterday.jsonl", fleet[:12]
    for path, records in (yesterday, (tmp_path / "today.jsonl", today)):
        with Writer(path) as writer:
            for record in records:
                writer.write(record)
    return tmp_path / "yesterday.jsonl", tmp_path / "today.jsonl"


def compare(*arguments: object) -> int:
    parser = ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    options = parser.parse_args(["compare", *map(str, arguments)])
    status: int = options.run(options)
    return status


@pytest.mark.parametrize("style", sorted(set(FORMATS) - {"terminal"}))
def test_each_format_looks_as_it_should(files: tuple[Path, Path], tmp_path: Path, style: str) -> None:
    written = tmp_path / "written"
    assert compare(*files, f"--format={style}", "-o", written) == 1
    golden = GOLDEN / f"compare.{ENDINGS[style]}"
    if os.environ.get("WRITE_GOLDENS"):  # after a change that was looked at
        golden.write_text(written.read_text())
    assert written.read_text() == golden.read_text()


def test_the_ending_of_the_file_chooses_the_format(files: tuple[Path, Path], tmp_path: Path) -> None:
    for style, ending in ENDINGS.items():
        if style != "github":
            compare(*files, "-o", tmp_path / f"file.{ending}")
            assert (tmp_path / f"file.{ending}").read_text() == (GOLDEN / f"compare.{ending}").read_text()


def test_the_page_is_well_formed_and_needs_nothing_else() -> None:
    class Page(HTMLParser):
        open: list[str] = []  # noqa: RUF012  # one page is read

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in {"script", "img"} and not {"src", "onclick"} & {name for name, _ in attrs}
            if tag not in {"meta", "link"}:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    page = Page()
    page.feed((GOLDEN / "compare.html").read_text())
    assert page.open == []


def test_junit_fails_what_is_worse_and_nothing_else() -> None:
    suite = ET.parse(GOLDEN / "compare.xml").getroot()[0]  # noqa: S314  # it is our own
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["test_holds", "test_may", "test_leak"]
    assert (suite.get("tests"), suite.get("failures")) == ("12", "3")


def test_annotations_are_few(make: Callable[..., Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, verdict in (("a", Verdict.PASSED), ("b", Verdict.VIOLATED)):
        with Writer(tmp_path / name) as writer:
            for number in range(15):
                writer.write(make(test=f"t::test[{number}]", verdict=verdict))
    assert compare(tmp_path / "a", tmp_path / "b", "--format=github") == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::error title=harbour 1.4.2 → harbour 1.4.2::6 more regressions, see the step's summary"


def test_without_a_regression_the_status_is_0(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(files[0], files[0]) == 0
    assert capsys.readouterr().out.endswith("\n\nnothing is worse\n")


def test_a_cut_file_is_read_as_far_as_it_goes(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    content = files[1].read_bytes()
    files[1].write_bytes(content[: content.rindex(b"test_f.py")])
    assert compare(*files) == 1
    shown = capsys.readouterr().out
    assert "note: the second file: left out 1 record cut off when a run was killed\n" in shown
    assert "3 regressions" in shown


def test_lines_of_another_version_are_told(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    files[0].write_bytes(files[0].read_bytes() + b'{"format": 7}\n')
    assert compare(*files) == 1
    assert "the first file: left out 1 line that can not be read, the first: line 13 has" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.jsonl", "today.jsonl"], "absent.jsonl: No such file or directory"),
        (["yesterday.jsonl", "empty"], "empty: there are no results in it"),
        (["other", "today.jsonl"], "other: line 1 is not a result record"),
        (["yesterday.jsonl", "today.jsonl", "--map=harbour=lagoon"], "the second file has no runtime named lagoon"),
        (["yesterday.jsonl", "today.jsonl", "-o", "no/file.md"], "-o no/file.md: can not be written: No such file"),
    ],
    ids=["absent", "empty", "other", "map", "output"],
)
def test_wrong_use_is_one_line(
    files: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(files[0].parent)
    Path("empty").touch()
    Path("other").write_text("hello")
    assert compare(*arguments) == 2
    printed, warned = capsys.readouterr()
    assert printed == "" and warned.count("\n") == 1
    assert warned.startswith("seatrial compare: ") and message in warned


@pytest.mark.parametrize("argument", ["--slower=1", "--slower=fast", "--floor=-1", "--map=a", "--format=pdf"])
def test_an_argument_that_can_not_be_is_refused(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        compare("a", "b", argument)
    assert ended.value.code == 2
    assert argument.partition("=")[0] in capsys.readouterr().err.splitlines()[-1]


def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    lines = [("[bold]a", {"red": True})]
    show(lines, {})
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    show(lines, {})
    monkeypatch.setenv("NO_COLOR", "1")
    show(lines, {"NO_COLOR": "1"})
    assert capsys.readouterr().out == "[bold]a\n\x1b[31m[bold]a\x1b[0m\n[bold]a\n"


def test_the_same_record_twice_changes_nothing(
    files: tuple[Path, Path], fleet: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    compare(*files, "--format=json")
    once = capsys.readouterr().out
    with files[0].open("ab") as file:
        file.write(encode(fleet[0]))
    compare(*files, "--format=json")
    assert capsys.readouterr().out == once
    assert json.loads(once)["regressions"] == 3
