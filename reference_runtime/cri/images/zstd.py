"""Zstandard, by its own library: Python's knows the format from 3.14 on only."""

from __future__ import annotations

import ctypes
import io
from typing import IO, Any

from reference_runtime.cri.errors import Failed

_NAMES = ("libzstd.so.1", "libzstd.so")
_BLOCK = 1 << 17


class _Buffer(ctypes.Structure):
    """ZSTD_inBuffer and ZSTD_outBuffer of zstd.h: where, how much, how far."""

    _fields_ = (("place", ctypes.c_void_p), ("size", ctypes.c_size_t), ("position", ctypes.c_size_t))


def opened(file: IO[bytes]) -> IO[bytes]:
    """The file uncompressed.  Failed when there is no library."""
    return io.BufferedReader(_Stream(_library(), file), _BLOCK)


def _library() -> Any:
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.ZSTD_createDStream.restype = ctypes.c_void_p
        library.ZSTD_decompressStream.restype = ctypes.c_size_t
        library.ZSTD_getErrorName.restype = ctypes.c_char_p
        return library
    raise Failed("a layer is compressed with zstd, and there is no libzstd here: install it (Debian: libzstd1)")


class _Stream(io.RawIOBase):
    """Reads a compressed file, frame after frame."""

    def __init__(self, library: Any, file: IO[bytes]) -> None:
        self._library = library
        self._file = file
        self._stream = ctypes.c_void_p(library.ZSTD_createDStream())
        self._raw = b""
        self._given = _Buffer(None, 0, 0)
        self._unfinished = False
        #: Whether the library may have more than the last buffer could take.
        self._full = False

    def readable(self) -> bool:
        """For the buffer around it."""
        return True

    def readinto(self, target: Any) -> int:
        """Fills a buffer as far as the next piece goes; 0 at the end of the file."""
        made = (ctypes.c_char * len(target)).from_buffer(target)
        taken = _Buffer(ctypes.addressof(made), len(target), 0)
        while not taken.position:
            if not self._full and self._given.position == self._given.size and not self._refill():
                return 0
            self._turn(taken)
        return int(taken.position)

    def _refill(self) -> bool:
        self._raw = self._file.read(_BLOCK)
        self._given = _Buffer(ctypes.cast(ctypes.c_char_p(self._raw), ctypes.c_void_p), len(self._raw), 0)
        if not self._raw and self._unfinished:
            raise Failed("a layer is broken: it ends in the middle of what zstd has compressed")
        return bool(self._raw)

    def _turn(self, taken: _Buffer) -> None:
        code = self._library.ZSTD_decompressStream(self._stream, ctypes.byref(taken), ctypes.byref(self._given))
        if self._library.ZSTD_isError(ctypes.c_size_t(code)):
            raise Failed(f"a layer is broken: {self._library.ZSTD_getErrorName(ctypes.c_size_t(code)).decode()}")
        self._unfinished, self._full = bool(code), taken.position == taken.size

    def close(self) -> None:
        """Gives the library its memory back."""
        if self._stream:
            self._library.ZSTD_freeDStream(self._stream)
            self._stream = ctypes.c_void_p(None)
        super().close()
