import os
import subprocess
from collections.abc import Callable
from functools import cache

import pytest

Page = Callable[[str, str], list[str]]


@pytest.fixture(scope="session")
def page() -> Page:
    """The lines of a page in a version of the specification, in the checkout of SEATRIAL_RUNTIME_SPEC."""
    checkout = os.environ.get("SEATRIAL_RUNTIME_SPEC")
    if checkout is None:
        pytest.skip("SEATRIAL_RUNTIME_SPEC names no checkout of runtime-spec")

    @cache
    def lines(name: str, version: str) -> list[str]:
        command = ["git", "-C", checkout, "show", f"v{version}:{name}"]
        shown = subprocess.run(command, check=False, capture_output=True, text=True)
        return shown.stdout.splitlines()

    return lines
