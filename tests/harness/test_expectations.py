"""The known deviations: each speaks of a test that there is, and says why."""

import ast
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
import pytest

from conformance.expectations import Expectation

ROOT = Path(__file__).parents[2] / "conformance"
ENTRIES = [
    pytest.param(
        msgspec.convert(entry, Expectation),
        id=f"{file.stem}-{entry.get('test') or entry.get('requirement') or entry['finding']}",
    )
    for file in sorted((ROOT / "expectations").glob("*.toml"))
    for entry in tomllib.loads(file.read_text()).get("known", [])
]


def functions_in(path: Path) -> list[str]:
    """The names of the tests in a file."""
    return [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_has_a_reason_and_speaks_of_a_test(entry: Expectation) -> None:
    """An entry whose test was renamed would excuse nothing, and nobody would notice."""
    assert len(entry.reason) > 15
    assert entry.test or entry.requirement or ": " in entry.finding
    if entry.test:
        file, _, name = entry.test.partition("::")
        pattern = name.partition("[")[0]
        found = [test for path in ROOT.glob(file) for test in functions_in(path)]
        assert any(fnmatchcase(test, pattern) for test in found)


@pytest.mark.parametrize(
    ("version", "package", "expected"),
    [("1.1.5+ds1", "1.1.5+ds1-1", True), ("1.3.6", "1.1.5+ds1-1", False), ("1.1.5", "1.1.15", False), ("", "", False)],
)
def test_an_entry_covers_versions_and_packages(*, version: str, package: str, expected: bool) -> None:
    """Both the version and the package have to be among those of the entry."""
    entry = Expectation(reason="because", versions="<1.2", packages="1.1.5+ds1-*")
    assert entry.covers(version, package) is expected
