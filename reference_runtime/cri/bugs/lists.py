"""Faults of lists, and of the streams of lists."""

from __future__ import annotations

from typing import Any

from reference_runtime.cri.bugs.bend import Bend, clear, each
from reference_runtime.cri.errors import NotFound
from reference_runtime.cri.faults import Bug
from reference_runtime.cri.newer import FAULTS as STREAMS


def _without_first(field: str) -> Bend:
    def bend(answer: Any) -> None:
        del getattr(answer, field)[:1]

    return bend


def _not_empty(field: str) -> Bend:
    def bend(answer: Any) -> None:
        if not getattr(answer, field):
            raise NotFound("there is nothing to list")

    return bend


def _any_condition(request: Any) -> None:
    if request.filter.label_selector or request.filter.pod_sandbox_id or request.filter.id:
        request.filter.ClearField("state")


def _ignored(kind: str, call: str, word: str, field: str) -> Bug:
    name = f"cri-list-{kind}-{word}-ignored"
    return Bug(name, f"filters of {call} pass {word} over", requests={call: clear(f"filter.{field}")})


def _faults_of(kind: str, call: str, field: str) -> list[Bug]:
    entry = clear("metadata", "labels", "annotations", "created_at")
    return [
        Bug(f"cri-list-{kind}-incomplete", f"{call} leaves the oldest out", answers={call: _without_first(field)}),
        Bug(f"cri-list-{kind}-fields-lost", f"{call} tells only ids", answers={call: each(field, entry)}),
        Bug(f"cri-list-{kind}-labels-any", f"one label of a filter of {call} is enough"),
        _ignored(kind, call, "id", "id"),
        _ignored(kind, call, "state", "state"),
        _ignored(kind, call, "labels", "label_selector"),
    ]


BUGS = [
    *_faults_of("sandboxes", "ListPodSandbox", "items"),
    *_faults_of("containers", "ListContainers", "containers"),
    _ignored("containers", "ListContainers", "sandbox", "pod_sandbox_id"),
    Bug("cri-list-containers-conditions-any", "one condition is enough", requests={"ListContainers": _any_condition}),
    Bug(
        "cri-empty-lists-refused",
        "a list of nothing is an error",
        answers={"ListContainers": _not_empty("containers"), "ListPodSandbox": _not_empty("items")},
    ),
    *(Bug(f"cri-stream-{name}-doubled", f"{call} sends everything twice") for call, name in STREAMS.items()),
    *(Bug(f"cri-stream-{name}-never-ends", f"{call} does not end") for call, name in STREAMS.items()),
]
