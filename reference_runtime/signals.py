"""Signals by name, and the signals that the interpreter itself has bent."""

from __future__ import annotations

import ctypes
import os

from reference_runtime import faults
from reference_runtime.constants import SIGNALS, SIGRTMAX, SIGRTMIN
from reference_runtime.errors import RuntimeFault
from reference_runtime.libc import libc

_SIG_DFL, _SIG_IGN = 0, 1
_DEADLY = ("HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "TERM", "VTALRM", "PROF", "IO", "PWR")


def number(word: str) -> int:
    """The number of a signal given as ``TERM``, ``SIGTERM``, ``15`` or ``RTMIN+1``; 0 only asks, as kill(2) has it."""
    name = word.upper().removeprefix("SIG")
    if word.isascii() and word.isdigit():
        value = int(word)
    elif name.startswith("RTMIN"):
        value = SIGRTMIN + _offset(name[5:], word)
    elif name.startswith("RTMAX"):
        value = SIGRTMAX + _offset(name[5:], word)
    else:
        value = SIGNALS.get(name, 0)
    if faults.has("signals-unchecked"):
        return value if 1 <= value <= SIGRTMAX else 0
    if not 1 <= value <= SIGRTMAX and word != "0":
        raise RuntimeFault(f"there is no signal {word!r}")
    return value


def _offset(text: str, word: str) -> int:
    if not text:
        return 0
    if text[0] not in "+-" or not text[1:].isdigit():
        raise RuntimeFault(f"there is no signal {word!r}")
    return int(text)


def restore_defaults() -> None:
    """Undoes what the interpreter does to signals at its start: a program inherits what is ignored."""
    for name in ("PIPE", "XFSZ"):
        libc.signal(SIGNALS[name], ctypes.c_void_p(_SIG_DFL))


def end_on_signals() -> None:
    """Lets the first process of a PID namespace die of signals before it has a program.

    The kernel spares such a process every signal that it has no handler for.  The handler is _exit(2) itself: safe at
    any moment, and gone with the next execve.
    """
    handler = ctypes.cast(libc["_exit"], ctypes.c_void_p) if os.getpid() == 1 else ctypes.c_void_p(_SIG_DFL)
    libc.signal.restype = ctypes.c_void_p
    for name in _DEADLY:
        if libc.signal(SIGNALS[name], handler) == _SIG_IGN:
            libc.signal(SIGNALS[name], ctypes.c_void_p(_SIG_IGN))
