"""The runtime under test, behind its command line."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from conformance.harness.errors import WrongUse
from conformance.harness.profiles import Profile, profile_for

COMMANDS = ("create", "start", "state", "kill", "delete")


@dataclass(frozen=True)
class Runtime:
    """A runtime that can be called.

    ``argv`` starts it, ``arguments`` are the global flags given by the user, ``version`` is its own word for it,
    ``package`` the version of the distribution's package that owns the file ("" when none does), ``claims`` the newest
    release of the specification that it says it knows ("" when it does not say).
    """

    name: str
    argv: tuple[str, ...]
    profile: Profile = field(hash=False, compare=False)
    arguments: tuple[str, ...] = ()
    version: str = ""
    spec: str = ""
    package: str = ""
    sha256: str = ""
    help: str = field(default="", repr=False)
    claims: str = ""

    def knows(self, command: str) -> bool:
        """Whether its help names a command."""
        return re.search(rf"\b{re.escape(command)}\b", self.help) is not None

    @property
    def path(self) -> str:
        """The file that is the runtime: the last word of ``argv``."""
        return self.argv[-1]

    def named(self, name: str) -> Runtime:
        """The same runtime under another name."""
        return replace(self, name=name)

    def describe(self) -> str:
        """One line: name, version, path, package, hash."""
        package = f", package {self.package}" if self.package else ""
        arguments = f", with {' '.join(self.arguments)}" if self.arguments else ""
        return f"{self.name} {self.version} ({self.path}{package}, sha256 {self.sha256[:12]}{arguments})"

    def command(self, root: Path, *words: str) -> list[str]:
        """The whole command line of one operation, with its state below ``root``."""
        flags = [*self.profile.arguments, *self.arguments, "--root", str(root)]
        return [*self.argv, *flags, *words]


def find(name: str, arguments: tuple[str, ...] = ()) -> Runtime:
    """The runtime named by a path, a name in PATH, or ``reference``.

    Raises ``WrongUse`` when there is no such program or it is not an OCI runtime.
    """
    argv = _argv(name)
    output, text = _ask(argv, "--version"), _ask(argv, "--help")
    if "spec" not in output and not all(re.search(rf"\b{command}\b", text) for command in COMMANDS):
        raise WrongUse(f"{argv[-1]} is not an OCI runtime: it does not name {', '.join(COMMANDS)} in its help")
    profile, version = profile_for(output)
    spec = re.search(r"^spec:\s*(\S+)", output, re.MULTILINE)
    return Runtime(
        name=name,
        argv=argv,
        profile=profile,
        arguments=arguments,
        version=version,
        spec=spec[1] if spec else "",
        package="" if name == "reference" else package_version(argv[-1]),
        sha256=sha256_of(Path(argv[-1])),
        help=text,
        claims=_claims(argv, profile, version),
    )


def faults_of_the_reference() -> frozenset[str]:
    """The names that ``--bug`` of the reference runtime takes."""
    return frozenset(line.split()[0] for line in _ask(_argv("reference"), "--bugs").splitlines() if line.strip())


def _argv(name: str) -> tuple[str, ...]:
    if name == "reference":
        package = importlib.util.find_spec("reference_runtime")
        if package is None or package.origin is None:
            raise WrongUse("the reference runtime is not installed beside this package: reinstall seatrial")
        main = Path(package.origin).with_name("__main__.py")
        return (os.path.realpath(sys.executable), "-I", "-S", str(main))
    path = shutil.which(name)
    if path is None and Path(name).exists():
        raise WrongUse(f"--runtime={name}: it is not an executable file")
    if path is None:
        where = "no such file" if "/" in name else "not found in PATH"
        raise WrongUse(f"--runtime={name}: {where}; give the path of an OCI runtime, or `reference`")
    return (str(Path(path).absolute()),)


def _ask(argv: tuple[str, ...], word: str) -> str:
    try:
        answer = subprocess.run([*argv, word], capture_output=True, text=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        raise WrongUse(f"{argv[-1]} {word} did not answer within 20 seconds: it is not an OCI runtime") from None
    except OSError as problem:
        raise WrongUse(f"{argv[-1]} can not be started: {problem.strerror}") from None
    return answer.stdout + answer.stderr


def sha256_of(path: Path) -> str:
    """The hash of the file, or of all Python files of the package when it is the reference runtime's main file."""
    files = sorted(path.parent.rglob("*.py")) if path.name == "__main__.py" else [path]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def package_version(path: str) -> str:
    """The version of the package that owns a file, asked of dpkg or rpm; "" when neither knows it."""
    if shutil.which("dpkg-query"):
        for candidate in (path, os.path.realpath(path), path.removeprefix("/usr")):
            owner = _output(["dpkg-query", "-S", candidate]).partition(":")[0]
            if owner:
                return _output(["dpkg-query", "-W", "-f", "${Version}", owner])
    if shutil.which("rpm"):
        return _output(["rpm", "-qf", "--qf", "%{VERSION}-%{RELEASE}", path])
    return ""


def _output(argv: list[str]) -> str:
    answer = subprocess.run(argv, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _claims(argv: tuple[str, ...], profile: Profile, version: str) -> str:
    """The newest release of the specification that the runtime says it knows (features.md, Specification version).

    The profile knows better where a packager's build names the version of the library that it was built with.
    """
    if known := profile.claimed_spec(version):
        return known
    try:
        document = json.loads(_ask(argv, "features"))
    except (ValueError, WrongUse):
        return ""
    newest = document.get("ociVersionMax", "") if isinstance(document, dict) else ""
    return re.split("[-+]", str(newest))[0]
