"""config.md, POSIX process: resource limits."""

from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.harness.refusal import never_runs
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import Edit, edited
from strategies.edits import add, do, put, rlimit
from strategies.places import UNLIMITED

#: Limits that can be set without privilege where the caller's are usual: soft and hard differ from each other and from
#: all defaults, and some need more than 32 bits.
LIMITS = {
    "STACK": (2**22, 2**33 + 4096),
    "NOFILE": (300, 400),
    "AS": (2**40, 2**41),
    "CORE": (4096, 2**34),
    "CPU": (1000, 2000),
    "DATA": (2**34, 2**35),
    "FSIZE": (2**33, 2**34),
    "LOCKS": (100, 200),
    "MEMLOCK": (16384, 65536),
    "MSGQUEUE": (4096, 8192),
    "NPROC": (2000, 3000),
    "RSS": (2**33 + 1, 2**34),
    "RTTIME": (10**8, 2 * 10**8),
    "SIGPENDING": (100, 200),
}
#: Without the number of files: before runc 1.2, exec sets it in a race with Go's own start (opencontainers/runc#4265).
EXECUTED = {kind: limit for kind, limit in LIMITS.items() if kind != "NOFILE"}
#: Limits that are none, or that allow nothing.
EXTREME = {
    "CORE": (0, 0),
    "STACK": (UNLIMITED, UNLIMITED),
    "MSGQUEUE": (0, 4096),
    "FSIZE": (2**24, UNLIMITED),
}
#: Limits that nobody can raise without privilege, and that are 0 by default.
PRIVILEGED = {"NICE": (10, 20), "RTPRIO": (5, 6)}


def limits(values: dict[str, tuple[int, int]]) -> list[Edit]:
    """The edits that set limits, in order."""
    return [rlimit(kind, soft=soft, hard=hard) for kind, (soft, hard) in values.items()]


@musts("process.rlimits", "process.rlimits.soft", "process.rlimits.hard")
@musts("process.rlimits.type.linux", "process.rlimits.getrlimit")
@proved_by(
    "rlimits-dropped",
    "rlimits-soft-only",
    "rlimits-hard-only",
    "rlimits-hard-is-soft",
    "rlimits-first-only",
    "rlimits-first-dropped",
    "rlimits-last-dropped",
    "rlimits-cut-to-32-bits",
    *(f"rlimits-{kind.lower()}-dropped" for kind in LIMITS),
)
def test_every_limit_is_as_configured(run: Run) -> None:
    """The program has the soft and the hard limit of each resource that the config limits."""
    seen = run(*limits(LIMITS)).rlimits
    assert {kind: seen[kind] for kind in LIMITS} == LIMITS


@musts("process.rlimits.soft", "process.rlimits.hard", "process.rlimits.type.linux", needs="cap.SYS_RESOURCE")
@proved_by("rlimits-nice-dropped", "rlimits-rtprio-dropped")
def test_limits_can_be_raised(run: Run) -> None:
    """A privileged runtime gives limits above its own."""
    seen = run(*limits(PRIVILEGED)).rlimits
    assert {kind: seen[kind] for kind in PRIVILEGED} == PRIVILEGED


@musts("process.rlimits.soft", "process.rlimits.hard")
@proved_by("rlimits-zero-dropped", "rlimits-cut-to-32-bits")
def test_zero_and_infinity_are_limits_like_others(run: Run) -> None:
    """A limit of 0 is one, and the largest number means that there is none."""
    seen = run(*limits(EXTREME)).rlimits
    assert {kind: seen[kind] for kind in EXTREME} == EXTREME


@musts("process.rlimits")
@proved_by("rlimits-others-changed")
def test_one_limit_changes_no_other(run: Run) -> None:
    """What the config does not limit is as it is without any limits in the config."""
    before = run().rlimits
    assert run(rlimit("CORE", soft=1, hard=2)).rlimits == before | {"CORE": (1, 2)}


@musts("process.rlimits.soft")
@proved_by("rlimits-dropped", "rlimits-hard-only")
def test_a_soft_limit_is_enforced(run: Run) -> None:
    """The program can open files up to its soft limit, and not one more."""
    assert run(do("fds", 40)).action("fds").result == 40
    held = run(do("fds", 40), rlimit("NOFILE", soft=20, hard=1000)).action("fds")
    assert (held.result, held.errno) == (17, "EMFILE")


@musts("process.rlimits.type.unknown")
@proved_by("rlimits-unknown-accepted")
@pytest.mark.parametrize("kind", ["RLIMIT_SEA", "NOFILE", "RLIMIT_nofile", ""])
def test_a_limit_on_an_unknown_resource_is_refused(container: MakeContainer, kind: str) -> None:
    """A resource that the kernel does not have is an error, also after one that it has."""
    never_runs(container(rlimit("CORE", soft=1, hard=2), add("process.rlimits", {"type": kind, "soft": 1, "hard": 1})))


@musts("process.rlimits.duplicate")
@proved_by("rlimits-duplicates-accepted")
@pytest.mark.parametrize("values", [(1, 2), (0, 1)], ids=["equal", "other"])
def test_two_limits_on_one_resource_are_refused(container: MakeContainer, values: tuple[int, int]) -> None:
    """Two entries for one resource are an error, whether they say the same or not."""
    twin = {"type": "RLIMIT_CORE", "soft": values[0], "hard": values[1]}
    never_runs(container(*limits({"CORE": (1, 2), "NOFILE": (300, 400)}), add("process.rlimits", twin)))


@musts("process.rlimits.soft", "process.rlimits.hard", "create.unapplicable", "valid-values.invalid")
@pytest.mark.parametrize(
    ("kind", "soft", "hard"),
    [
        pytest.param("CORE", 3, 2, marks=proved_by("rlimits-failure-ignored"), id="soft-above-hard"),
        pytest.param("NOFILE", 300, 2**31, marks=proved_by("rlimits-failure-ignored"), id="more-than-can-be"),
        pytest.param("CORE", -1, 2, marks=proved_by("invalid-values-ignored"), id="negative"),
        pytest.param("CORE", "one", 2, marks=proved_by("invalid-values-ignored"), id="text"),
        pytest.param("CORE", 0, 2**64, marks=proved_by("invalid-values-ignored"), id="beyond"),
    ],
)
def test_a_limit_that_can_not_be_is_refused(container: MakeContainer, kind: str, soft: Any, hard: Any) -> None:
    """A limit that is invalid, or that the kernel does not accept, is an error; it is not bent into one that can be."""
    never_runs(container(rlimit(kind, soft=soft, hard=hard)))


@musts("process.rlimits", "process.rlimits.soft", "process.rlimits.hard", needs="command.exec")
@proved_by("exec-rlimits-dropped")
def test_exec_inherits_the_limits(bring: Bring) -> None:
    """A process executed later has the limits of the config."""
    seen = bring("running", *limits(EXECUTED)).exec().inside.rlimits
    assert {kind: seen[kind] for kind in EXECUTED} == EXECUTED


@musts("process.rlimits", "process.rlimits.soft", "process.rlimits.hard", needs="command.exec")
@proved_by("exec-document-ignored", "exec-rlimits-dropped")
def test_exec_takes_the_limits_of_its_document(bring: Bring) -> None:
    """With a process document exec gives its process the limits that this lists."""
    own = {"CORE": (5, 6), "SIGPENDING": (200, 250)}
    running = bring("running", rlimit("CORE", soft=8, hard=9))
    seen = running.exec(process=edited(*limits(own), put("process.terminal", False))["process"]).inside.rlimits
    assert {kind: seen[kind] for kind in own} == own
