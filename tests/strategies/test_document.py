"""Edits of the document as such: put, replace, drop and add."""

import pytest

from strategies.edit import Config, Edit, edited
from strategies.edits import add, drop, put, replace

START: Config = {"a": {"b": [1, {"c": 2}, 3]}, "d.e": 4}


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (put("a", None), START | {"a": None}),
        (put("a.b.0", "x"), START | {"a": {"b": ["x", {"c": 2}, 3]}}),
        (put("a.b.-1", "x"), START | {"a": {"b": [1, {"c": 2}, "x"]}}),
        (put("a.b.1.c", "x"), START | {"a": {"b": [1, {"c": "x"}, 3]}}),
        (put("a.b.9", "x"), START | {"a": {"b": [1, {"c": 2}, 3, "x"]}}),
        (put("a.b.0.c", "x"), START | {"a": {"b": [{"c": "x"}, {"c": 2}, 3]}}),
        (put("a.x.y", 1), START | {"a": START["a"] | {"x": {"y": 1}}}),
        (put("x.0.y", 1), START | {"x": [{"y": 1}]}),
        (put("a.b.c", 1), START | {"a": {"b": {"c": 1}}}),
        (put(("d.e",), 5), START | {"d.e": 5}),
        (put(["a", "b", 0], 5), START | {"a": {"b": [5, {"c": 2}, 3]}}),
        (replace("a.b", 5), START | {"a": {"b": 5}}),
        (replace("a.b.1", 5), START | {"a": {"b": [1, 5, 3]}}),
        (replace("a.x", 5), START),
        (replace("x.y.z", 5), START),
        (drop("a.b.1"), START | {"a": {"b": [1, 3]}}),
        (drop("a.b.-1"), START | {"a": {"b": [1, {"c": 2}]}}),
        (drop("a.b"), START | {"a": {}}),
        (drop(("d.e",)), {"a": START["a"]}),
        (drop("a.b.9"), START),
        (drop("a.b.c.d"), START),
        (drop("x.y"), START),
        (add("a.b", 5), START | {"a": {"b": [1, {"c": 2}, 3, 5]}}),
        (add("a.b.1.c", 5), START | {"a": {"b": [1, {"c": [5]}, 3]}}),
        (add("a.x", 5), START | {"a": START["a"] | {"x": [5]}}),
    ],
    ids=repr,
)
def test_effect(change: Edit, after: Config) -> None:
    assert edited(change, base=START) == after
