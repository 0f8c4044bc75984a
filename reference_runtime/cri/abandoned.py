"""What servers with ``--ephemeral`` have left that were killed: the next one of them removes it."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import glob
import json
import os
import tempfile

from reference_runtime.cri.errors import Refused, Unusable
from reference_runtime.cri.parts import Parts
from reference_runtime.cri.settings import LOCK, PREFIX, Settings

_NOTE = "settings.json"


def note(settings: Settings) -> None:
    """Writes down how to remove what a server makes.  Done while its state is locked: what is noted is owned."""
    if settings.temporary:
        with open(os.path.join(settings.temporary, _NOTE), "w", encoding="utf-8") as file:
            json.dump(dataclasses.asdict(settings), file)


def remove() -> None:
    """Removes what belonged to servers that are gone."""
    for path in glob.glob(os.path.join(tempfile.gettempdir(), f"{PREFIX}*", _NOTE)):
        with contextlib.suppress(OSError, ValueError, TypeError, Refused, Unusable):
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
            runtimes = {name: tuple(words) for name, words in document.pop("runtimes").items()}
            settings = Settings(**document, runtimes=runtimes)
            if not _is_owned(settings):
                Parts(settings).remove_everything()


def _is_owned(settings: Settings) -> bool:
    with open(os.path.join(settings.state, LOCK), encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
