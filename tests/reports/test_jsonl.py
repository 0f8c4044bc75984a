from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reports.jsonl import NotResults, UnknownFormat, Writer, encode, read
from reports.record import FORMAT, Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENDLESS = """
import sys
from pathlib import Path
from reports.jsonl import Writer
from reports.record import Record, Runtime, Verdict
record = Record(test="t", runtime=Runtime(name="r"), verdict=Verdict.PASSED, log="x" * 5000)
with Writer(Path(sys.argv[1])) as writer:
    while True:
        writer.write(record)
        print(flush=True)
"""


def test_what_is_written_is_read(tmp_path: Path, make: Callable[..., Record]) -> None:
    file, records = tmp_path / "results.jsonl", [make(runtime="a"), make(runtime="b", observed="\n\u2028\udcff")]
    for record in records:
        with Writer(file) as writer:
            writer.write(record)
    assert file.read_bytes().count(b"\n") == 2
    found = read(file)
    assert [record.runtime.name for record in found.records] == ["a", "b"]
    assert found.records[1].observed == "\n\u2028\\udcff"
    assert found.cut == []


def test_a_line_is_the_same_each_time(make: Callable[..., Record]) -> None:
    assert encode(make(runtime="a")) == (
        b'{"format":1,"test":"oci/test_kill.py::test_kill_of_a_stopped_container","runtime":{"name":"a"},'
        b'"verdict":"passed","requirements":[{"id":"kill.stopped","level":"MUST",'
        b'"text":"Kill of a container neither created nor running is an error.","section":"Kill",'
        b'"page":"runtime.md","url":"https://example.test/runtime.md#L135"}],'
        b'"title":"Kill of a stopped container is refused and changes nothing."}\n'
    )


def test_a_cut_line_is_passed_over_and_kept_apart(tmp_path: Path, make: Callable[..., Record]) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(encode(make(runtime="a")) + encode(make(runtime="b"))[:50])
    assert [record.runtime.name for record in read(file).records] == ["a"]
    with Writer(file) as writer:
        writer.write(make(runtime="c"))
    found = read(file)
    assert [record.runtime.name for record in found.records] == ["a", "c"]
    assert found.cut == [2]


def test_a_killed_writer_spoils_its_last_line_at_most(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    with subprocess.Popen([sys.executable, "-c", ENDLESS, file], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        process.kill()
    found = read(file)
    assert len(found.records) >= 20
    assert found.cut in ([], [len(found.records) + 1])


def test_fields_of_a_later_version_are_passed_over(tmp_path: Path, make: Callable[..., Record]) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(encode(make()).replace(b'"name":', b'"colour":"red","name":').replace(b"{", b'{"new":[1],', 1))
    assert read(file).records == [make()]


@pytest.mark.parametrize("written", [0, 7], ids=["older", "later"])
def test_another_format_is_refused_by_name(tmp_path: Path, make: Callable[..., Record], written: int) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(encode(make()).replace(b'"format":1', b'"format":%d' % written).replace(b"passed", b"sunk"))
    with pytest.raises(UnknownFormat) as caught:
        read(file)
    assert str(caught.value) == f"{file}: line 1 has format {written}, and this version reads format {FORMAT}"


def test_readable_lines_among_others_are_read(tmp_path: Path, make: Callable[..., Record]) -> None:
    file, line = tmp_path / "results.jsonl", encode(make())
    later = line.replace(b'"format":1', b'"format":7')
    file.write_bytes(b"hello\n" + line + later + line.replace(b"kill", b"\xff") + b"[" * 100_000 + b"\n" + line[:40])
    found = read(file)
    assert found.records == [make()]
    assert [str(problem) for problem in found.foreign] == [
        "line 1 is not a result record",
        f"line 3 has format 7, and this version reads format {FORMAT}",
        "line 5 is not a result record: Expected `object`, got `array`",
    ]
    assert found.notes == [
        "left out 2 records cut off when a run was killed",
        "left out 3 lines that can not be read, the first: line 1 is not a result record",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello\n", "line 1 is not a result record"),
        (b'{"name": "hello"}\n', "line 1 is not a result record: Object missing required field `format`"),
        (b"{\n", "line 1 is not a result record"),
        (b"\x7fELF\x00\n", "line 1 is not a result record"),
        (b"[]", "line 1 is not a result record: Expected `object`, got `array`"),
    ],
    ids=["text", "other-json", "cut-only", "binary", "array"],
)
def test_another_file_is_refused_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)
    with pytest.raises(NotResults) as caught:
        read(file)
    assert str(caught.value) == f"{file}: {message}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotResults, match=r"/absent: No such file or directory$"):
        read(tmp_path / "absent")


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert read(tmp_path / "empty").records == []
