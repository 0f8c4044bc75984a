"""``run`` and ``exec`` in the foreground: this process hands on signals and the terminal, and ends like the program."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import sys
import termios
import tty

from reference_runtime import lifecycle
from reference_runtime.creation import create
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.run import Settings
    from reference_runtime.store import Container

#: Signals that are about this process itself, or can not be caught.
_OWN = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGURG, signal.SIGWINCH}
_BLOCK = 65536


def run_container(container: Container, settings: Settings, values: dict[str, Any]) -> int:
    """Creates and starts a container; unless detached, waits for its end and deletes it.

    Returns the exit status of its program, 128 and the signal's number if that killed it.
    """
    terminal = None if values["detach"] else Terminal(settings)
    create(container, settings, os.path.abspath(values["pid-file"]) if values["pid-file"] else "")
    try:
        if terminal:
            terminal.take()
        lifecycle.start(container)
    except BaseException:
        lifecycle.delete(container, force=True)
        raise
    if terminal is None:
        return 0
    try:
        return wait_for(container.pid, terminal)
    finally:
        if not values["keep"]:
            lifecycle.delete(container, force=True)


class Terminal:
    """The terminal of a program in the foreground, joined with our own standard streams.

    Where no --console-socket wants it, it is sent to ourselves.
    """

    def __init__(self, settings: Settings) -> None:
        self.receiver: socket.socket | None = None
        self.master = -1
        self._before: list[Any] = []
        if settings.console < 0:
            self.receiver, sender = socket.socketpair()
            settings.console = sender.detach()

    def take(self) -> None:
        """Takes the master, if one was sent.  What is no terminal shall get lines as the program writes them."""
        if self.receiver is None or self.master >= 0:
            return
        self.receiver.setblocking(False)
        try:
            self.master = socket.recv_fds(self.receiver, 4096, 1)[1][0]
        except (BlockingIOError, IndexError):
            return
        if not os.isatty(1):
            modes = termios.tcgetattr(self.master)
            modes[tty.OFLAG] &= ~termios.ONLCR
            termios.tcsetattr(self.master, termios.TCSANOW, modes)

    def begin(self) -> None:
        """Makes our own terminal pass everything on."""
        self.take()
        if self.master >= 0 and os.isatty(0):
            self._before = termios.tcgetattr(0)
            tty.setraw(0)
            self.resize()
            signal.signal(signal.SIGWINCH, lambda *_: self.resize())

    def resize(self) -> None:
        """Gives the container's terminal the size of ours."""
        size = fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def end(self) -> None:
        """Shows what is still to be read, and gives our terminal back as it was."""
        if self.master >= 0:
            os.set_blocking(self.master, False)
            while self.show():
                pass
        if self._before:
            termios.tcsetattr(0, termios.TCSADRAIN, self._before)

    def show(self) -> bool:
        """Passes output on; False when there is none."""
        try:
            output = os.read(self.master, _BLOCK)
        except OSError:
            # EIO: the program has closed the terminal. EAGAIN: there is nothing more.
            return False
        sys.stdout.flush()
        _write_all(1, output)
        return bool(output)


def _write_all(descriptor: int, text: bytes) -> None:
    while text:
        text = text[os.write(descriptor, text) :]


def wait_for(pid: int, terminal: Terminal) -> int:
    """Waits for our child, the program, and for nothing but it; returns its exit status."""
    _forward_signals(pid)
    terminal.begin()
    try:
        if terminal.master >= 0:
            _pass_on(pid, terminal)
        while True:
            ended, status = os.waitpid(-1, 0)
            if ended == pid:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
    except ChildProcessError:
        raise RuntimeFault("the program is no child of this process: its exit status can not be known") from None
    finally:
        terminal.end()


def _forward_signals(pid: int) -> None:
    def forward(number: int, _: object) -> None:
        os.kill(pid, number)

    for number in signal.valid_signals() - _OWN:
        try:
            signal.signal(number, forward)
        except (OSError, ValueError):
            continue


def _pass_on(pid: int, terminal: Terminal) -> None:
    """Moves bytes between the two terminals until the program ends."""
    ended = os.pidfd_open(pid)
    waiting = select.poll()
    for descriptor in (0, terminal.master, ended):
        waiting.register(descriptor, select.POLLIN)
    while True:
        ready = dict(waiting.poll())
        if terminal.master in ready and not terminal.show():
            waiting.unregister(terminal.master)
        elif 0 in ready and not _read_keys(terminal):
            waiting.unregister(0)
        elif ended in ready:
            os.close(ended)
            return


def _read_keys(terminal: Terminal) -> bool:
    try:
        keys = os.read(0, _BLOCK)
    except OSError:
        return False
    _write_all(terminal.master, keys)
    return bool(keys)
