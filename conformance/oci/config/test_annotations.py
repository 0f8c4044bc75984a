"""config.md, Annotations: what the state repeats of them, and what is none."""

from typing import Any

import pytest

from conformance import musts, proved_by, refused
from conformance.plugin.fixtures import Bring, MakeContainer
from strategies.edit import Edit
from strategies.edits import annotation, drop, put

ANNOTATIONS = {
    "com.example.gpu-cores": "2",
    "com.example.empty": "",
    "com.example.a/b.c": 'a=b: {"c": [1]}',
    "com.example.ünï": "über \U0001f30a",
    "com.example.lines": "one\n\ttwo\\",
    "com.example.long": "x" * 5000,
    "com.example.true": "true",
    "org.opencontainers.image.stopSignal": "SIGUSR1",
    "plain": "value",
}


@musts("annotations", "annotations.values.empty", "annotations.structure", "annotations.unknown")
@proved_by(
    "annotations-dropped",
    "annotations-empty-dropped",
    "annotations-first-only",
    "state-annotations-missing",
    "state-annotations-lower-case",
)
@pytest.mark.parametrize("state", ["created", "running", "stopped"])
def test_the_state_repeats_every_annotation(bring: Bring, state: str) -> None:
    """In every state the annotations are those of the config, key by key and to the letter."""
    seen = bring(state, put("annotations", ANNOTATIONS)).state().annotations
    assert {key: seen.get(key) for key in ANNOTATIONS} == ANNOTATIONS


@musts("annotations.absent", "annotations")
@proved_by("annotations-invented")
@pytest.mark.parametrize("change", [drop("annotations"), put("annotations", {})], ids=["absent", "empty"])
def test_annotations_can_be_absent(bring: Bring, change: Edit) -> None:
    """Without annotations in the config the container runs, and its state has none."""
    assert bring("running", change).state().annotations == {}


@musts("annotations")
@proved_by("annotations-dropped", "annotations-invented")
def test_annotations_belong_to_one_container(bring: Bring) -> None:
    """Each container's state has its own annotations."""
    one, other = (bring("created", annotation("com.example.name", name)) for name in ("one", "other"))
    assert one.state().annotations == {"com.example.name": "one"}
    assert other.state().annotations == {"com.example.name": "other"}


@musts("annotations.values.string", "annotations.map", "valid-values.invalid")
@proved_by("invalid-values-ignored")
@pytest.mark.parametrize(
    "value",
    [
        ["com.example.a=b"],
        "com.example.a",
        {"com.example.a": 1},
        {"com.example.a": {"b": "c"}},
        {"com.example.a": True},
    ],
    ids=["list", "text", "number", "object", "bool"],
)
def test_annotations_that_are_no_map_of_strings_are_refused(container: MakeContainer, value: Any) -> None:
    """Annotations of another shape than a map of strings are an error."""
    made = container(put("annotations", value))
    with refused(made):
        made.create()


@musts("annotations.keys.empty", "valid-values.invalid")
@proved_by("invalid-values-ignored")
def test_an_annotation_without_a_key_is_refused(container: MakeContainer) -> None:
    """The key of an annotation must not be empty."""
    made = container(annotation("com.example.name", "one"), annotation("", "two"))
    with refused(made):
        made.create()
