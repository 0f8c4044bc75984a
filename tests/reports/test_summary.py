from __future__ import annotations

import io
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports import cli
from reports.jsonl import Writer, encode
from reports.record import Record, Verdict
from reports.summary import Line, reasons, summary, table, violations

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden" / "summary.txt"


def drawn(lines: list[Line]) -> str:
    """Lines with the first letter of their markup before them."""
    return "".join(f"{next(iter(markup), '')[:1]:1} {text}".rstrip() + "\n" for text, markup in lines)


def seatrial(*arguments: str) -> int:
    parser = ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def test_the_summary_looks_as_it_should(fleet: list[Record]) -> None:
    assert drawn(summary(fleet, first=3, width=100)) == GOLDEN.read_text()


def test_the_order_of_records_does_not_matter(fleet: list[Record]) -> None:
    assert summary(reversed(fleet)) == summary(fleet)


def test_nothing_has_no_summary() -> None:
    assert summary([]) == []


def test_a_plain_pass_is_short_and_green(make: Callable[..., Record]) -> None:
    assert table([make()]) == [
        ("        passed  violated", {}),
        ("MUST         1         -", {"green": True}),
        ("SHOULD       -         -", {}),
        ("MAY          -         -", {}),
    ]


@pytest.mark.parametrize(
    ("level", "verdict", "colour"),
    [
        ("MUST", Verdict.VIOLATED, "red"),
        ("SHOULD", Verdict.VIOLATED, "yellow"),
        ("SHOULD", Verdict.CRASHED, "red"),
        ("MAY", Verdict.BROKEN, "red"),
    ],
    ids=["must", "should", "crash", "broken"],
)
def test_a_row_is_as_red_as_the_run(make: Callable[..., Record], level: str, verdict: Verdict, colour: str) -> None:
    lines = table([make(level=level), make(level=level, verdict=verdict)])
    assert [markup for text, markup in lines if text.startswith(level)] == [{colour: True}]


def test_what_the_baseline_has_is_listed_and_not_red(make: Callable[..., Record]) -> None:
    records = [
        make(test="a", verdict=Verdict.VIOLATED, baseline="violated"),
        make(test="b", baseline="known"),
        make(test="c", verdict=Verdict.HUNG, baseline="violated"),
    ]
    assert [markup for text, markup in table(records[:2]) if text.startswith("MUST")] == [{"green": True}]
    assert [markup for text, markup in table(records) if text.startswith("MUST")] == [{"red": True}]
    texts = [text for text, _ in summary(records)]
    assert texts[texts.index("violations by harbour, known from the baseline: 1") + 1] == "  MUST a"
    assert texts[texts.index("fixed by harbour since the baseline: 1") + 1] == "  MUST b"
    assert "violations by harbour: 1" in texts


def test_commands_and_addresses_are_never_cut(fleet: list[Record]) -> None:
    texts = [text.strip() for text, _ in violations("harbour", fleet, first=9, width=30)]
    assert "see it    sh 'findings/harbour/test_b test_kill/run.sh'" in texts
    assert "https://example.test/runtime.md#L135" in texts
    assert all(len(text) <= 30 for text in texts if not text.startswith(("see it", "https", "violations")))


def test_a_test_skipped_on_two_runtimes_counts_once(fleet: list[Record]) -> None:
    lines = reasons("not here", fleet, Verdict.NOT_HERE, width=80)
    assert [text for text, _ in lines] == ["not here: 3", "     2  no swap", "     1  no hugetlb"]


def test_show_sums_up_files(tmp_path: Path, fleet: list[Record], capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for file, records in zip(files, (fleet[:6], fleet[6:]), strict=True):
        with Writer(file) as writer:
            for record in records:
                writer.write(record)
    files[1].write_bytes(files[1].read_bytes() + encode(fleet[0])[:40])
    assert seatrial("show", "--first=1", *map(str, files)) == 0
    printed, warned = capsys.readouterr()
    assert printed.startswith("harbour 1.4.2 (/opt/harbour), runtime-spec 1.3.0\n")
    assert "violations by harbour: 4, the first 1\n" in printed
    assert warned == f"{files[1]}: left out 1 record cut off when a run was killed\n"


def test_show_says_when_there_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").touch()
    assert seatrial("show", str(tmp_path / "empty")) == 0
    assert capsys.readouterr().out == "no results\n"


def test_show_refuses_another_file_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").write_text("hello")
    assert seatrial("show", str(tmp_path / "other")) == 2
    assert capsys.readouterr() == ("", f"seatrial show: {tmp_path}/other: line 1 is not a result record\n")


def test_colours_are_for_terminals_alone() -> None:
    stream = io.StringIO()
    cli.write([("a", {"red": True})], stream, {})
    stream.isatty = lambda: True  # type: ignore[method-assign]
    cli.write([("b", {"red": True, "bold": True}), ("c", {})], stream, {})
    cli.write([("d", {"red": True})], stream, {"NO_COLOR": "1"})
    assert stream.getvalue() == "a\n\x1b[31;1mb\x1b[0m\nc\nd\n"
