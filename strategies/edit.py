"""Edits: functions on a config.json that print as the Python that makes them."""

from __future__ import annotations

from copy import deepcopy
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from strategies.calls import Call, Part, bound, signature_without
from strategies.config import base_config
from strategies.versions import VERSIONS, lowest_version, newest

if TYPE_CHECKING:
    from collections.abc import Callable

Config = dict[str, Any]
P = ParamSpec("P")

#: Stands in ociVersion while edits are applied: whatever else is found there afterwards, an edit wanted.
UNDECIDED = "to be decided"


class Edit(Call):
    """One change to a config.json, not made yet; call it with a config to make it, in place."""

    def __call__(self, config: Config) -> None:
        """Change ``config`` in place.  What is missing on the way, or is not an object or a list, is made anew."""
        self.carry_out(config)

    @property
    def since(self) -> str:
        """The oldest version of the specification that knows all that this edit writes, such as "1.1.0"."""
        blank: Config = {}
        self(blank)
        return lowest_version(blank)


def edit(change: Callable[Concatenate[Config, P], None]) -> Callable[P, Edit]:
    """Turn a function that changes a config into one that returns the change as an ``Edit``.

    The function takes the config first; callers give only what follows.
    """
    signature = signature_without(change, 1)

    @wraps(change)
    def make(*args: P.args, **kwargs: P.kwargs) -> Edit:
        return Edit(change.__name__, *bound(signature, args, kwargs), change)

    vars(make)["__signature__"] = signature
    return make


def part(build: Callable[P, dict[str, Any]]) -> Callable[P, Part]:
    """Turn a function that builds a piece of config.json into one that returns the call as a ``Part``."""
    signature = signature_without(build, 0)

    @wraps(build)
    def make(*args: P.args, **kwargs: P.kwargs) -> Part:
        return Part(build.__name__, *bound(signature, args, kwargs), build)

    return make


def edited(*edits: Edit, base: Config | None = None) -> Config:
    """A copy of ``base`` (the base config by default) with the edits applied in order.

    ``ociVersion`` becomes the oldest version that knows every field in use, but not older than the base's.  An edit
    that sets or drops it has the last word, and a base without one stays without.
    """
    config = base_config() if base is None else deepcopy(base)
    wanted = config.get("ociVersion")
    if wanted is not None:
        config["ociVersion"] = UNDECIDED
    for change in edits:
        change(config)
    if config.get("ociVersion") == UNDECIDED:
        config["ociVersion"] = newest(wanted, lowest_version(config)) if wanted in VERSIONS else wanted
    return config
