"""The session of a process: its keyring, its process group, its controlling terminal."""

from __future__ import annotations

import errno
import fcntl
import os

from reference_runtime import faults, libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.run import Run

_TIOCSCTTY = 0x540E


def begin(run: Run) -> None:
    """Begins a new session, and unless told otherwise gives it a keyring of its own."""
    os.setsid()
    if run.settings.keyring:
        try:
            libc.new_session_keyring(f"_ses.{run.id}")
        except OSError as problem:
            # A kernel without keyrings, or a user with too many, has none to protect.
            if problem.errno not in {errno.ENOSYS, errno.EDQUOT, errno.EPERM}:
                raise


def adopt_terminal(run: Run) -> None:
    """Makes the container's terminal, if it has one, the session's own and the standard streams."""
    if run.slave < 0:
        return
    if not faults.has("controlling-terminal-missing"):
        fcntl.ioctl(run.slave, _TIOCSCTTY, 0)
    for stream in (0, 1, 2):
        os.dup2(run.slave, stream)
    os.close(run.slave)
    run.slave = -1
