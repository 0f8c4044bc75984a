"""Build the probe for every machine, with the one compiler that makes the same bytes everywhere.

    python -m conformance.probe.build            write conformance/probe/bin/MACHINE/probe
    python -m conformance.probe.build --check    compare instead, and exit 1 when they differ

The compiler is the package ziglang in the version that COMPILER names; it brings the headers of the kernel, too.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

COMPILER = "0.17.1"
HERE = Path(__file__).parent

#: The machines that there is a probe for, with the kernel's name for their headers.
MACHINES = {"x86_64": "x86", "aarch64": "aarch64"}

FLAGS = (
    "-std=gnu17",
    "-Os",
    "-ffreestanding",
    "-fno-stack-protector",
    "-fno-sanitize=all",
    "-fno-asynchronous-unwind-tables",
    "-fno-ident",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-nostdlib",
    "-static",
    "-s",
    "-Wl,--build-id=none",
)


class CannotBuild(Exception):
    """The probe can not be built; the message is one line that says why."""


def compile_probe(machine: str, output: Path) -> None:
    """Compile the probe for ``machine`` into ``output``.  Raises ``CannotBuild``."""
    headers = [flag for folder in _header_folders(machine) for flag in ("-isystem", str(folder))]
    sources = sorted(path.name for path in (HERE / "src").glob("*.c"))
    argv = [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-none", *FLAGS, *headers]
    with tempfile.TemporaryDirectory() as cache:
        # A cache of its own, so that what an earlier build left behind has no say.
        surroundings = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
        done = subprocess.run(
            [*argv, "-o", str(output), *sources],
            cwd=HERE / "src",
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise CannotBuild(f"the compiler refuses the probe for {machine}:\n{done.stderr.strip()}")


def is_current(machine: str) -> bool:
    """Whether the committed probe for ``machine`` is what its sources make.  Raises ``CannotBuild``."""
    committed = HERE / "bin" / machine / "probe"
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "probe"
        compile_probe(machine, fresh)
        return committed.exists() and committed.read_bytes() == fresh.read_bytes()


def write(machine: str) -> Path:
    """Build the probe for ``machine`` to where it is committed, and return that path.  Raises ``CannotBuild``."""
    target = HERE / "bin" / machine / "probe"
    target.parent.mkdir(parents=True, exist_ok=True)
    compile_probe(machine, target)
    target.chmod(0o755)
    return target


def main() -> int:
    """Build or check, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m conformance.probe.build", description="Build the probe.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files instead of writing them")
    options = parser.parse_args()
    try:
        if not options.check:
            for machine in MACHINES:
                print(write(machine))
            return 0
        stale = [machine for machine in MACHINES if not is_current(machine)]
    except CannotBuild as problem:
        print(f"build: {problem}", file=sys.stderr)
        return 1
    for machine in stale:
        print(f"build: bin/{machine}/probe is not what its sources make; run this without --check", file=sys.stderr)
    return 1 if stale else 0


def _header_folders(machine: str) -> tuple[Path, Path]:
    """Where the compiler keeps the kernel's headers, for ``machine`` and for all.  Raises ``CannotBuild``."""
    spec = importlib.util.find_spec("ziglang")
    if spec is None or spec.origin is None:
        raise CannotBuild(f"there is no compiler; pip install ziglang=={COMPILER}")
    version = importlib.metadata.version("ziglang")
    if version != COMPILER:
        raise CannotBuild(f"ziglang {version} makes other bytes; pip install ziglang=={COMPILER}")
    include = Path(spec.origin).parent / "lib" / "libc" / "include"
    return include / f"{MACHINES[machine]}-linux-any", include / "any-linux-any"


if __name__ == "__main__":
    sys.exit(main())
