"""``seatrial clean``: remove what trials left behind whose guardian was killed too."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from conformance.harness.cri.cleaning import clean as clean_servers
from conformance.harness.sweeping import is_guarded
from conformance.harness.trial import RUN


def clean() -> list[str]:
    """Remove what trials left that nobody guards any more, with their processes; returns what was removed."""
    command = [sys.executable, "-m", "conformance.harness.sweeping"]
    removed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    done = [f"cgroup {path}" for path in removed]
    for link in _entries(RUN):
        if link.is_symlink() and not is_guarded(link):
            link.unlink(missing_ok=True)
            done.append(f"link {link}")
    with suppress(OSError):
        RUN.rmdir()
    return done + clean_servers()


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
