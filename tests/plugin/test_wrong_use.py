"""Wrong use ends in one clear line and exit status 4."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    RunPytest = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("--runtime=/nonexistent/runtime", "no such file"),
        ("--runtime=no-such-runtime", "not found in PATH"),
        ("--runtime=/etc/passwd", "not an executable file"),
        ("--runtime=/bin/true", "not an OCI runtime"),
        ("--level=perhaps", "choose one of must, should, may"),
        ("--timeout=never", "a number of seconds"),
        ("--spec-version=2", "a release of the runtime specification"),
        ("--requirement=proces.rlimits", "did you mean process.rlimits?"),
        ("--results=/proc/seatrial/results.jsonl", "can not be written"),
        ("--keep-bundles=/proc/seatrial", "can not be written"),
        ("--alluredir=/proc/seatrial", "can not be written"),
        ("--baseline=/nonexistent/results.jsonl", "/nonexistent/results.jsonl: No such file or directory"),
        ("--baseline=/etc/passwd", "line 1 is not a result record"),
        ("--baseline=/dev/null", "there are no results in it"),
        ("--expectations=/nonexistent/known.toml", "/nonexistent/known.toml: No such file or directory"),
        ("--expectations=/etc/passwd", "/etc/passwd: "),
    ],
)
@pytest.mark.parametrize("workers", ["0", "2"], ids=["one", "two"])
def test_wrong_use_is_one_line(run_pytest: RunPytest, argument: str, expected: str, workers: str) -> None:
    done = run_pytest("conformance/oci", argument, "-n", workers)
    lines = [line for line in done.stderr.splitlines() if line]
    assert done.returncode == 4
    assert len(lines) == 1 and lines[0].startswith("ERROR: ") and expected in lines[0], done.stderr


def test_an_unknown_requirement_in_a_test_is_told_with_the_nearest(run_pytest: RunPytest, tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text('from conformance import musts\n\n@musts("process.umaks")\ndef test_it(run): pass\n')
    done = run_pytest(str(test), "--runtime=reference")
    assert done.returncode == 4
    assert "unknown requirement process.umaks; did you mean process.umask?" in done.stderr


def test_without_privilege_it_says_what_to_do() -> None:
    # Only the question is answered as for somebody else: they might not be able to read this interpreter.
    code = (
        "import os, sys; os.geteuid = lambda: 65534; "
        "import pytest; sys.exit(pytest.main(['-p', 'no:cacheprovider', 'conformance/oci/runtime', '--co']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "run it as root" in done.stderr


def test_the_plugin_keeps_out_of_other_projects(run_pytest: RunPytest, tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_it(): pass\n")
    done = run_pytest("--rootdir", str(tmp_path), str(tmp_path / "test_other.py"))
    assert done.returncode == 0
    assert "runtime:" not in done.stdout
