"""What a violation leaves behind shows it to anyone with a shell, and tells a faulty runtime from a sound one."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    RunPytest = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")

REFERENCE = [sys.executable, "-I", "-S", str(ROOT / "reference_runtime" / "__main__.py")]

#: A page, words of its tests' names, a fault that they notice, by the kind of fact that the script looks at again.
CASES = [
    pytest.param("config", "umask", "umask-dropped", id="report"),
    pytest.param("config", "exec_inherits_the_umask", "exec-umask-ignored", id="exec"),
    pytest.param("config", "recursive_option_sets", "mount-recursive-only-top", id="mounts"),
    pytest.param("config", "mode_of_a_tmpfs", "mount-data-dropped", id="action"),
    pytest.param("config", "runs_its_hooks_in_order", "hooks-reversed", id="tags"),
    pytest.param("config", "told_the_status", "hooks-stdin-empty", id="hooks"),
    pytest.param("runtime", "kill_of_a_stopped", "kill-accepts-stopped", id="status"),
    pytest.param("runtime", "state", "state-bundle-wrong", id="state"),
]


@pytest.mark.parametrize(("page", "words", "fault"), CASES)
def test_the_script_tells_the_faulty_runtime_from_the_sound_one(
    run_pytest: RunPytest, tmp_path: Path, page: str, words: str, fault: str
) -> None:
    done = run_pytest(f"conformance/oci/{page}", "-k", words, "--strict-levels", f"--runtime-arg=--bug={fault}")
    scripts = sorted((tmp_path / "findings").rglob("run.sh"))
    assert done.returncode == 1 and scripts, done.stdout[-3000:] + done.stderr
    for script in scripts:
        assert _status(script) in {1, 2}, script
        assert _status(script, RUNTIME=shlex.join(REFERENCE)) in {0, 2}, script
    assert any(_status(script) == 1 for script in scripts)


def _status(script: Path, **variables: str) -> int:
    command = ["sh", str(script)]
    return subprocess.run(command, env=os.environ | variables, capture_output=True, timeout=60, check=False).returncode
