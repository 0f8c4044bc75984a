"""Lays out what a case needs on the host, such as a small filesystem: not every host lets us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.harness.errors import HarnessError

if TYPE_CHECKING:
    from conformance.harness.container import Container


def lay_out(container: Container, script: str) -> None:
    """Run shell commands in the folder of a container; what this host refuses can not be tried here."""
    try:
        container.prepare(script)
    except HarnessError as problem:
        pytest.skip(f"not here: {problem}")
