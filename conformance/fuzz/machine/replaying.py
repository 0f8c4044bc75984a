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
    from conformance.harness.errors import Violation
    from conformance.harness.runtime import Runtime
    from conformance.harness.scene import Scene
    from strategies.histories import History

KIND = "machine"


def written(thing: History | Disaster | Misuse) -> dict[str, Any]:
    """A case as JSON; bytes that are no text are escaped."""
    if isinstance(thing, Disaster):
        return {"disaster": msgspec.to_builtins(thing)}
    if isinstance(thing, Misuse):
        words = [word.encode("utf-8", "surrogateescape").hex() for word in thing.words]
        return {"misuse": msgspec.to_builtins(thing._replace(words=tuple(words)))}
    return {"history": msgspec.to_builtins(thing)}


def act(scene: Scene, case: dict[str, Any]) -> None:
    """Do a case in a scene.  Raises a ``Violation`` for what the runtime is to blame for."""
    if "disaster" in case:
        suffer(scene, msgspec.convert(case["disaster"], Disaster))
    elif "misuse" in case:
        told = msgspec.convert(case["misuse"], Misuse)
        words = (bytes.fromhex(word).decode("utf-8", "surrogateescape") for word in told.words)
        misuse(scene, told._replace(words=tuple(words)))
    else:
        Player(scene, tolerated_by(scene.runtime)).play(tuple(msgspec.convert(case["history"], list[Turn])))


def attempt(bench: Bench, runtime: Runtime, case: dict[str, Any]) -> Attempt:
    """Try a case, and tell what came of it."""
    return bench.attempt(runtime, lambda scene: act(scene, case))


def replay(bench: Bench, runtime: Runtime, case: dict[str, Any]) -> Violation | None:
    """Try a case once more; returns what it violated."""
    return attempt(bench, runtime, case).problem
