"""Cases of the machine as they are written down: a history, a disaster or a misused command line, done once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.fuzz.machine.misusing import misuse
from conformance.fuzz.machine.nemesis import suffer
from conformance.fuzz.machine.player import Player, tolerated_by
from strategies.disasters import Disaster
from strategies.histories import Turn
from strategies.misuse import Misuse

if TYPE_CHECKING:
    from conformance.fuzz.attempts import Attempt, Bench
    from conformance.harness.runtime import Runtime
    from conformance.harness.scene import Scene
    from strategies.histories import History

    Thing = History | Disaster | Misuse

KIND = "machine"


def written(thing: Thing) -> dict[str, Any]:
    """A case as JSON."""
    kind = {Disaster: "disaster", Misuse: "misuse"}.get(type(thing), "history")
    return {kind: msgspec.to_builtins(thing)}


def act(scene: Scene, case: dict[str, Any]) -> None:
    """Do a case in a scene.  Raises a ``Violation`` for what the runtime is to blame for."""
    if "disaster" in case:
        suffer(scene, msgspec.convert(case["disaster"], Disaster))
    elif "misuse" in case:
        misuse(scene, msgspec.convert(case["misuse"], Misuse))
    else:
        Player(scene, tolerated_by(scene.runtime)).play(tuple(msgspec.convert(case["history"], list[Turn])))


def attempt(bench: Bench, runtime: Runtime, case: dict[str, Any]) -> Attempt:
    """Try a case, and tell what came of it."""
    return bench.attempt(runtime, lambda scene: act(scene, case))
