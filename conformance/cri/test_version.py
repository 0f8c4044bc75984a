"""Version (api.proto, RuntimeService)."""

from __future__ import annotations

from conformance.harness.cri.objects import Sandbox
from conformance.harness.cri.scene import CriScene


def test_version(cri: CriScene) -> None:
    """It tells."""
    assert cri.call("Version").version


def test_run(pod: Sandbox) -> None:
    """It runs."""
    inside = pod.run()
    assert inside.pid == 1
    assert inside.exit_status == 0
