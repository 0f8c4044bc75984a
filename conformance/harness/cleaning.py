"""``seatrial clean``: remove what trials left behind whose guardian was killed too."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from conformance.harness.cri.cleaning import clean as clean_servers
from conformance.harness.trial import GUARDIAN, RUN


def clean() -> list[str]:
    """Remove what trials left that nobody guards any more, with their processes; returns what was removed."""
    links = [link for link in _entries(RUN) if link.is_symlink()]
    interpreter = os.path.realpath(sys.executable)
    command = [interpreter, "-I", "-S", str(GUARDIAN), "clean"]
    removed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    done = [f"cgroup {path}" for path in removed]
    for link in links:
        if not _is_guarded(link):
            link.unlink(missing_ok=True)
            done.append(f"link {link}")
    with suppress(OSError):
        RUN.rmdir()
    return done + clean_servers()


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_guarded(link: Path) -> bool:
    """Whether the guardian that a link leads to is still there."""
    try:
        pid = link.readlink().parts[2]
    except FileNotFoundError:  # it has just removed it
        return True
    try:
        return link.name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
