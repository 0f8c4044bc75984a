"""The runtime starts fast since it imports little, and imports nothing once its files are out of sight."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from strategies.config import base_config

#: Modules of the standard library that other programs take for granted, and that cost more than a command does.
HEAVY = {
    "argparse",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "functools",
    "importlib",
    "inspect",
    "json",
    "logging",
    "pathlib",
    "re",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "typing",
    "warnings",
}


def imported(root: Path, *words: str) -> list[str]:
    main = str(root / "reference_runtime/__main__.py")
    argv = [os.path.realpath(sys.executable), "-I", "-S", "-X", "importtime", main, *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return [line.rpartition("|")[2].strip() for line in lines]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "rootfs").mkdir()
    (tmp_path / "config.json").write_text(json.dumps(base_config()))
    return tmp_path


@pytest.mark.parametrize("command", ["state", "start", "kill", "delete"])
def test_a_command_imports_nothing_heavy(root: Path, tmp_path: Path, command: str) -> None:
    assert not HEAVY & set(imported(root, "--root", str(tmp_path), command, "x"))


def test_create_imports_nothing_heavy(root: Path, bundle: Path) -> None:
    modules = set(imported(root, "--plan", "create", "--bundle", str(bundle), "x"))
    assert "reference_runtime.creation" in modules
    assert not HEAVY & modules


def test_state_needs_no_system_calls_of_its_own(root: Path, tmp_path: Path) -> None:
    assert "ctypes" not in imported(root, "--root", str(tmp_path), "state", "x")
