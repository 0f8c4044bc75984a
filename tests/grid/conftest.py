from __future__ import annotations

import importlib.util
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports import cli
from reports.record import Expectation, Record, Requirement, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

HARBOUR = Runtime(name="harbour", path="/opt/harbour", version="1.4.2", sha256="5e" * 32)
LAGOON = Runtime(name="lagoon", path="/usr/bin/lagoon", version="0.9", package_version="0.9-2+deb12u1")
HOST = {"kernel": "6.1", "swap": "no"}


def requirement(id: str, line: int, **changes: Any) -> Requirement:  # the word of the record
    fields: dict[str, Any] = {
        "id": id,
        "level": "MUST",
        "text": f"What {id} asks for is done.",
        "section": "Kill",
        "page": "runtime.md",
        "url": f"https://example.test/runtime.md?plain=1#L{line}",
    }
    return Requirement(**(fields | changes))


STOPPED = requirement("kill.stopped", 135)
SIGNAL = requirement("kill.signal", 130)
STATE = requirement("state.status", 20, section="State")
ORDER = requirement("hooks.order", 400, level="SHOULD", page="config.md", section="POSIX-platform Hooks")
DEVICES = requirement("devices.allowed", 9, level="MAY", page="config-linux.md", section="Devices")


@pytest.fixture
def make() -> Callable[..., Record]:
    """A record of a test of kill on harbour that passed, changed as the keywords say."""

    def make(**changes: Any) -> Record:
        fields: dict[str, Any] = {
            "test": "oci/test_kill.py::test_kill",
            "runtime": HARBOUR,
            "verdict": Verdict.PASSED,
            "requirements": [STOPPED],
            "title": "Kill of a stopped container is refused.",
            "spec_version": "1.3.0",
            "host": HOST,
        }
        return Record(**(fields | changes))

    return make


@pytest.fixture
def fleet(make: Callable[..., Record]) -> list[Record]:
    """A run of two runtimes, with every verdict and every kind of evidence among its records."""

    def on_lagoon(**changes: Any) -> Record:
        return make(runtime=LAGOON, **changes)

    return [
        make(
            verdict=Verdict.VIOLATED,
            requirements=[STOPPED, SIGNAL],
            reason="the operation was accepted; it must be an error",
            expected="a refusal\nthat a person can read",
            observed="exit status 0",
            edits=["put('process.args', ['sleep'])", "rlimit('NOFILE', soft=300, hard=400)"],
            argv=[["harbour", "create", "c1"], ["harbour", "kill", "c1", "a b"]],
            reproduction="findings/harbour/test_kill it/run.sh",
            config={"ociVersion": "1.0.0", "annotations": {"large": 2**64 - 1}},
            difference='--- base\n+++ config.json\n@@ -1 +1 @@\n-{}\n+{"annotations": {}}',
            log='level=error msg="no such <container> & co"\n',
        ),
        make(test="oci/test_kill.py::test_signal[TERM]", requirements=[SIGNAL], edits=["signal('TERM')"]),
        make(test="oci/test_state.py::test_state", requirements=[STATE], expectation=Expectation(reason="early")),
        make(test="oci/test_hooks.py::test_order", level="SHOULD", requirements=[ORDER], verdict=Verdict.LEAKED),
        make(test="oci/test_devices.py::test_allowed", level="MAY", requirements=[DEVICES], verdict=Verdict.DIFFERS),
        make(test="fuzz/test_any.py::test_crash", requirements=[], verdict=Verdict.CRASHED, reason="SIGSEGV", title=""),
        make(
            test="fuzz/test_any.py::test_hang", requirements=[], verdict=Verdict.HUNG, reason="20 s", title="It ends."
        ),
        on_lagoon(
            verdict=Verdict.KNOWN,
            requirements=[STOPPED, SIGNAL],
            expectation=Expectation(reason="late", link="https://example.test/7"),
        ),
        on_lagoon(test="oci/test_kill.py::test_signal[TERM]", requirements=[SIGNAL]),
        on_lagoon(
            test="oci/test_state.py::test_state",
            requirements=[STATE],
            verdict=Verdict.NOT_HERE,
            reason="no swap",
            needs=["swap"],
        ),
        on_lagoon(
            test="oci/test_hooks.py::test_order", requirements=[ORDER], verdict=Verdict.UNSUPPORTED, reason="no hooks"
        ),
        on_lagoon(
            test="fuzz/test_any.py::test_crash", requirements=[], title="", verdict=Verdict.BROKEN, reason="KeyError"
        ),
    ]


@pytest.fixture
def seatrial() -> Callable[..., int]:
    """Call the command; returns its exit status."""

    def call(*arguments: str) -> int:
        parser = ArgumentParser()
        cli.add_parser(parser.add_subparsers())
        options = parser.parse_args(arguments)
        status: int = options.run(options)
        return status

    return call


@pytest.fixture(scope="session")
def benchmark(root: Path) -> ModuleType:
    """The benchmark of the page: it makes large results, and starts Chromium. Skips where one is missing, not in CI."""
    file = root / "benchmarks" / "grid.py"
    spec = importlib.util.spec_from_file_location("seatrial_grid_benchmark", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        missing = [path for path in (module.CHROMIUM, module.DRIVER) if not Path(path).exists()]
    except ModuleNotFoundError as problem:
        missing = [str(problem)]
    if missing:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say(f"no browser to look at the page with (Debian: chromium chromium-driver): {', '.join(missing)}")
    return module


@pytest.fixture(scope="module")
def chromium(benchmark: ModuleType) -> Iterator[Any]:
    """A headless browser."""
    with benchmark.chromium() as driver:
        yield driver
