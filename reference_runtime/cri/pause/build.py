"""Build the pause program for every machine, with the one compiler that makes the same bytes everywhere.

    python -m reference_runtime.cri.pause.build    write reference_runtime/cri/pause/bin/MACHINE/pause

The compiler is the package ziglang, in the version that the project's dependency group ``probe`` names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MACHINES = ("x86_64", "aarch64")
_FLAGS = (
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


def program(machine: str = "") -> str:
    """The path of the program for a machine, this one unless told otherwise."""
    return os.path.join(HERE, "bin", machine or os.uname().machine, "pause")


def build(machine: str, output: str) -> None:
    """Compiles the program."""
    argv = [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-none", *_FLAGS, "-o", output, "pause.c"]
    with tempfile.TemporaryDirectory() as cache:
        # A cache of its own, so that what an earlier build left behind has no say.
        surroundings = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
        subprocess.run(argv, cwd=HERE, env=surroundings, check=True)


if __name__ == "__main__":
    for name in MACHINES:
        build(name, program(name))
        print(program(name))
