"""config-linux.md, Memory: limits that are really enforced."""

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.limits import file_of, limit_of
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edits import memory, touch

MEGA = 1 << 20


@musts("memory.limit", "memory", "memory.oom-killer.default", needs="cgroup.memory")
@proved_by("memory-limit-dropped")
def test_a_limit_is_enforced(run: Run) -> None:
    """A process that touches more memory than its limit is killed; without the limit the same process finishes."""
    assert run(touch("64M")).exit_status == 0
    assert run(touch("64M"), memory(limit="16M", swap="16M")).killed_by == "SIGKILL"


@musts("memory.limit", needs="cgroup.memory")
@proved_by("memory-limit-dropped")
def test_a_limit_leaves_what_is_below_it(bring: Bring, run: Run) -> None:
    """The limit is the number of bytes in the config, and a process below it is left alone."""
    assert limit_of(bring("running", memory(limit=33554432)), "memory.limit") == 33554432
    assert run(touch("8M"), memory(limit=33554432)).exit_status == 0


@musts("memory.limit", needs="cgroup.memory")
@proved_by("memory-limit-truncated")
def test_a_limit_beyond_32_bits_is_kept(bring: Bring) -> None:
    """A limit of more than 4 GiB is not cut."""
    assert limit_of(bring("created", memory(limit=5 << 30)), "memory.limit") == 5 << 30


@musts("memory.unlimited", needs="cgroup.memory")
@proved_by("memory-unlimited-limited")
def test_minus_one_is_no_limit(bring: Bring) -> None:
    """A limit of -1 is none."""
    assert limit_of(bring("running", memory(limit=-1)), "memory.limit") == -1


@musts("memory.reservation", needs="cgroup.memory")
@proved_by("memory-reservation-dropped")
def test_the_reservation_is_the_soft_limit(bring: Bring) -> None:
    """The reservation is the soft limit of the container's memory."""
    assert limit_of(bring("created", memory(reservation="24M")), "memory.reservation") == 24 * MEGA


@musts("memory.swap", needs=("cgroup.memory", "cgroup.v1", "cgroup.file.memory.memsw.limit_in_bytes"))
@proved_by("memory-swap-dropped")
def test_swap_counts_memory_and_swap(bring: Bring) -> None:
    """The limit of memory and swap together is written beside that of memory."""
    container = bring("created", memory(limit="32M", swap="48M"))
    assert limit_of(container, "memory.limit") == 32 * MEGA
    assert limit_of(container, "memory.swap") == 48 * MEGA


@musts("memory.swap", needs=("cgroup.memory", "cgroup.v2", "cgroup.file.memory.swap.max"))
@proved_by("memory-swap-dropped")
def test_swap_on_v2_is_what_exceeds_memory(bring: Bring) -> None:
    """On cgroup v2, where swap has a limit of its own, it is the difference of the two."""
    container = bring("created", memory(limit="32M", swap="48M"))
    assert limit_of(container, "memory.limit") == 32 * MEGA
    assert limit_of(container, "memory.swap") == 16 * MEGA


@musts("memory.swappiness", needs=("cgroup.memory", "cgroup.v1"))
@proved_by("memory-swappiness-dropped")
@pytest.mark.parametrize("swappiness", [0, 17, 100])
def test_swappiness_is_set(bring: Bring, swappiness: int) -> None:
    """The swappiness of the cgroup is the configured one; 0 is a value like any other."""
    assert file_of(bring("created", memory(swappiness=swappiness)), "memory", "memory.swappiness") == str(swappiness)


@musts("memory.swappiness.range", "valid-values.invalid", needs=("cgroup.memory", "cgroup.v1"))
@proved_by("memory-swappiness-cut")
def test_swappiness_beyond_100_is_refused(container: MakeContainer) -> None:
    """Swappiness goes from 0 to 100; more is an error."""
    made = container(memory(swappiness=101))
    with refused(made):
        made.create()


@musts("memory.disable-oom-killer", needs=("cgroup.memory", "cgroup.v1"))
@proved_by("memory-disable-oom-killer-dropped")
def test_the_oom_killer_can_be_disabled(bring: Bring) -> None:
    """With disableOOMKiller nothing is killed at the limit: the cgroup says so."""
    limited = bring("created", memory(limit="32M", disable_oom_killer=True))
    assert "oom_kill_disable 1" in file_of(limited, "memory", "memory.oom_control")
    control = bring("created", memory(limit="32M", disable_oom_killer=False))
    assert "oom_kill_disable 0" in file_of(control, "memory", "memory.oom_control")
