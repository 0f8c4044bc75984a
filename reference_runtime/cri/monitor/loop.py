"""Waiting for many descriptors and for the ends of children, in one thread."""

from __future__ import annotations

import os
import select
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[[], None]

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
#: As many statuses of children nobody has asked for yet are remembered: a program can end before its number is known.
_MOST_STRAYS = 1000


class Loop:
    """Calls functions when descriptors are ready and when children end."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._handlers: dict[tuple[int, int], Handler] = {}
        self._children: dict[int, Callable[[int], None]] = {}
        self._strays: dict[int, int] = {}
        self._wakeup, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self.watch(self._wakeup, READ, self._reap)

    def watch(self, descriptor: int, what: int, handler: Handler) -> None:
        """Calls ``handler`` whenever the descriptor can be read, or written."""
        before = self._mask(descriptor)
        self._handlers[descriptor, what] = handler
        if before:
            self._poll.modify(descriptor, before | what)
        else:
            self._poll.register(descriptor, what)

    def unwatch(self, descriptor: int, what: int) -> None:
        """Calls no more."""
        if self._handlers.pop((descriptor, what), None) is None:
            return
        left = self._mask(descriptor)
        if left:
            self._poll.modify(descriptor, left)
        else:
            self._poll.unregister(descriptor)

    def _mask(self, descriptor: int) -> int:
        return sum(what for what in (READ, WRITE) if (descriptor, what) in self._handlers)

    def expect(self, pid: int, handler: Callable[[int], None]) -> None:
        """Calls ``handler`` with the wait status of a child when it has ended; at once if it has."""
        if pid in self._strays:
            handler(self._strays.pop(pid))
        else:
            self._children[pid] = handler

    def alive(self, pid: int) -> bool:
        """Whether a child that is expected has not ended: its number can then be no other process's."""
        return pid in self._children

    def _reap(self) -> None:
        os.read(self._wakeup, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if handler := self._children.pop(pid, None):
                handler(status)
            else:
                self._strays[pid] = status
                if len(self._strays) > _MOST_STRAYS:
                    self._strays.pop(next(iter(self._strays)))

    def run_while(self, wanted: Callable[[], bool], seconds: float | None = None) -> bool:
        """Goes on while ``wanted()`` holds; False when that took longer than ``seconds``."""
        end = None if seconds is None else time.monotonic() + seconds
        while wanted():
            left = -1 if end is None else end - time.monotonic()
            if end is not None and left <= 0:
                return False
            self._turn(left)
        return True

    def _turn(self, seconds: float) -> None:
        for descriptor, events in self._poll.poll(seconds):
            # A descriptor at its end or broken is an affair of whoever reads or writes it.
            ended = events & (select.EPOLLHUP | select.EPOLLERR)
            for what in (READ, WRITE):
                handler = self._handlers.get((descriptor, what))
                if handler and (events & what or ended):
                    handler()
