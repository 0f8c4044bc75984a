"""JSON without the module json reads and writes what the module reads and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_runtime import documents

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES, st.sampled_from(["", " "]))
def test_what_is_written_is_json(value: Any, indent: str) -> None:
    assert json.loads(documents.text(value, indent)) == value


@given(VALUES)
def test_what_is_json_is_read(value: Any) -> None:
    assert documents.parse(json.dumps(value, indent=1)) == value


@pytest.mark.parametrize("text", ["", " ", "{", "[1,]", "{'a': 1}", "nope", "NaN", '{"a": 1} x', '"\t"', "[" * 99999])
def test_what_is_no_json_is_explained_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as problem:
        documents.parse(text)
    assert "\n" not in str(problem.value)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "latin"
    file.write_bytes('{"a": "é"}'.encode("latin-1"))
    with pytest.raises(ValueError, match="UTF-8"):
        documents.read(str(file))


def test_a_document_is_replaced_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    documents.write(str(file), {"a": 1})
    before = file.stat().st_ino
    documents.write(str(file), {"a": 2})
    assert (documents.read(str(file)), file.stat().st_ino == before) == ({"a": 2}, False)
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
