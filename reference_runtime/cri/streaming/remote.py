"""Exec and attach once the streams are there: bytes between a program and a client, and at last its status."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from reference_runtime.cri.streaming.backend import Process, StreamFailed
from reference_runtime.cri.streaming.inbox import Inbox

_CHUNK = 1 << 15
_PIPE_BUF = 4096  # a pipe that can be written to takes as much without blocking
_LAST_WORDS = 1.0  # seconds that a program has to take what a client sent before it left
_SETTLED = 0.05  # seconds in which what an ended program wrote to a terminal comes out of it
_LAST = 1 << 20  # as much as can be in a pipe
_TRUNCATED = 1 << 16


class Channels(Protocol):
    """The streams of a client, however they are carried; those that it did not ask for swallow what is sent."""

    structured: bool  # whether the status is JSON, as since v4, or text

    def inbox(self, name: str) -> Inbox:
        """What the client sends on "stdin" or "resize"."""
        ...

    def send(self, name: str, data: bytes) -> None:
        """Send on "stdout", "stderr" or "error".  ``OSError`` when the client is gone."""
        ...

    def finish(self, name: str) -> None:
        """Nothing more comes on this one."""
        ...

    def end(self) -> None:
        """All is said; what the client still sends is dropped."""
        ...


class Session:
    """One exec or attach.  ``start`` is called when it runs; ``tells`` says that the client wants the exit status."""

    def __init__(self, start: Callable[[], Process], channels: Channels, *, tells: bool, bugs: Collection[str]) -> None:
        self._start = start
        self._channels = channels
        self._tells = tells
        self._bugs = bugs
        self._facts: queue.SimpleQueue[int | StreamFailed | None] = queue.SimpleQueue()
        self._left = threading.Event()
        self._muted = False
        self._over = self._end_it = -1

    def leave(self) -> None:
        """The client is gone.  May be called at any time, from any thread."""
        self._left.set()
        self._facts.put(None)

    def run(self) -> None:
        """Start the program, and stay until it ended or the client is gone."""
        self._over, self._end_it = os.pipe()
        try:
            process = self._start()
        except StreamFailed as problem:
            os.close(self._end_it)
            self._conclude(_success() if "cri-stream-error-missing" in self._bugs else _failed(str(problem)))
        else:
            ended = self._attend(process)
            process.close()
            if isinstance(ended, StreamFailed):
                self._conclude(_failed(str(ended)))
            elif ended is not None:
                self._conclude(self._status(ended))
        finally:
            os.close(self._over)
            self._channels.end()

    def _attend(self, process: Process) -> int | StreamFailed | None:
        """Carry bytes until the program ended, whose status is returned, or until the client is gone."""
        pumps = [
            _thread(self._pump, descriptor, name)
            for descriptor, name in ((process.stdout, "stdout"), (process.stderr, "stderr"))
            if descriptor is not None
        ]
        feeder = _thread(self._feed, process.stdin)
        _thread(self._resize, process)
        _thread(self._await, process)
        ended = self._facts.get()
        if ended is None:
            feeder.join(_LAST_WORDS)
        os.close(self._end_it)
        for pump in pumps:
            pump.join()
        self._channels.inbox("stdin").close()
        feeder.join()
        return ended

    def _await(self, process: Process) -> None:
        try:
            self._facts.put(process.wait())
        except StreamFailed as problem:
            self._facts.put(problem)

    def _pump(self, descriptor: int, name: str) -> None:
        """From the program to the client, to the end of the stream or of the program."""
        target = "stdout" if "cri-stream-stderr-mixed" in self._bugs else name
        left = _TRUNCATED if "cri-stream-truncated" in self._bugs else sys.maxsize
        lost = "cri-stream-stdout-lost" in self._bugs and name == "stdout"
        lost |= "cri-attach-silent" in self._bugs and not self._tells
        try:
            for data in self._output(descriptor):
                if left > 0 and not lost and not self._muted:
                    self._channels.send(target, data[:left])
                left -= len(data)
        except OSError:
            self.leave()
        finally:
            os.close(descriptor)

    def _output(self, descriptor: int) -> Iterator[bytes]:
        """What the program writes, until nobody has the stream open any more, or the program ended, or the client left.

        Others may have inherited the stream and hold it open: after the end of the program only what is there counts.
        """
        last = _LAST
        while not self._left.is_set() and last > 0:
            ready = select.select([descriptor, self._over], [], [])[0]
            if descriptor not in ready and not select.select([descriptor], [], [], _SETTLED)[0]:
                return
            try:
                data = os.read(descriptor, _CHUNK)
            except OSError:  # EIO: nobody has the terminal open
                return
            if not data:
                return
            if self._over in ready:
                last -= len(data)
            yield data

    def _feed(self, descriptor: int | None) -> None:
        """From the client to the program; what it does not take is dropped, or the client would be stuck."""
        inbox = self._channels.inbox("stdin")
        while (data := inbox.get()) is not None:
            if descriptor is None or "cri-stream-stdin-ignored" in self._bugs:
                continue
            try:
                self._write(descriptor, data)
            except OSError:
                os.close(descriptor)
                descriptor = None
        self._muted = "cri-stream-stdin-closes-all" in self._bugs
        if "cri-stream-stdin-kept-open" in self._bugs:
            select.select([self._over], [], [])
        if descriptor is not None:
            os.close(descriptor)

    def _write(self, descriptor: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            over, writable, _ = select.select([self._over], [descriptor], [])
            if not writable:
                raise BrokenPipeError("the program has ended") if over else AssertionError
            view = view[os.write(descriptor, view[:_PIPE_BUF]) :]

    def _resize(self, process: Process) -> None:
        inbox = self._channels.inbox("resize")
        text = ""
        while (data := inbox.get()) is not None:
            text += data.decode(errors="replace")
            while (parsed := _first_size(text)) is not None:
                (width, height), text = parsed
                if "cri-stream-resize-swapped" in self._bugs:
                    width, height = height, width
                if "cri-stream-resize-ignored" not in self._bugs:
                    process.resize(width, height)

    def _status(self, ended: int) -> dict[str, object]:
        if not self._tells or ended == 0 or "cri-stream-status-zero" in self._bugs:
            return _success()
        return {
            "metadata": {},
            "status": "Failure",
            "message": f"the program ended with exit status {ended}",
            "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": str(ended)}]},
        }

    def _conclude(self, status: dict[str, object]) -> None:
        """Close the output, then tell the status: a client has all the output once it has that."""
        text = json.dumps(status).encode()
        if not self._channels.structured:
            text = str(status["message"]).encode() if status["status"] == "Failure" else b""
        with contextlib.suppress(OSError):
            self._channels.finish("stdout")
            self._channels.finish("stderr")
            if text and "cri-stream-status-missing" not in self._bugs:
                self._channels.send("error", text)
            self._channels.finish("error")


def _thread(work: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def _first_size(text: str) -> tuple[tuple[int, int], str] | None:
    """The first size in a sequence of JSON documents, and what follows; None while it is not complete."""
    try:
        size, end = json.JSONDecoder().raw_decode(text.lstrip())
        return (int(size["Width"]), int(size["Height"])), text.lstrip()[end:]
    except (ValueError, KeyError, TypeError):
        return None


def _success() -> dict[str, object]:
    return {"metadata": {}, "status": "Success"}


def _failed(message: str) -> dict[str, object]:
    return {
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "InternalError",
        "details": {"causes": [{"message": message}]},
        "code": 500,
    }
