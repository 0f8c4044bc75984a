"""What fuzzing has tried, as tables: sections, shares of refusals, and the fields that no case had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.allure import attachments
from reports.coverage import KEPT, Coverage, Field, as_document, as_html, as_markdown, together

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.record import Record

KNOWN = ["hostname", "linux.sysctl", "linux.devices[].type", "linux.seccomp.flags[]", "process.cwd"]


def made() -> Coverage:
    fields = {
        "hostname": Field(cases=3, refused=1, values={'"<sea>"': 2, '"a|b"': 1}),
        "linux.sysctl.*": Field(cases=1, values={'"1"': 1}),
        "linux.devices[].type": Field(cases=1, values={'"c"': 1}, further=2),
    }
    return Coverage(cases=4, refused=1, fields=fields, known=KNOWN)


def test_sections_are_those_of_the_document() -> None:
    assert [(section.name, list(section.fields), section.never) for section in made().sections()] == [
        ("config.json", ["hostname"], []),
        ("linux.devices", ["linux.devices[].type"], []),
        ("linux.seccomp", [], ["linux.seccomp.flags[]"]),
        ("linux.sysctl", ["linux.sysctl.*"], []),
        ("process", [], ["process.cwd"]),
    ]


def test_what_several_tests_have_tried_is_added_up() -> None:
    total = together([made(), Coverage(cases=2, fields={"process.cwd": Field(cases=2, values={'"/"': 2})}), made()])
    assert (total.cases, total.refused, total.never) == (10, 2, ["linux.seccomp.flags[]"])
    assert total.fields["hostname"] == Field(cases=6, refused=2, values={'"<sea>"': 4, '"a|b"': 2})
    assert total.fields["linux.devices[].type"].distinct == 3


def test_a_record_keeps_the_most_frequent_values() -> None:
    many = Coverage(fields={"hostname": Field(cases=100, values={str(number): number for number in range(100)})})
    field = many.shortened().fields["hostname"]
    assert (len(field.values), field.distinct, "99" in field.values, "0" in field.values) == (KEPT, 100, True, False)


def test_markdown_has_a_table_for_each_section() -> None:
    page = as_markdown(made(), "ship")
    assert '| `hostname` | 3 | 1 (33 %) | 2 | `"<sea>"`, `"a b"` |' in page
    assert '| `linux.devices[].type` | 1 | 0 | 3 | `"c"` and 2 more |' in page
    assert "## process\n\nNever tried: `process.cwd`" in page
    assert "4 cases, of which 1 (25 %) were refused" in page


def test_html_shows_values_as_text() -> None:
    page = as_html(made())
    assert "<code>&quot;&lt;sea&gt;&quot;</code>" in page and "<sea>" not in page
    assert as_document(made(), "ship <1>").count("<details open>") == 5
    assert "<h1>ship &lt;1&gt;</h1>" in as_document(made(), "ship <1>")


def test_allure_shows_what_was_tried_also_where_all_is_well(make: Callable[..., Record]) -> None:
    (page,) = attachments(make(coverage=made(), argv=[["ship", "create"]]))
    assert (page.name, page.kind) == ("what was tried", "text/html")
    assert "<code>linux.sysctl.*</code>" in page.text
    assert attachments(make()) == []
