"""What the project's own tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture
def run_pytest(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run pytest in the project with these arguments; its cache and findings go to a folder of the test."""

    def run(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        own = ["-p", "no:cacheprovider", f"--findings={tmp_path / 'findings'}"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SEATRIAL_"))}
        return subprocess.run(
            [sys.executable, "-m", "pytest", *own, *arguments],
            cwd=ROOT,
            env=clean | {"NO_COLOR": "1", "COLUMNS": "160"} | (environment or {}),
            capture_output=True,
            text=True,
            timeout=3000,
            check=False,
        )

    return run
