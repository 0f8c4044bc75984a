"""What the oracles raise: one exception each, so that one failure does not hide another."""

from __future__ import annotations

from conformance.harness.errors import Violation


class Judged(Violation):
    """The verdict of an oracle; ``about`` is what all failures of one cause have in common."""

    oracle = ""

    def __init__(self, reason: str, about: str = "", requirement: str = "") -> None:
        super().__init__(reason)
        self.about, self.requirement = about, requirement


class ValidRefused(Judged):
    """A config that the specification allows was refused."""

    oracle = "refused"


class InvalidAccepted(Judged):
    """A config that the specification forbids was accepted."""

    oracle = "accepted"


class RefusedInSilence(Judged):
    """An operation was refused without a word about why."""

    oracle = "silent"


class RefusedWithTraces(Judged):
    """A refused operation has changed something."""

    oracle = "traces"


class EffectDiffers(Judged):
    """The program saw something else than the config says."""

    oracle = "effect"


class EqualsDiffer(Judged):
    """Two configs that mean the same have had different effects."""

    oracle = "unequal"


class RuntimesDiffer(Judged):
    """Runtimes do not agree on a case."""

    oracle = "differs"
