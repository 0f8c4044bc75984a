"""The included CRI server, started as any other is."""

from __future__ import annotations

import importlib.util
import select
import signal
import socket
import subprocess
import sys
import time
from functools import cache

from conformance.harness.cri.claim import Claim
from conformance.harness.cri.cleaning import REFERENCE
from conformance.harness.errors import WrongUse

MODULE = "reference_runtime.cri"
#: How long it may take to listen, and to end, in seconds.
PATIENCE = 20.0


def command() -> list[str]:
    """How it is started.  Raises ``WrongUse`` when it is not there."""
    if importlib.util.find_spec("reference_runtime") is None or importlib.util.find_spec(MODULE) is None:
        raise WrongUse("--cri=reference: the reference server is not installed beside this package: reinstall seatrial")
    return [sys.executable, "-m", MODULE]


@cache
def faults() -> frozenset[str]:
    """The names that its ``--bug`` takes."""
    told = subprocess.run([sys.executable, "-m", MODULE, "--bugs"], capture_output=True, text=True, check=False)
    return frozenset(line.split()[0] for line in told.stdout.splitlines() if line.strip())


class Reference:
    """A reference server of this process's own, with a deliberate fault when one is named."""

    def __init__(self, bug: str = "", *, lasting: bool = False, heritage: Claim | None = None) -> None:
        """Start it, and wait until it listens.  Raises ``WrongUse`` when it does not.

        A lasting one leaves what it has when it is stopped; the next one, when it is started again, does not.  The
        heritage is what another one has left.
        """
        self._command = [*command(), *(["--bug", bug] if bug else [])]
        self._claim = heritage or Claim.new(REFERENCE)
        self.folder = self._claim.folder
        self.address = f"unix://{self.folder}/cri.sock"
        self._lasting = lasting
        self._start()

    def start(self) -> None:
        """Start it again, with what the earlier one has left.  Raises ``WrongUse`` when it does not listen."""
        self._lasting = False
        self._start()

    def _start(self) -> None:
        kept = ["--root", f"{self.folder}/root", "--state", f"{self.folder}/state"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*self._command, "--listen", self.address, *([] if self._lasting else ["--ephemeral"]), *kept],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def kill(self) -> None:
        """End it as a crash does: nothing is put in order."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it in good order."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def close(self) -> None:
        """End it, and remove what it had."""
        self.stop()
        if self._lasting:
            self.start()
            self.stop()
        self._claim.release()

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.folder / "cri.sock")) == 0

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "log").read_text(errors="replace").strip().splitlines()
                self.close()
                raise WrongUse(f"--cri=reference: it did not start: {said[-1] if said else 'it said nothing'}")
            select.select([], [], [], 0.02)
