"""What the suite costs above the runtime: a container tried by the suite against the same commands in a shell loop.

Both run in one trial, in turns, so that a machine whose speed drifts drifts for both::

    python benchmarks/overhead.py --runtime=runc
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import sys
import time
from typing import TYPE_CHECKING

from conformance.harness.errors import WrongUse
from conformance.harness.runtime import Runtime, find
from conformance.harness.scene import Scene
from conformance.harness.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable

LOOP = """
n=0
while [ "$n" -lt {count} ]; do
    n=$((n + 1))
    {runtime} create --bundle {bundle} --pid-file {bundle}/pid bare$n >{bundle}/out 2>&1 </dev/null
    read -r pid <{bundle}/pid
    {runtime} start bare$n
    while [ -e "/proc/$pid" ]; do :; done
    {runtime} delete bare$n
done
"""


def suite(trial: Trial, runtime: Runtime, count: int) -> None:
    """Run containers as tests do: bundle, create, start, report read, delete, host compared."""
    for _ in range(count):
        scene = Scene(trial, runtime, timeout=20)
        assert scene.run().pid == 1
        scene.settle()


def bare(trial: Trial, runtime: Runtime, count: int) -> None:
    """Give the same commands in a shell loop, on one bundle that is there already."""
    scene = Scene(trial, runtime, timeout=20)
    bundle = shlex.quote(str(scene.container().bundle.folder))
    words = shlex.join(runtime.command(scene.root))
    script = LOOP.format(count=count, runtime=words, bundle=bundle)
    running = trial.start(["/bin/sh", "-c", script], files={0: ("/dev/null", 0)})
    ended = trial.finish(running, timeout=300)
    assert ended.exit_status == 0


def seconds(work: Callable[[Trial, Runtime, int], None], trial: Trial, runtime: Runtime, count: int) -> float:
    """The wall time of one container, in seconds."""
    began = time.perf_counter()
    work(trial, runtime, count)
    return (time.perf_counter() - began) / count


def main() -> int:
    """Measure, and print medians and the ratio pair by pair."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--runtime", default="runc")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--containers", type=int, default=10, help="in one turn")
    options = parser.parse_args()
    try:
        runtime = find(options.runtime)
        with Trial() as trial:
            suite(trial, runtime, 2)
            bare(trial, runtime, 2)
            turns = range(options.rounds)
            pairs = [[seconds(work, trial, runtime, options.containers) for work in (suite, bare)] for _ in turns]
    except WrongUse as problem:
        print(problem, file=sys.stderr)
        return 2
    ours, theirs = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    print(f"{runtime.describe()}\n{options.rounds} rounds of {options.containers} containers")
    print(f"suite {ours * 1000:6.1f} ms a container\nbare  {theirs * 1000:6.1f} ms a container\nratio {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
