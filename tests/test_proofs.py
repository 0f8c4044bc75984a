"""Every conformance test can fail: each one notices the deliberate faults that it names."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable


@pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")
@pytest.mark.parametrize("part", ["oci/runtime", "oci/config", "oci/config_linux", "oci/runtime_linux", "fuzz"])
def test_each_fault_is_noticed(run_pytest: Callable[..., subprocess.CompletedProcess[str]], part: str) -> None:
    done = run_pytest(f"conformance/{part}", "--prove", "-q")
    if done.returncode:
        missed = re.findall(r"^(?:FAILED|ERROR|BROKEN) .*$", done.stdout, re.MULTILINE)
        pytest.fail("\n".join(missed) or done.stdout[-4000:] + done.stderr[-4000:], pytrace=False)
