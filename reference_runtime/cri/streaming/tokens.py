"""One-time tokens: what stands for a request in an URL."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Generic, TypeVar

from reference_runtime.cri.streaming.backend import StreamFailed

_LIFETIME = 60.0  # seconds
_MOST = 1000

T = TypeVar("T")


class Tokens(Generic[T]):
    """Requests that wait for their client, each under a token that nobody can guess."""

    def __init__(self, *, reusable: bool = False, lifetime: float = _LIFETIME) -> None:
        self._waiting: dict[str, tuple[float, T]] = {}
        self._lock = threading.Lock()
        self._reusable = reusable
        self._lifetime = lifetime

    def issue(self, request: T) -> str:
        """A token for a request.  ``StreamFailed`` when too many wait."""
        now = time.monotonic()
        with self._lock:
            self._waiting = {token: entry for token, entry in self._waiting.items() if entry[0] > now}
            if len(self._waiting) >= _MOST:
                raise StreamFailed("too many streams wait for their clients")
            token = secrets.token_urlsafe(12)
            self._waiting[token] = now + self._lifetime, request
        return token

    def redeem(self, token: str) -> T | None:
        """The request, once; None when there is none, or no more."""
        with self._lock:
            until, request = (
                self._waiting.get(token, (0.0, None)) if self._reusable else self._waiting.pop(token, (0.0, None))
            )
        return request if until > time.monotonic() else None
