"""Every deliberate fault of the CRI server is a switch that is asked for, or says itself what it does."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from cri_api.v1 import api_pb2

from reference_runtime.cri import newer
from reference_runtime.cri.bugs import _AREAS, BUGS
from reference_runtime.cri.faults import Bug
from reference_runtime.cri.streaming.bugs import BUGS as STREAMS

CALLS = {method.name for service in api_pb2.DESCRIPTOR.services_by_name.values() for method in service.methods}
BUILT = re.compile(
    rf"cri-stream-({'|'.join(newer.FAULTS.values())})-(doubled|never-ends)|cri-list-(sandboxes|containers)-labels-any"
)


def code(root: Path) -> str:
    files = (root / "reference_runtime/cri").rglob("*.py")
    return "".join(file.read_text() for file in files if file.parent.name != "bugs")


def is_data(bug: Bug) -> bool:
    return any(getattr(bug, field.name) for field in dataclasses.fields(bug) if field.name not in {"name", "summary"})


@pytest.mark.parametrize("bug", BUGS.values(), ids=lambda bug: bug.name)
def test_a_fault_is_named_and_told(bug: Bug) -> None:
    assert re.fullmatch(r"cri(-[a-z0-9]+)+", bug.name)
    assert bug.summary and bug.summary[-1] != "."
    assert {*bug.requests, *bug.answers, *bug.accepts, *bug.refuses, *bug.pretends} <= CALLS


def test_every_switch_is_asked_for(root: Path) -> None:
    switches = [name for name, bug in BUGS.items() if not is_data(bug) and name not in STREAMS]
    text = code(root)
    assert [name for name in switches if f'"{name}"' not in text and not BUILT.fullmatch(name)] == []


def test_every_switch_is_registered(root: Path) -> None:
    asked = set(re.findall(r'has\("(cri-[a-z-]+)"\)|"(cri-[a-z-]+)" (?:not )?in ', code(root)))
    assert {name for pair in asked for name in pair if name} <= set(BUGS)


def test_no_name_is_used_twice() -> None:
    assert len(BUGS) == sum(len(area.BUGS) for area in _AREAS)
