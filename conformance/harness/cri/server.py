"""The CRI server under test, behind its socket."""

from __future__ import annotations

import socket
import stat
import struct
from dataclasses import dataclass, field, replace
from pathlib import Path

from conformance.harness.cri import protocol
from conformance.harness.cri.client import Answer, Client
from conformance.harness.errors import WrongUse
from conformance.harness.profiles import Profile, profile_for
from conformance.harness.runtime import package_version, sha256_of

#: How long a server may take to say what it is, in seconds.
PATIENCE = 10.0
SO_PEERCRED_SIZE = struct.calcsize("3i")


@dataclass(frozen=True)
class Server:
    """A server that answers.

    ``address`` is ``unix:///…``; ``kind`` and ``version`` are its own words; ``pid`` is its process on this host (0
    when it can not be seen), ``path`` that process's program, ``package`` the version of the distribution's package
    that owns it; ``claims`` is the newest API that it says it knows, as a release of Kubernetes ("" when unknown).
    """

    name: str
    address: str
    kind: str
    version: str
    profile: Profile = field(hash=False, compare=False)
    pid: int = 0
    path: str = ""
    package: str = ""
    sha256: str = ""
    claims: str = ""
    arguments: tuple[str, ...] = ()

    def named(self, name: str) -> Server:
        """The same server under another name."""
        return replace(self, name=name)

    def describe(self) -> str:
        """One line: name, version, socket, program, package."""
        package = f", package {self.package}" if self.package else ""
        program = f", {self.path}" if self.path else ""
        return f"{self.kind} {self.version} ({self.address}{program}{package})"


def find(address: str) -> Server:
    """The server at a socket.  Raises ``WrongUse`` when there is none or it is no CRI server."""
    path = socket_path(address)
    pid = listener(path, address)
    client = Client(f"unix://{path}", PATIENCE)
    try:
        answer = client.call("Version", protocol.message("VersionRequest"), PATIENCE)
    finally:
        client.close()
    if not answer.good:
        raise WrongUse(f"--cri={address}: {_reason(answer)}; give the socket of a CRI v1 server")
    kind, version = answer.message.runtime_name, answer.message.runtime_version
    profile, plain = profile_for(f"{kind} {version}")
    program = _program(pid)
    return Server(
        name=kind or "unnamed",
        address=f"unix://{path}",
        kind=kind,
        version=plain or version,
        profile=profile,
        pid=pid,
        path=program,
        package=package_version(program) if program else "",
        sha256=sha256_of(Path(program)) if program else "",
        claims=profile.claimed_spec(plain or version),
    )


def socket_path(address: str) -> str:
    """The path of a Unix socket from an address with or without a scheme.  Raises ``WrongUse`` for other schemes."""
    scheme, found, rest = address.partition("://")
    if found and scheme != "unix":
        raise WrongUse(f"--cri={address}: only Unix sockets can be tried, as unix:///run/containerd/containerd.sock")
    return str(Path(rest if found else address).absolute())


def listener(path: str, address: str) -> int:
    """The process that listens on a socket, by its pid, or 0 when it can not be seen.

    Raises ``WrongUse`` when nobody does.
    """
    try:
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            raise WrongUse(f"--cri={address}: it is not a socket")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(path)
            raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, SO_PEERCRED_SIZE)
    except FileNotFoundError:
        raise WrongUse(f"--cri={address}: there is no such socket; is the server running?") from None
    except ConnectionRefusedError:
        raise WrongUse(f"--cri={address}: nobody listens on it; is the server running?") from None
    except PermissionError:
        raise WrongUse(f"--cri={address}: permission denied; run it as root (sudo pytest …)") from None
    except OSError as problem:
        raise WrongUse(f"--cri={address}: {problem.strerror or problem}") from None
    return int(struct.unpack("3i", raw)[0])


def _reason(answer: Answer) -> str:
    if answer.code == "UNIMPLEMENTED":
        return "it does not know runtime.v1, so it is no CRI v1 server"
    if answer.code in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
        return f"it does not answer as a CRI server does ({' '.join(answer.text.split())[:120] or answer.code})"
    return f"Version is refused with {answer.code}: {answer.text[:120]}"


def _program(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/exe").readlink()) if pid else ""
    except OSError:
        return ""
