"""A runtime that was never started, and a finding of it."""

from __future__ import annotations

import pytest

from conformance.harness.profiles import profiles
from conformance.harness.runtime import Runtime


@pytest.fixture
def runtime() -> Runtime:
    profile = next(profile for profile in profiles() if profile.name == "generic")
    return Runtime("ship", ("/bin/ship",), profile, version="1.0")
