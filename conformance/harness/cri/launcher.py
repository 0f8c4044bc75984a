"""Start a CRI server of one's own together with a command, and end it with the command.

What is special about a server is told by a subclass of ``Launcher``: its settings, its command line, its pause image.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import sys
import time
from abc import ABC, abstractmethod
from contextlib import chdir, suppress
from pathlib import Path
from typing import ClassVar

from conformance.harness import guardian
from conformance.harness.cri.surroundings import Surroundings

#: How long a server may take to listen, in seconds.
PATIENCE = 30.0
CAP_SYS_RESOURCE = 24
#: Where the suite's registries listen: no other program is in the network namespace, so the port is free.
REGISTRY = "127.0.0.1:5000"
REGISTRIES = (REGISTRY, "127.0.0.2:5000", "127.0.0.3:5000")
NETWORK = """\
{{"cniVersion": "0.4.0", "name": "seatrial", "plugins": [
  {{"type": "bridge", "bridge": "seatrial0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
    "ipam": {{"type": "host-local", "dataDir": "{workspace}/addresses",
              "ranges": [[{{"subnet": "10.213.0.0/16"}}]], "routes": [{{"dst": "0.0.0.0/0"}}]}}}},
  {{"type": "portmap", "capabilities": {{"portMappings": true}}}}
]}}
"""


class Launcher(ABC):
    """What process 1 of the namespaces does.

    ``name`` is the server's, ``socket`` where it listens, ``workspace`` what it and the suite may write to, and
    ``places`` are folders outside of /run that it writes to whatever its settings say.  ``more_options`` are those that
    only this server has, by their default and help, and ``helpers`` those that name a program which must be there.
    ``settings`` is the file with the server's settings, and ``own`` are the paths in it that no other server may have:
    they tell how one more can be started beside it.
    """

    name: ClassVar[str]
    socket: ClassVar[Path]
    workspace: ClassVar[Path]
    places: ClassVar[tuple[str, ...]]
    settings: ClassVar[Path]
    own: ClassVar[tuple[str, ...]]
    more_options: ClassVar[dict[str, tuple[str, str]]] = {}
    helpers: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.program = Path(shutil.which(options.server) or "").resolve()
        self.environment = {**os.environ, "PATH": f"{self.program.parent}:{os.environ.get('PATH', '')}"}
        self.log = Path(options.log or self.workspace / "log")
        self.ended: dict[int, int] = {}

    @abstractmethod
    def configure(self) -> None:
        """Write the server's settings."""

    @staticmethod
    @abstractmethod
    def command_line(program: Path, settings: Path) -> list[str]:
        """How to start it."""

    @staticmethod
    @abstractmethod
    def import_pause(program: Path, address: Path) -> list[str]:
        """The command that makes the pause image known to a server which listens there; [] when it pulls it."""

    def run(self) -> int:
        """Start the server, run the command, and stop the server; returns the command's exit status."""
        (self.workspace / "cni").mkdir(parents=True)
        (self.workspace / "cni/10-seatrial.conflist").write_text(NETWORK.format(workspace=self.workspace))
        self.configure()
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        with chdir(self.workspace):  # where a server may leave files
            daemon = self.start(self.command_line(self.program, self.settings), output=log)
        if not self.until_listening(daemon):
            print(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
            return 2
        importing = self.import_pause(self.program, self.socket)
        if importing and self.wait(self.start(importing, output=log)) != 0:
            print(f"{self.name}: the pause image could not be imported", file=sys.stderr)
            return 2
        self.environment |= {"SEATRIAL_CRI": f"unix://{self.socket}", "SEATRIAL_CRI_REGISTRY": REGISTRY}
        status = self.wait(self.start(self.options.command))
        with suppress(ChildProcessError, ProcessLookupError):
            os.kill(daemon, signal.SIGTERM)
            self.wait(daemon)
        return status

    def start(self, argv: list[str], output: int | None = None) -> int:
        """Start a program; returns its pid."""
        actions = [] if output is None else [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
        return os.posix_spawnp(
            argv[0], argv, self.environment, file_actions=actions, setsigdef=[*guardian.DEAF_TO, signal.SIGPIPE]
        )

    def wait(self, pid: int) -> int:
        """Reap whatever ends until this program has; returns its exit status as a shell has it."""
        while pid not in self.ended:
            ended, status = os.waitpid(-1, 0)
            self.ended[ended] = os.waitstatus_to_exitcode(status)
        code = self.ended[pid]
        return code if code >= 0 else 128 - code

    def until_listening(self, daemon: int) -> bool:
        """Wait until the server takes connections; False when it ended or took too long."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if os.waitpid(daemon, os.WNOHANG)[0] == daemon:
                return False
            with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
                client.connect(str(self.socket))
                return True
            time.sleep(0.02)
        return False


def launch(kind: type[Launcher], description: str | None, arguments: list[str] | None) -> int:
    """The main function of a launcher's module; returns the command's exit status, or 2 after one line of why not."""
    parser = argparse.ArgumentParser(prog=f"python -m {kind.__module__}", description=description)
    parser.add_argument(f"--{kind.name}", dest="server", default=kind.name, metavar="PATH", help="the server's program")
    parser.add_argument("--runtime", default="runc", metavar="PATH", help="the OCI runtime below it")
    parser.add_argument("--plugins", default="/usr/lib/cni", metavar="FOLDER", help="where the CNI plugins are")
    parser.add_argument("--log", default="", metavar="FILE", help="where the server's log goes")
    for option, (default, told) in kind.more_options.items():
        parser.add_argument(f"--{option}", default=default, metavar="NAME", help=told)
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    options = parser.parse_args(arguments)
    helpers = [getattr(options, name) for name in kind.helpers]
    wrong = wrong_use(options, [options.server, options.runtime, *helpers, options.command[0]])
    if wrong:
        print(f"{kind.name}: {wrong}", file=sys.stderr)
        return 2
    return Surroundings(kind.name, kind.places).run(lambda: kind(options).run())


def wrong_use(options: argparse.Namespace, programs: list[str]) -> str:
    """Why this can not be done here, in one line; "" when it can."""
    if os.geteuid() != 0:
        return "it needs namespaces and mounts: run it as root"
    for name in programs:
        if shutil.which(name) is None:
            return f"there is no program {name}"
    for plugin in ("bridge", "portmap", "host-local", "loopback"):
        if not Path(options.plugins, plugin).exists():
            return f"{options.plugins} has no CNI plugin {plugin}; name their folder with --plugins"
    return ""


def may_lower_oom_score() -> bool:
    """Whether the sandbox's score can be as low as the kubelet wants it: that takes CAP_SYS_RESOURCE."""
    effective = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff"))
    return bool(int(effective.split()[1], 16) >> CAP_SYS_RESOURCE & 1)
