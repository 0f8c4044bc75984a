"""The system calls that Python does not offer: one wrapper each, named as the call, and one function for errors.

Every wrapper raises ``OSError`` whose ``strerror`` begins with the name of the call.  Nothing here knows what a
container is.  Numbers below 424 differ between architectures, later ones do not (asm-generic/unistd.h).
"""

from __future__ import annotations

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

_COMMON = {
    "open_tree": 428,
    "move_mount": 429,
    "close_range": 436,
    "openat2": 437,
    "mount_setattr": 442,
    "set_mempolicy_home_node": 450,
}
_BY_MACHINE = {
    "x86_64": {
        "ioprio_set": 251,
        "keyctl": 250,
        "bpf": 321,
        "capset": 126,
        "pivot_root": 155,
        "sched_setattr": 314,
        "seccomp": 317,
        "set_mempolicy": 238,
    },
    "aarch64": {
        "ioprio_set": 30,
        "keyctl": 219,
        "bpf": 280,
        "capset": 91,
        "pivot_root": 41,
        "sched_setattr": 274,
        "seccomp": 277,
        "set_mempolicy": 237,
    },
}
MACHINE = os.uname().machine
NUMBERS = _COMMON | _BY_MACHINE.get(MACHINE, {})

AT_FDCWD = -100
AT_RECURSIVE = 0x8000
AT_EMPTY_PATH = 0x1000
OPEN_TREE_CLONE = 1
OPEN_TREE_CLOEXEC = os.O_CLOEXEC
MOVE_MOUNT_F_EMPTY_PATH = 0x4
MOVE_MOUNT_T_EMPTY_PATH = 0x40
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_IN_ROOT = 0x10
CLOSE_RANGE_CLOEXEC = 4
KEYCTL_JOIN_SESSION_KEYRING = 1
IOPRIO_WHO_PROCESS = 1
_MOST_RETRIES = 1000


class MountAttr(ctypes.Structure):
    """struct mount_attr of mount_setattr(2)."""

    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


class OpenHow(ctypes.Structure):
    """struct open_how of openat2(2)."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def oserror(call: str, path: str | None = None) -> OSError:
    """The error that the last call left in errno, with the name of the call before the words of the system."""
    number = ctypes.get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}", path)


def syscall(name: str, *arguments: object, path: str | None = None) -> int:
    """A raw system call by name.  Integers are passed 64 bits wide; bytes, arrays and byref() as pointers."""
    if name not in NUMBERS:
        raise OSError(38, f"{name}: not known on {MACHINE}", path)
    wide = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result: int = libc.syscall(ctypes.c_long(NUMBERS[name]), *wide)
    if result < 0:
        raise oserror(name, path)
    return result


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Attaches a filesystem; an empty string is passed as it is, except ``data``, which becomes NULL."""
    words = (os.fsencode(source), os.fsencode(target), os.fsencode(kind))
    if libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(data) if data else None):
        raise oserror("mount", target)


def umount2(target: str, flags: int) -> None:
    """Detaches a mount."""
    if libc.umount2(os.fsencode(target), flags):
        raise oserror("umount2", target)


def open_tree(path: str, flags: int, directory: int = AT_FDCWD) -> int:
    """Opens the mount at ``path``, or with OPEN_TREE_CLONE a detached copy of it."""
    return syscall("open_tree", directory, os.fsencode(path), flags | OPEN_TREE_CLOEXEC, path=path)


def move_mount(tree: int, target: int, name: str = "") -> None:
    """Attaches the mount behind one descriptor onto the place behind another."""
    flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
    syscall("move_mount", tree, b"", target, b"", flags, path=name)


def mount_setattr(  # noqa: PLR0913  # as many as the call has
    tree: int, *, attr_set: int = 0, attr_clr: int = 0, propagation: int = 0, userns: int = 0, recursive: bool = False
) -> None:
    """Changes the attributes of the mount behind a descriptor."""
    attr = MountAttr(attr_set, attr_clr, propagation, userns)
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    syscall("mount_setattr", tree, b"", flags, ctypes.byref(attr), ctypes.sizeof(attr))


def openat2(directory: int, path: str, flags: int, resolve: int = RESOLVE_IN_ROOT) -> int:
    """Opens a path below a directory; by default no symbolic link leads out of it."""
    how = OpenHow(flags | os.O_CLOEXEC, 0, resolve)
    words = (directory, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
    for _ in range(_MOST_RETRIES):
        try:
            return syscall("openat2", *words, path=path)
        except BlockingIOError:
            # Anything mounted or renamed on the host meanwhile makes the kernel give up on a "..".
            continue
    return syscall("openat2", *words, path=path)


def pivot_root(new: str, old: str) -> None:
    """Changes the root of the mount namespace."""
    syscall("pivot_root", os.fsencode(new), os.fsencode(old), path=new)


def unshare(flags: int) -> None:
    """Moves the caller into new namespaces."""
    if libc.unshare(ctypes.c_int(flags)):
        raise oserror("unshare")


def setns(descriptor: int, kind: int, path: str) -> None:
    """Moves the caller into a namespace; ``path`` is for the message only."""
    if libc.setns(descriptor, kind):
        raise oserror("setns", path)


def execve(path: str, argv: list[str], env: list[str]) -> None:
    """Replaces the program of the caller.

    Unlike os.execve it passes the strings as they are: entries of the same name, or without a name, stay.
    """
    libc.execve(path.encode(), _strings(argv), _strings(env))
    raise oserror("execve", path)


def _strings(words: list[str]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * (len(words) + 1))(*[word.encode() for word in words], None)


def prctl(option: int, *arguments: int) -> int:
    """Asks or changes an attribute of the calling process."""
    words = [ctypes.c_ulong(word) for word in (*arguments, 0, 0, 0, 0)[:4]]
    result: int = libc.prctl(ctypes.c_int(option), *words)
    if result < 0:
        raise oserror("prctl")
    return result


def adopt_orphans() -> None:
    """Makes the caller the parent of every descendant whose own parent ends (PR_SET_CHILD_SUBREAPER)."""
    prctl(36, 1)


def sethostname(name: str) -> None:
    """Names the host in the UTS namespace of the caller."""
    raw = os.fsencode(name)
    if libc.sethostname(raw, ctypes.c_size_t(len(raw))):
        raise oserror("sethostname")


def setdomainname(name: str) -> None:
    """Names the domain in the UTS namespace of the caller."""
    raw = os.fsencode(name)
    if libc.setdomainname(raw, ctypes.c_size_t(len(raw))):
        raise oserror("setdomainname")


def personality(persona: int) -> None:
    """Sets the execution domain of the caller."""
    if libc.personality(ctypes.c_ulong(persona)) < 0:
        raise oserror("personality")


def close_range(first: int, last: int = 0xFFFFFFFF, flags: int = 0) -> None:
    """Closes a range of descriptors, or with CLOSE_RANGE_CLOEXEC marks them to be closed by execve."""
    syscall("close_range", first, last, flags)


def socket_for_ioctl() -> int:
    """A socket that network devices can be asked and changed through, netdevice(7)."""
    descriptor: int = libc.socket(2, 2 | os.O_CLOEXEC, 0)
    if descriptor < 0:
        raise oserror("socket")
    return descriptor


def new_session_keyring(name: str) -> None:
    """Joins a new session keyring."""
    syscall("keyctl", KEYCTL_JOIN_SESSION_KEYRING, os.fsencode(name))


def ioprio_set(value: int) -> None:
    """Sets the I/O priority of the caller."""
    syscall("ioprio_set", IOPRIO_WHO_PROCESS, 0, value)
