"""Imports go one way, files stay short, and nothing is promised that is not there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.plugin.options import OPTIONS

ROOT = Path(__file__).parent.parent
PACKAGES = ("conformance", "strategies", "reference_runtime", "reports")
ALLOWED = {
    "conformance": {"conformance", "strategies", "reports"},
    "strategies": {"strategies"},
    "reports": {"reports"},
    "reference_runtime": {"reference_runtime"},
}
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).split(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    forbidden = set(PACKAGES) - ALLOWED[package]
    wrong = {str(path): imported(path) & forbidden for path in (ROOT / package).rglob("*.py")}
    assert {path: names for path, names in wrong.items() if names} == {}


def test_the_reference_runtime_needs_the_standard_library_only() -> None:
    known = {"__future__", "typing", "reference_runtime"}
    further = {"grpc", "google", "cri_api"}
    server, monitor = ROOT / "reference_runtime/cri", ROOT / "reference_runtime/cri/monitor"
    for path in (ROOT / "reference_runtime").rglob("*.py"):
        more = further if path.is_relative_to(server) and not path.is_relative_to(monitor) else set()
        assert imported(path) - known - more <= set(sys.stdlib_module_names), path


def test_the_guardian_needs_the_standard_library_only() -> None:
    assert imported(ROOT / "conformance/harness/guardian.py") <= set(sys.stdlib_module_names)


def test_files_are_shorter_than_500_lines() -> None:
    files = [*SOURCES, *(ROOT / "conformance/probe").rglob("*.c"), *(ROOT / "tests").rglob("*.py")]
    assert [str(path) for path in files if len(path.read_text().splitlines()) >= 500] == []


CONFORMANCE = [*(ROOT / "conformance/oci").rglob("test_*.py"), *(ROOT / "conformance/cri").rglob("test_*.py")]


@pytest.mark.parametrize("path", sorted(CONFORMANCE), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_conformance_test_is_one_sentence(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            sentence = (ast.get_docstring(node) or "").split("\n\n")[0]
            assert sentence.endswith("."), f"{node.name} has no sentence"


def test_the_readme_lists_every_option() -> None:
    rows = re.findall(r"^\| `--([\w-]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert rows == [option.name for option in OPTIONS]


def test_the_plugin_is_light() -> None:

    code = "import sys, conformance.plugin; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"hypothesis", "msgspec", "jsonschema", "grpc", "rich", "allure"} & set(modules) == set()
