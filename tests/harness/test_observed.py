"""What is quoted of the probe's report."""

from __future__ import annotations

import pytest

from conformance.harness.observed import first_report, fragment

OUTPUT = '{"report":{"deep":{"umask":7},"args":["\\udcff","a b"],"umask":18}}\n{"verb":"wait"}\n'


def test_a_field_is_quoted_as_it_was_printed() -> None:
    assert fragment(OUTPUT, "umask") == '"umask":18'
    assert fragment(OUTPUT, "args") == '"args":["\\udcff","a b"]'


@pytest.mark.parametrize("output", ["", "no report\n", '{"verb":"wait"}\n', OUTPUT[:40]])
def test_without_a_report_there_is_nothing_to_quote(output: str) -> None:
    assert first_report(output) is None
    assert fragment(output, "umask") == ""
