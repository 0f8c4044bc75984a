"""One more server like the one under test, which can be killed and started again: where the suite started that itself.

The one under test may be in use by other tests at the same time, so it is left alone.
"""

from __future__ import annotations

import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from conformance.harness.cri.cleaning import REFERENCE
from conformance.harness.cri.containerd import Containerd
from conformance.harness.cri.crio import Crio
from conformance.harness.cri.launcher import Launcher
from conformance.harness.cri.node import Node
from conformance.harness.cri.reference import Reference
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.server import find, socket_path
from conformance.harness.errors import HarnessError, WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.harness.cri.server import Server

#: How long a server may take to listen, and to end, in seconds.
PATIENCE = 30.0


class Process(Protocol):
    """A server that this process has started."""

    address: str

    def start(self) -> None:
        """Start it again, after it was killed."""

    def kill(self) -> None:
        """End it as a crash does."""

    def stop(self) -> None:
        """End it in good order; what runs below it goes on."""

    def close(self) -> None:
        """End it for good."""


class Beside:
    """A server beside the one of these namespaces, with the same settings and folders of its own."""

    def __init__(self, kind: type[Launcher], program: Path) -> None:
        self._kind, self._program = kind, program
        self._folder = Path(tempfile.mkdtemp(prefix="spare-", dir=kind.workspace))
        self._socket = self._folder / kind.socket.name
        self.address = f"unix://{self._socket}"
        settings = kind.settings.read_text()
        for path in kind.own:
            settings = settings.replace(f'"{path}"', f'"{self._folder}/{Path(path).name}"')
        (self._folder / "settings").write_text(settings)
        self.start()
        self._import_pause()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        argv = self._kind.command_line(self._program, self._folder / "settings")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder)
        deadline = time.monotonic() + PATIENCE
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self._folder / "log").read_text(errors="replace")[-2000:]
                raise HarnessError(f"a second {self._kind.name} did not start: {said}")
            select.select([], [], [], 0.02)

    def kill(self) -> None:
        """End it as a crash does: its shims, and the containers below them, go on."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it as an administrator does, who wants to start it again."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def close(self) -> None:
        """End it for good."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self._socket)) == 0

    def _import_pause(self) -> None:
        importing = self._kind.import_pause(self._program, self._socket)
        if not importing:
            return
        done = subprocess.run(importing, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            name = self._kind.name
            raise HarnessError(f"the pause image could not be imported into a second {name}: {done.stderr[-500:]}")


class Spare:
    """A server to be killed, and a scene on it that writes into the journal of the test's own."""

    def __init__(self, process: Process, cri: CriScene) -> None:
        self._process = process
        self.node = Node(self._found(cri.server), cri.node.settings, cri.node.supply)
        self.cri = CriScene(self.node)
        self.cri.journal = cri.journal

    def _found(self, like: Server) -> Server:
        deadline = time.monotonic() + PATIENCE
        while True:  # it listens before it can answer
            try:
                return find(self._process.address).named(like.name)
            except WrongUse as problem:
                if time.monotonic() > deadline:
                    raise HarnessError(f"the second server does not answer: {problem}") from None
            select.select([], [], [], 0.05)

    def kill(self) -> None:
        """Kill the server."""
        self._process.kill()

    def stop(self) -> None:
        """Stop the server in good order, as for an update of it."""
        self._process.stop()

    def start(self) -> None:
        """Start the server again, and connect to it."""
        self._process.start()
        self.node.reconnect(self._found(self.node.server))
        self.cri.follow_server()


@contextmanager
def spare(cri: CriScene) -> Iterator[Spare]:
    """A server like the one under test for the length of the block; skips the test where the suite can start none."""
    process = _another(cri.server)
    try:
        held = Spare(process, cri)
        try:
            yield held
            held.cri.settle()
        except BaseException:
            held.cri.abandon()
            raise
        finally:
            held.node.close()
    finally:
        process.close()


def _another(server: Server) -> Process:
    path = Path(socket_path(server.address))
    if path.parent.name.startswith(REFERENCE):
        return Reference(server.name.partition("!")[2], lasting=True)
    for kind in (Containerd, Crio):
        if path == kind.socket and kind.settings.exists() and server.path:
            return Beside(kind, Path(server.path))
    pytest.skip("not here: the server is not the suite's own, so it is not killed: see `A server of your own`")
