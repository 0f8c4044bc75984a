"""How small findings are, and whether their scripts work: fuzzes the reference runtime with deliberate faults.

Each ``run.sh`` is run as it is, which must end with 1, and with the runtime without a fault, which must end with 0::

    python benchmarks/minimal.py --faults=20 --seed=1
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conformance.fuzz.findings import read
from conformance.harness.runtime import faults_of_the_reference, find

if TYPE_CHECKING:
    from collections.abc import Iterator

FUZZ = Path(__file__).parent.parent / "conformance" / "fuzz"


class Row(NamedTuple):
    """One finding: the fault it shows, how many edits or turns it has, and how its script ended."""

    fault: str
    signature: str
    size: int
    faulty: int
    sound: int

    @property
    def is_right(self) -> bool:
        """Whether its script tells a faulty runtime from a sound one."""
        return (self.faulty, self.sound) == (1, 0)


def fuzz(fault: str, examples: int, seed: int, folder: Path) -> None:
    """Fuzz the reference with a fault; the findings go below a folder."""
    options = [f"--runtime-arg=--bug={fault}", f"--findings={folder}", f"--fuzz-database={folder}/examples"]
    if examples:
        options += [f"--fuzz-examples={examples}", f"--fuzz-seed={seed}"]
    words = [sys.executable, "-m", "pytest", str(FUZZ), "-q", "-n", "0", "-p", "no:cacheprovider", *options]
    subprocess.run(words, cwd=FUZZ.parent.parent, capture_output=True, check=False)


def rows(fault: str, folder: Path) -> Iterator[Row]:
    """What was found, each script tried."""
    sound = shlex.join(find("reference").argv)
    for file in sorted(folder.glob("*/fuzz/*/finding.json")):
        finding = read(file.parent)
        history = finding.case.get("history")
        size = len(finding.edits) if history is None else len(history)
        ends = [
            subprocess.run(["sh", file.with_name("run.sh")], capture_output=True, env=env, check=False).returncode
            for env in (os.environ, os.environ | {"RUNTIME": sound})
        ]
        yield Row(fault, finding.title, size, *ends)


def main() -> int:
    """Measure, and print each finding and the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--faults", type=int, default=20, help="how many, drawn at random")
    parser.add_argument("--fault", action="append", default=[], help="this one, instead of drawn ones (repeatable)")
    parser.add_argument("--examples", type=int, default=0, help="in each phase, instead of a smoke test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep the findings below this folder")
    options = parser.parse_args()
    names = options.fault or random.Random(options.seed).sample(sorted(faults_of_the_reference()), options.faults)  # noqa: S311
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        for fault in names:
            folder = (options.keep or Path(temporary)) / fault
            fuzz(fault, options.examples, options.seed, folder)
            for row in rows(fault, folder):
                found.append(row)
                print(f"{row.fault}: {row.size} edits, {row.faulty} {row.sound}, {row.signature}", flush=True)
    if not found:
        print("nothing was found", file=sys.stderr)
        return 1
    right = sum(row.is_right for row in found)
    noticed = len({row.fault for row in found})
    print(f"{noticed} of {len(names)} faults were noticed, by {len(found)} findings")
    sizes = [row.size for row in found]
    print(f"edits: {statistics.median(sizes):g} in the median, {max(sizes)} at most")
    print(f"scripts that tell a faulty runtime from a sound one: {right} of {len(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
