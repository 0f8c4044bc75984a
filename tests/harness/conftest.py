"""What the tests of the harness share."""

from __future__ import annotations

import fcntl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def alone() -> Iterator[None]:
    """What one test leaves behind on purpose must not be cleaned up by another worker's."""
    with Path(tempfile.gettempdir(), "seatrial-cleaning.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
