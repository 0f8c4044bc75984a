"""What a container writes: into its log, and to whoever is attached."""

from __future__ import annotations

import os

from reference_runtime.cri.monitor.loop import READ, WRITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reference_runtime.cri.monitor.logfile import LogFile
    from reference_runtime.cri.monitor.loop import Loop

_BLOCK = 65536


class Output:
    """One stream of a container.

    A reader that is attached and slow makes the container wait, until the container has ended: then the log gets the
    rest at once, and the reader when it likes.
    """

    def __init__(self, loop: Loop, descriptor: int, name: str, log: LogFile) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._name = name
        self._log = log
        self._sinks: list[Sink] = []
        self.hurried = False
        self.ended = False
        loop.watch(descriptor, READ, self._read)

    @property
    def busy(self) -> bool:
        """Whether somebody attached still has something to get."""
        return any(sink.pending for sink in self._sinks)

    def attach(self, descriptor: int) -> None:
        """Writes to a further descriptor from now on, and owns it."""
        if self.ended:
            os.close(descriptor)
        else:
            self._sinks.append(Sink(self, self._loop, descriptor))

    def hurry(self) -> None:
        """The container has ended: nobody is waited for any more."""
        self.hurried = True
        self.go_on()

    def give_up(self) -> None:
        """Reads no more."""
        if not self.ended:
            self._end()

    def go_on(self) -> None:
        """Reads again, unless somebody attached has to be waited for."""
        if not self.ended and (self.hurried or not self.busy):
            self._loop.watch(self._descriptor, READ, self._read)

    def forget(self, sink: Sink) -> None:
        """Somebody has left."""
        if sink in self._sinks:
            self._sinks.remove(sink)
        self.go_on()

    def _read(self) -> None:
        try:
            output = os.read(self._descriptor, _BLOCK)
        except BlockingIOError:
            return
        except OSError:
            # EIO: nobody has the other side of the terminal open any more.
            output = b""
        if not output:
            self._end()
            return
        self._log.write(self._name, output)
        for sink in list(self._sinks):
            sink.send(output)
        if self.busy and not self.hurried:
            self._loop.unwatch(self._descriptor, READ)

    def _end(self) -> None:
        self.ended = True
        self._loop.unwatch(self._descriptor, READ)
        self._log.finish(self._name)
        for sink in list(self._sinks):
            sink.finish()


class Sink:
    """Somebody who is attached to an output."""

    def __init__(self, output: Output, loop: Loop, descriptor: int) -> None:
        self._output = output
        self._loop = loop
        self._descriptor = descriptor
        self._finished = False
        self.pending = b""
        os.set_blocking(descriptor, False)

    def send(self, output: bytes) -> None:
        """Passes output on, at once or as soon as it is read."""
        self.pending += output
        self._flush()

    def finish(self) -> None:
        """No more will come."""
        self._finished = True
        self._flush()

    def _flush(self) -> None:
        try:
            while self.pending:
                self.pending = self.pending[os.write(self._descriptor, self.pending) :]
        except BlockingIOError:
            self._loop.watch(self._descriptor, WRITE, self._flush)
            return
        except OSError:
            self._finished = True
            self.pending = b""
        self._loop.unwatch(self._descriptor, WRITE)
        if self._finished:
            self._output.forget(self)
            os.close(self._descriptor)
        else:
            self._output.go_on()
