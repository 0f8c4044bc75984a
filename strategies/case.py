"""A case: one config with its surroundings, and what has to come of it."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strategies.edit import edited
from strategies.models import questions

if TYPE_CHECKING:
    from strategies.edit import Edit

VALID, INVALID, UNSPECIFIED = "valid", "invalid", "unspecified"


@dataclass(frozen=True)
class Case:
    """One config to try.

    ``verdict`` says whether the config has to be accepted and take effect (valid), has to be refused (invalid), or
    whether the specification leaves that open (unspecified); ``requirement`` names the sentence, and ``about`` says in
    a few words what is special, the same for all cases of one kind.  ``script`` are shell commands that lay the bundle
    out, ``under`` commands that change the process that calls create.  What is invalid is so by its last ``needed``
    edits and its script: without one of them it may be valid.
    """

    edits: tuple[Edit, ...] = ()
    verdict: str = VALID
    requirement: str = ""
    about: str = ""
    script: str = ""
    under: str = ""
    needed: int = 0

    def config(self) -> dict[str, Any]:
        """The whole config.json, in which the probe is also asked for what a valid config means."""
        config = edited(*self.edits)
        if self.verdict == VALID:
            for question in questions(config):
                question(config)
        return config

    def written(self) -> dict[str, Any]:
        """The case as plain JSON values, complete in themselves."""
        return {
            "config": self.config(),
            "edits": [repr(edit) for edit in self.edits],
            "verdict": self.verdict,
            "requirement": self.requirement,
            "about": self.about,
            "script": self.script,
            "under": self.under,
        }


@dataclass(frozen=True)
class Document:
    """The bytes of a config.json, as pieces that are repeated: an enormous one is still short to write down."""

    pieces: tuple[tuple[bytes, int], ...]

    def script(self) -> str:
        """Shell commands that write the document in the place of config.json."""
        return "{ " + "; ".join(_printed(*piece) for piece in self.pieces if piece[0]) + "; } >config.json"

    def content(self) -> bytes:
        """The document itself."""
        return b"".join(piece * times for piece, times in self.pieces)


def _printed(piece: bytes, times: int) -> str:
    once = f"printf %s {shlex.quote(base64.b64encode(piece).decode())} | base64 -d"
    if times == 1:
        return once
    return f"yes {shlex.quote(piece.decode())} | head -n {times} | tr -d '\\n'"
