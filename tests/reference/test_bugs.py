"""Every deliberate fault has a name that says what it is, and exists."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from reference_runtime import faults
from reference_runtime.bugs import BUGS
from reference_runtime.bugs.registry import Bug
from reference_runtime.errors import SpecError
from reference_runtime.example import example

OPERATIONS = "start|kill|delete|state|exec|pause|resume"


def asked_for(root: Path) -> str:
    files = (root / "reference_runtime").rglob("*.py")
    # The CRI server has faults of its own: tests/cri_server/test_bugs.py.
    own = [file for file in files if not {"bugs", "cri"} & set(file.parts)]
    return "".join(file.read_text() for file in own)


def is_data(bug: Bug) -> bool:
    return any(getattr(bug, name) for name in Bug.__slots__ if name not in {"name", "summary"})


@pytest.mark.parametrize("bug", BUGS.values(), ids=lambda bug: bug.name)
def test_a_fault_is_named_and_told(bug: Bug) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)+", bug.name)
    assert bug.summary and bug.summary[-1] != "." and "\n" not in bug.summary


def test_every_switch_is_asked_for(root: Path) -> None:
    code = asked_for(root)
    patterns = re.findall(r'faults\.has\(f"([^"]+)"\)', code)
    built = [re.compile(re.sub(r"\{[^}]+\}", "[a-z_]+", pattern)) for pattern in patterns]
    switches = [name for name, bug in BUGS.items() if not is_data(bug)]
    lost = [name for name in switches if f'"{name}"' not in code and not any(one.fullmatch(name) for one in built)]
    assert not lost


def test_every_switch_is_registered(root: Path) -> None:
    names = set(re.findall(r'faults\.has\("([^"]+)"\)', asked_for(root)))
    assert names <= set(BUGS)


@pytest.mark.parametrize("bug", [bug for bug in BUGS.values() if bug.config], ids=lambda bug: bug.name)
def test_a_bent_configuration_is_one_still(bug: Bug) -> None:
    for config in (example(rootless=False), example(rootless=True), {"root": {"path": "x"}}):
        bent: dict[str, Any] = copy.deepcopy(config)
        try:
            if bug.config:
                bug.config(bent)
        except SpecError:
            continue
        assert bent["root"]["path"]


def test_a_healthy_run_has_no_fault() -> None:
    assert not faults.active
