from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reports.record import Expectation, Record, Requirement, Runtime, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

collect_ignore = ["project"]  # it is run by tests, as a project of its own

STOPPED = Requirement(
    id="kill.stopped",
    level="MUST",
    text="Kill of a container neither created nor running is an error.",
    section="Kill",
    page="runtime.md",
    url="https://example.test/runtime.md#L135",
)
ORDER = Requirement(
    id="hooks.order",
    level="SHOULD",
    text="Hooks run in the order in which they are listed.",
    section="POSIX-platform Hooks",
    page="config.md",
    url="https://example.test/config.md#L400",
)
HARBOUR = Runtime(name="harbour", path="/opt/harbour", version="1.4.2", sha256="5e" * 32)


@pytest.fixture
def make() -> Callable[..., Record]:
    """A record that passed, changed as the keywords say; ``runtime`` may be a name."""

    def make(**changes: Any) -> Record:
        if isinstance(changes.get("runtime"), str):
            changes["runtime"] = Runtime(name=changes["runtime"])
        fields: dict[str, Any] = {
            "test": "oci/test_kill.py::test_kill_of_a_stopped_container",
            "runtime": HARBOUR,
            "verdict": Verdict.PASSED,
            "requirements": [STOPPED],
            "title": "Kill of a stopped container is refused and changes nothing.",
        }
        return Record(**(fields | changes))

    return make


@pytest.fixture
def fleet(make: Callable[..., Record]) -> list[Record]:
    """The records of a run of two runtimes, with every verdict among them."""
    harbour = [
        make(test="t/test_a.py::test_holds", spec_version="1.3.0"),
        make(test="t/test_a.py::test_may", level="MAY"),
        make(
            test="t/test_b.py::test_kill[TERM]",
            verdict=Verdict.VIOLATED,
            requirements=[STOPPED, ORDER],
            reason="AssertionError: exit status 0",
            expected="a refusal\nthat a person can read",
            observed="exit status 0, " + "and no word \x1b[2J" * 20,
            edits=["wait()", "rlimit('NOFILE', soft=300, hard=400)"],
            reproduction="findings/harbour/test_b test_kill/run.sh",
        ),
        make(test="t/test_b.py::test_crash", verdict=Verdict.CRASHED, reason="killed by SIGSEGV", title=""),
        make(test="t/test_b.py::test_leak", verdict=Verdict.LEAKED, reason="1 mount below /run"),
        make(
            test="t/test_b.py::test_order",
            verdict=Verdict.VIOLATED,
            level="SHOULD",
            requirements=[ORDER],
            reason="poststop ran first",
        ),
        make(test="t/test_c.py::test_late", verdict=Verdict.KNOWN, expectation=Expectation(reason="late", link="#7")),
        make(test="t/test_c.py::test_gone", expectation=Expectation(reason="early")),
        make(test="t/test_d.py::test_1", verdict=Verdict.NOT_HERE, reason="no hugetlb"),
        make(test="t/test_d.py::test_2", verdict=Verdict.NOT_HERE, reason="no swap"),
        make(test="t/test_d.py::test_3", verdict=Verdict.NOT_HERE, reason="no swap"),
        make(test="t/test_e.py::test_1", verdict=Verdict.BROKEN, reason="KeyError: 'pid'"),
    ]
    lagoon = Runtime(name="lagoon", path="/usr/bin/lagoon", version="0.9", package_version="0.9-2+deb12u1")
    return [
        *harbour,
        make(test="t/test_a.py::test_holds", runtime=lagoon, spec_version="1.3.0"),
        make(test="t/test_c.py::test_late", runtime=lagoon, verdict=Verdict.UNSUPPORTED, reason="no kill"),
        make(test="t/test_d.py::test_1", runtime=lagoon, verdict=Verdict.NOT_HERE, reason="no hugetlb"),
        make(test="t/test_d.py::test_2", runtime=lagoon, verdict=Verdict.DIFFERS, reason="accepts it"),
    ]
