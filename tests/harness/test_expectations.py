"""The lists of known deviations: what they may say, whom they are for, and what they excuse."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.expectations import Expectation, expectations_for, load
from conformance.harness.errors import WrongUse
from conformance.harness.profiles import Profile
from conformance.harness.runtime import Runtime


@pytest.mark.parametrize(
    ("version", "package", "expected"),
    [("1.1.5+ds1", "1.1.5+ds1-1", True), ("1.3.6", "1.1.5+ds1-1", False), ("1.1.5", "1.1.15", False), ("", "", False)],
)
def test_an_entry_covers_versions_and_packages(*, version: str, package: str, expected: bool) -> None:
    """Both the version and the package have to be among those of the entry."""
    entry = Expectation(reason="because", test="t", versions="<1.2", packages="1.1.5+ds1-*")
    assert entry.covers(version, package) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("known = 1", "Expected `array`, got `int`"),
        ("[[known]]\ntest = 'a'", "missing required field `reason`"),
        ("[[known]]\ntest = 'a'\nreason = 'b'\nlevel = 'c'", "unknown field `level`"),
        ("[[known]]\nreason = 'b'", "it wants one of `test`, `requirement` and `finding`"),
        ("[[known]]\ntest = 'a'\nreason = 'b'\nversions = '1.1'", "Invalid specifier: '1.1'"),
        ("[[known]]\ntest = 'a'\nreason = 'b'\nverdict = 'passed'", "Invalid enum value 'passed'"),
        ("[[known]", "line 1"),
    ],
    ids=["shape", "reason", "field", "subject", "versions", "verdict", "toml"],
)
def test_a_file_that_can_not_be_used_is_told_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "known.toml"
    file.write_text(text)
    with pytest.raises(WrongUse) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_of_users_come_first_and_are_for_whom_they_name(tmp_path: Path) -> None:
    runtime = Runtime("build", ("/opt/build",), Profile("harbour", ""), version="1.4")
    for name, pattern in (("all", ""), ("profile", "harb*"), ("name", "build"), ("other", "lagoon")):
        head = f'runtime = "{pattern}"\n' if pattern else ""
        (tmp_path / name).write_text(f'{head}[[known]]\ntest = "*"\nreason = "{name}"\n')
    files = [str(tmp_path / name) for name in ("other", "name", "profile", "all")]
    assert [entry.reason for entry in expectations_for(runtime, files).known] == ["name", "profile", "all"]


def test_an_entry_can_list_one_verdict_only() -> None:
    crash, any_verdict = (Expectation(reason="because", test="t", verdict=each) for each in ("crashed", ""))
    assert crash.excuses("crashed") and not crash.excuses("violated")
    assert any_verdict.excuses("leaked")


@pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")
@pytest.mark.parametrize(("verdict", "status"), [("violated", 0), ("crashed", 1)])
def test_an_entry_of_the_user_excuses(
    run_pytest: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, verdict: str, status: int
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'[[known]]\nrequirement = "state.id"\nreason = "to be seen"\nverdict = "{verdict}"\n')
    chosen = ("conformance/oci/runtime/test_state.py", "-k", "carries_the_id", "-n0")
    done = run_pytest(*chosen, "--runtime-arg=--bug=state-id-wrong", f"--expectations={file}")
    assert done.returncode == status, done.stdout
    if status:
        assert "1 failed" in done.stdout
    else:
        gone = run_pytest(*chosen, f"--expectations={file}")
        assert gone.returncode == 1 and "NO LONGER KNOWN" in gone.stdout
