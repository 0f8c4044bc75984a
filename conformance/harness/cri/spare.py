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
from conformance.harness.cri.containerd import PAUSE, SOCKET, SPARE_CONFIG, WORKSPACE
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


class Containerd:
    """A containerd beside the one of these namespaces, with the same settings and folders of its own."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="spare-", dir=WORKSPACE))
        self._socket = self._folder / "containerd.sock"
        self.address = f"unix://{self._socket}"
        config = SPARE_CONFIG.read_text().replace(str(SOCKET), str(self._socket))
        config = config.replace(f'root = "{WORKSPACE}/root"', f'root = "{self._folder}/root"')
        config = config.replace(f'state = "{SOCKET.parent}"', f'state = "{self._folder}/state"')
        (self._folder / "config.toml").write_text(config)
        self.start()
        self._import_pause()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        argv = [str(self._program), "--config", str(self._folder / "config.toml")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self._folder / "log").read_text(errors="replace")[-2000:]
                raise HarnessError(f"a second containerd did not start: {said}")
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
        ctr = [str(self._program.with_name("ctr")), "-a", str(self._socket), "-n", "k8s.io"]
        done = subprocess.run(
            [*ctr, "images", "import", f"{WORKSPACE}/pause.tar"], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise HarnessError(f"{PAUSE} could not be imported into a second containerd: {done.stderr[-500:]}")


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
    if path == SOCKET and SPARE_CONFIG.exists() and server.path:
        return Containerd(Path(server.path))
    pytest.skip("not here: the server is not the suite's own, so it is not killed: see `A containerd of your own`")
