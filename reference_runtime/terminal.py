"""Terminals: a pseudoterminal of the container for its process, and its other side for whoever called."""

from __future__ import annotations

import fcntl
import os
import struct

from reference_runtime import libc, paths
from reference_runtime.errors import RuntimeFault
from reference_runtime.mount_options import MS_PRIVATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.run import Run

_TIOCSWINSZ = 0x5414
_TIOCGPTPEER = 0x5441
_TIOCSPTLCK = 0x40045431
_TIOCGPTN = 0x80045430


def connect(path: str) -> int:
    """A connection to the socket that wants the master of the terminal."""
    import socket  # noqa: PLC0415  # few containers have a terminal

    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        caller.connect(path)
    except OSError as problem:
        raise RuntimeFault(f"--console-socket {path}: {problem.strerror or problem}") from None
    return caller.detach()


def open_pair(run: Run) -> None:
    """Opens a terminal in the container's devpts, or the host's if it has none; the master goes to the caller."""
    flags = os.O_RDWR | os.O_NOCTTY
    try:
        master = libc.openat2(run.root, "dev/pts/ptmx", flags)
    except FileNotFoundError:
        master = os.open("/dev/ptmx", flags)
    try:
        run.slave = _prepare(run, master)
        _send(run.settings.console, master)
    finally:
        os.close(master)


def _prepare(run: Run, master: int) -> int:
    """The other side of the terminal, of the configured size, owned by the user of the process."""
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
    slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    size = run.process.get("consoleSize")
    if size:
        fcntl.ioctl(slave, _TIOCSWINSZ, struct.pack("HHHH", size["height"] & 0xFFFF, size["width"] & 0xFFFF, 0, 0))
    os.fchown(slave, run.process["user"]["uid"], -1)
    return slave


def _send(channel: int, master: int) -> None:
    import socket  # noqa: PLC0415  # imported before, by connect()

    name = f"/dev/pts/{struct.unpack('i', fcntl.ioctl(master, _TIOCGPTN, struct.pack('i', 0)))[0]}"
    with socket.socket(fileno=os.dup(channel)) as caller:
        socket.send_fds(caller, [name.encode()], [master])


def bind_console(run: Run) -> None:
    """Binds the terminal to /dev/console (config-linux.md, "Default Devices")."""
    tree = libc.open_tree("", libc.OPEN_TREE_CLONE | libc.AT_EMPTY_PATH, run.slave)
    libc.mount_setattr(tree, propagation=MS_PRIVATE)
    place = paths.place(run.root, "/dev/console", directory=False)
    libc.move_mount(tree, place, "/dev/console")
    os.close(place)
    os.close(tree)
