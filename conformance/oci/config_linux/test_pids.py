"""config-linux.md, PIDs: how many tasks there can be."""

from conformance import musts, proved_by
from conformance.harness.limits import limit_of
from conformance.plugin.fixtures import Bring, Run
from strategies.edits import fork, pids, threads


@musts("pids.limit", "pids", needs="cgroup.pids")
@proved_by("pids-limit-dropped", "pids-limit-off-by-one")
def test_a_limit_is_enforced(run: Run) -> None:
    """There can not be more tasks than the limit says, the program itself included; without a limit there can."""
    assert run(fork(20)).action("fork").result == 20
    limited = run(fork(20), pids(8)).action("fork")
    assert (limited.result, limited.errno) == (7, "EAGAIN")


@musts("pids.limit", needs="cgroup.pids")
@proved_by("pids-limit-dropped")
def test_threads_count_as_tasks(run: Run) -> None:
    """A thread counts as a task."""
    assert run(threads(12)).action("threads").result == 12
    assert run(threads(12), pids(6)).action("threads").result == 5


@musts("pids.limit.unlimited", needs="cgroup.pids")
@proved_by("pids-unlimited-limited")
def test_minus_one_is_no_limit(bring: Bring) -> None:
    """A limit of -1 is none."""
    assert limit_of(bring("running", pids(-1)), "pids.limit") == -1
