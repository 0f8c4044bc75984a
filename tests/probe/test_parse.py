"""What is read of what a probe prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from conformance.probe.report import Report, parse, reports

if TYPE_CHECKING:
    from tests.probe.conftest import Probe


def test_lines_of_others_are_skipped() -> None:
    report, actions = parse(b'hello\n{"unlike":1}\n{"verb":"touch","args":["1"],"result":1,"errno":null}\n')
    assert report is None
    assert [action.verb for action in actions] == ["touch"]


def test_a_last_line_without_an_end_is_not_read() -> None:
    assert parse(b'{"tag":"whole"}\n{"verb":"touch","ar')[1][0].content == "whole"


def test_a_terminal_ends_lines_its_own_way() -> None:
    assert parse(b'{"tag":"x"}\r\n{"signal":"TERM"}\r\n')[1][1].verb == "signal"


def test_tags_and_signals_are_actions() -> None:
    _, (tag, signal) = parse(b'{"tag":"here"}\n{"signal":"TERM"}\n')
    assert (tag.verb, tag.content, signal.verb, signal.content) == ("tag", "here", "signal", "TERM")


@pytest.mark.parametrize("line", [b'{"report":{"args":1}}\n', b'{"verb":\n', b'{"verb":"x","result":"y"}\n'])
def test_a_line_that_only_looks_like_the_probes_is_an_error(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        parse(line)


def test_every_field_is_told_and_every_told_field_is_read(probe: Probe) -> None:
    said = probe("report")
    fields = set(msgspec.json.decode(said.output)["report"])
    assert fields == set(Report.__struct_fields__)


def test_the_first_report_counts_and_all_can_be_had(probe: Probe) -> None:
    said = probe("report", "sethostname", "again", "report", before=("unshare", "--uts"))
    assert said.report.hostname != "again"
    assert [report.hostname for report in reports(said.output)][1] == "again"
