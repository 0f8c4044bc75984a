"""HOME, when the configuration has none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from reference_runtime.ops import home


def added(process: dict[str, Any]) -> list[str]:
    for op in home.plan(process):
        op.execute()
    env: list[str] = process["env"]
    return env


@pytest.mark.parametrize(("uid", "expected"), [(0, "/root"), (7, "/"), (1000, "/home/sailor"), (2000, "/")])
def test_home_is_that_of_the_user(uid: int, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = tmp_path / "passwd"
    accounts.write_bytes(
        b"root:x:0:0::/root:\nbroken:x:7\nsailor:x:1000:100:\xff:/home/sailor:/bin/sh\nnobody:x:2000:::\n"
    )
    monkeypatch.setattr(home, "_ACCOUNTS", str(accounts))
    assert added({"user": {"uid": uid}, "env": ["A=b"]}) == ["A=b", f"HOME={expected}"]


def test_what_the_config_has_stays() -> None:
    assert added({"user": {"uid": 0}, "env": ["HOME=", "A=b"]}) == ["HOME=", "A=b"]


def test_without_accounts_home_is_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "passwd"
    monkeypatch.setattr(home, "_ACCOUNTS", str(pipe))
    assert added({"user": {"uid": 0}}) == ["HOME=/"]
    os.mkfifo(pipe)
    assert added({"user": {"uid": 0}}) == ["HOME=/"]
