"""config-linux.md, Offset for Time Namespace: how far the container's clocks are ahead."""

import time

import pytest

from conformance import musts, proved_by, refused
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import Edit
from strategies.edits import namespace, put, time_offset

CLOCKS = {"monotonic": time.CLOCK_MONOTONIC, "boottime": time.CLOCK_BOOTTIME}
#: How long a container may take between the looks at two clocks, in seconds.
SLACK = 20.0
pytestmark = musts("namespaces.time", needs="namespace.time")


def ahead(run: Run, *edits: Edit) -> dict[str, float]:
    """How many seconds each clock of a container is ahead of the runtime's, all but exactly."""
    clocks = run(namespace("time"), *edits).clocks
    return {name: getattr(clocks, name) - time.clock_gettime(clock) for name, clock in CLOCKS.items()}


@musts("time-offsets", "time-offsets.clock", "time-offsets.secs")
@proved_by("time-offsets-dropped", "time-offsets-swapped")
@pytest.mark.parametrize(
    ("monotonic", "boottime"),
    [(3600, 86400), (86400, 3600), (500, None), (None, 500), (-30, -60), (3000000000, 4000000000)],
    ids=["boottime", "monotonic", "monotonic-alone", "boottime-alone", "behind", "far"],
)
def test_clocks_are_ahead_by_seconds(run: Run, monotonic: int | None, boottime: int | None) -> None:
    """Each clock is ahead by the seconds of its entry, or behind by them, and is the runtime's without an entry."""
    chosen = {"monotonic": monotonic, "boottime": boottime}
    edits = [time_offset(clock, secs=secs) for clock, secs in chosen.items() if secs is not None]
    for clock, seconds in ahead(run, *edits).items():
        assert abs(seconds - (chosen[clock] or 0)) < SLACK


@musts("time-offsets.nanosecs", "time-offsets.clock")
@proved_by("time-offsets-dropped", "time-offsets-nanosecs-dropped")
@pytest.mark.parametrize("seconds", [None, 0, 1000], ids=["alone", "zero", "seconds"])
def test_clocks_are_ahead_by_nanoseconds_too(run: Run, seconds: int | None) -> None:
    """The nanoseconds of an entry count, with seconds or without."""
    inside = run(namespace("time"), time_offset("boottime", secs=seconds, nanosecs=999999999))
    assert inside.timens_offsets
    offset = inside.timens_offsets["boottime"]
    assert (offset.secs, offset.nanosecs) == (seconds or 0, 999999999)


@musts("time-offsets", needs="command.exec")
@proved_by("time-offsets-dropped")
def test_a_further_process_has_the_same_clocks(bring: Bring) -> None:
    """A process that is executed in the container has its clocks."""
    clocks = bring("running", namespace("time"), time_offset("boottime", secs=86400)).exec().inside.clocks
    assert abs(clocks.boottime - time.clock_gettime(time.CLOCK_BOOTTIME) - 86400) < SLACK


@musts("time-offsets.clock")
@proved_by("time-offsets-unknown-accepted")
@pytest.mark.parametrize("clock", ["realtime", "bogus"])
def test_an_offset_of_another_clock_is_refused(container: MakeContainer, clock: str) -> None:
    """A clock that has no offset in a time namespace is an error."""
    container(namespace("time"), time_offset("boottime", secs=1)).create()
    made = container(namespace("time"), time_offset(clock, secs=1))
    with refused(made):
        made.create()


@musts("time-offsets.secs")
@proved_by("time-offsets-failures-ignored")
def test_an_offset_that_the_kernel_refuses_is_refused(container: MakeContainer) -> None:
    """A clock can not be set before 0, which is an error."""
    container(namespace("time"), time_offset("boottime", secs=1)).create()
    made = container(namespace("time"), time_offset("monotonic", secs=-(10**9)))
    with refused(made):
        made.create()


@musts("time-offsets.nanosecs")
@proved_by("invalid-values-ignored")
@pytest.mark.parametrize("value", [-1, 10**9, "1"], ids=["negative", "second", "text"])
def test_nanoseconds_that_are_none_are_refused(container: MakeContainer, value: object) -> None:
    """Nanoseconds are a number from 0 to 999999999; others are an error."""
    container(namespace("time"), time_offset("boottime", secs=1)).create()
    made = container(namespace("time"), put("linux.timeOffsets", {"boottime": {"secs": 1, "nanosecs": value}}))
    with refused(made):
        made.create()
