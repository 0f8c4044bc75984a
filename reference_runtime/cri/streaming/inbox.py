"""What came from a client for one stream and was not yet consumed: bounded, to slow the client down, too."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

LIMIT = 1 << 20  # bytes


class Inbox:
    """Chunks of bytes in order; None, for ever, once the client has closed the stream or is gone.

    ``consumed`` is told the size of each chunk that was taken.
    """

    def __init__(self, consumed: Callable[[int], None] = lambda _: None) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._void = False
        self._changed = threading.Condition()
        self._consumed = consumed

    def put(self, data: bytes) -> None:
        """Append a chunk; blocks while there is too much.  After ``close`` it is dropped."""
        with self._changed:
            self._changed.wait_for(lambda: self._size < LIMIT or self._void)
            if data and not self._void and not self._ended:
                self._chunks.append(data)
                self._size += len(data)
                self._changed.notify_all()

    def get(self) -> bytes | None:
        """The next chunk, as soon as there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._ended or self._void)
            if self._void or not self._chunks:
                return None
            data = self._chunks.popleft()
            self._size -= len(data)
            self._changed.notify_all()
        self._consumed(len(data))
        return data

    def end(self) -> None:
        """The client will send no more; what is there can still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody will take more: what is there is dropped."""
        with self._changed:
            self._void = True
            self._chunks.clear()
            self._size = 0
            self._changed.notify_all()
