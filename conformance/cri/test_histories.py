"""Lives of sandboxes, containers and an image, legal and not: all answers, lists and statuses follow the rules.

A trial plays a few fixed ones; ``--fuzz-time`` and the longer profiles of ``--fuzz-profile`` draw more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import musts, proved_by
from conformance.fuzz.servers import Share
from conformance.fuzz.settings import settings_of
from conformance.harness.cri.playing import Player
from conformance.harness.cri.scene import CriScene
from strategies.pod_histories import SMOKE, WITH_IMAGE, histories

if TYPE_CHECKING:
    import pytest

    from strategies.pods import History


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The fixed histories, and one test that draws others when the run is to fuzz."""
    if "history" in metafunc.fixturenames:
        drawn = [] if settings_of(metafunc.config).steady else [None]
        metafunc.parametrize("history", [*SMOKE, *drawn], ids=["refused", "in-use", *["drawn" for _ in drawn]])


@proved_by("cri-container-start-twice-accepted", "cri-stop-ignored", "cri-remove-ignored", "cri-exit-code-lost")
@proved_by("cri-sandbox-stop-leaves-containers", "cri-container-state-stays-running", "cri-container-name-stays-taken")
@musts("cri.sandbox.ready", "cri.sandbox.stop.idempotent", "cri.sandbox.stop.containers", "cri.sandbox.metadata.unique")
@musts("cri.sandbox.remove", "cri.sandbox.remove.idempotent", "cri.sandbox.remove.containers")
@musts("cri.container.created", "cri.container.started", "cri.container.start.twice", "cri.container.stop.idempotent")
@musts("cri.container.remove.idempotent", "cri.container.remove.running", "cri.container.metadata.unique")
@musts("cri.container.state", "cri.container.exit-code")
def test_lives_follow_the_model(cri: CriScene, history: History | None, pytestconfig: pytest.Config) -> None:
    """Sandboxes and containers are made, misused and removed: answers, lists and statuses are those of the model."""
    if history is not None:
        Player(cri).play(history)
        return
    Share.of(pytestconfig).explore(histories(), lambda drawn: Player(cri).play(drawn))


@proved_by("cri-pull-ignored", "cri-image-remove-ignored", "cri-image-remove-twice-refused")
@musts("cri.image.pull", "cri.image.remove", "cri.image.remove.idempotent", "cri.container.image.required")
def test_an_image_follows_the_model(cri: CriScene) -> None:
    """An image is pulled, used and removed in all orders: answers, lists and statuses are those of the model."""
    cri.needs_registry()
    Player(cri).play(WITH_IMAGE)
