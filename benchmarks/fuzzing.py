"""How many cases the fuzzer tries in a second, against a shell that gives the bare commands of the same cases.

Both run in one trial, in turns, so that a machine whose speed drifts drifts for both::

    python benchmarks/fuzzing.py --runtime=runc
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from conformance.expectations import expectations_for
from conformance.fuzz.attempts import Bench
from conformance.fuzz.findings import Findings
from conformance.fuzz.fuzzer import Fuzzer
from conformance.fuzz.generated import run_generated
from conformance.fuzz.settings import Settings
from conformance.fuzz.surroundings import surroundings_of
from conformance.harness.errors import WrongUse
from conformance.harness.host import look_at
from conformance.harness.runtime import Runtime, find
from conformance.harness.scene import Scene
from conformance.harness.trial import Trial
from strategies.case import Case
from strategies.generators import valid_cases

#: One case: the bundle is there already, and what is refused is left at that.
COMMANDS = """
if {runtime} create --bundle {bundle} --pid-file {bundle}/pid {name} >{bundle}/out 2>&1 </dev/null; then
    read -r pid <{bundle}/pid
    {runtime} start {name}
    while [ -e "/proc/$pid" ]; do :; done
    {runtime} delete {name}
fi
"""


@dataclass
class Recorder(Fuzzer):
    """A fuzzer that keeps the cases that it has tried."""

    tried: list[Case] = field(default_factory=list)

    def try_case(self, case: Case) -> Case | None:
        """Keep a case, and try it."""
        self.tried.append(case)
        return super().try_case(case)


def fuzzed(trial: Trial, runtime: Runtime, seed: int, count: int) -> tuple[float, list[Case]]:
    """Draw and try cases; returns the seconds of one, and all of them."""
    settings = Settings("benchmark", count, seed=seed, steady=True)
    with tempfile.TemporaryDirectory() as folder:
        findings = Findings(Path(folder), runtime, expectations_for(runtime))
        fuzzer = Recorder(Bench(trial, 20), runtime, findings, settings)
        cases = valid_cases(surroundings=surroundings_of(look_at(trial)))
        began = time.perf_counter()
        run_generated(fuzzer, cases, examples=count)
        # What a failure costs to look into is no part of trying cases: each attempt counts.
        return (time.perf_counter() - began) / fuzzer.coverage.cases, fuzzer.tried


def bare(trial: Trial, runtime: Runtime, cases: list[Case]) -> float:
    """Give the commands of the same cases; returns the seconds of one."""
    scene = Scene(trial, runtime, timeout=20)
    words = shlex.join(runtime.command(scene.root))
    script = ""
    for number, case in enumerate(cases):
        container = scene.container(config=case.config())
        if case.script:
            container.prepare(case.script)
        bundle = shlex.quote(str(container.bundle.folder))
        script += COMMANDS.format(runtime=words, bundle=bundle, name=f"bare{trial.next_number()}-{number}")
    file = trial.folder / "bare.sh"
    file.write_text(script)
    began = time.perf_counter()
    running = trial.start(["/bin/sh", str(file)], files={0: ("/dev/null", 0)})
    assert not trial.finish(running, timeout=600).hung
    seconds = time.perf_counter() - began
    trial.restart()
    return seconds / len(cases)


def main() -> int:
    """Measure, and print medians and the throughput pair by pair."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--runtime", default="runc")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", type=int, default=60, help="in one turn")
    options = parser.parse_args()
    pairs = []
    try:
        runtime = find(options.runtime)
        with Trial() as trial:
            fuzzed(trial, runtime, 0, 5)
            for seed in range(1, options.rounds + 1):
                ours, cases = fuzzed(trial, runtime, seed, options.cases)
                pairs.append((ours, bare(trial, runtime, cases)))
    except WrongUse as problem:
        print(problem, file=sys.stderr)
        return 2
    ours, theirs = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    share = statistics.median(pair[1] / pair[0] for pair in pairs)
    print(f"{runtime.describe()}\n{options.rounds} rounds of {options.cases} cases")
    print(f"fuzzer {ours * 1000:6.1f} ms a case\nbare   {theirs * 1000:6.1f} ms a case\nthroughput {share:.2f} of bare")
    return 0


if __name__ == "__main__":
    sys.exit(main())
