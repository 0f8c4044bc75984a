"""seccomp(2): a filter into the kernel, and what the kernel knows."""

from __future__ import annotations

import ctypes

from reference_runtime.errors import RuntimeFault
from reference_runtime.libc import syscall
from reference_runtime.seccomp.names import FLAG_NEW_LISTENER, FLAG_TSYNC_ESRCH, FLAGS

_SET_MODE_FILTER = 1
_INSTRUCTION_SIZE = 8
_EFAULT = 14


class _Program(ctypes.Structure):
    """struct sock_fprog (linux/filter.h)."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(program: bytes, flags: int) -> int | None:
    """Filter the system calls of this thread from now on; returns the notification descriptor if the flags ask for one.

    Needs no_new_privs or CAP_SYS_ADMIN in the thread's user namespace: without the first, filters must be installed
    before capabilities are dropped. With TSYNC every other thread is filtered too. RuntimeFault names the cause.
    """
    if flags & FLAG_NEW_LISTENER and flags & FLAGS["SECCOMP_FILTER_FLAG_TSYNC"]:
        # The two answers, a descriptor and the thread in the way, would be told by the same number.
        flags |= FLAG_TSYNC_ESRCH
    argument = _Program(len(program) // _INSTRUCTION_SIZE, program)
    try:
        result = syscall("seccomp", _SET_MODE_FILTER, flags, ctypes.byref(argument))
    except OSError as error:
        raise RuntimeFault(f"linux.seccomp: the filter can not be installed: {error.strerror}") from error
    if flags & FLAG_NEW_LISTENER:
        return result
    if result > 0:
        raise RuntimeFault(f"linux.seccomp.flags: thread {result} can not be given the same filter")
    return None


def supported_flags() -> list[str]:
    """The names of the flags that this kernel has: it looks at them before it looks for the program."""
    # WAIT_KILLABLE_RECV is valid only beside NEW_LISTENER.
    return [name for name, bit in FLAGS.items() if _knows(bit) or _knows(bit | FLAG_NEW_LISTENER)]


def _knows(flags: int) -> bool:
    try:
        syscall("seccomp", _SET_MODE_FILTER, flags, None)
    except OSError as error:
        return error.errno == _EFAULT
    return False
