"""config-linux.md, CPU: shares, quota and the processors that a container may use."""

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.container import Container
from conformance.harness.limits import file_of, limit_of
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edits import burn, cpu


def throttled(container: Container) -> int:
    """How many periods the kernel has held the container back for."""
    folder = container.cgroup("" if container.scene.trial.is_unified else "cpu")
    counts = [dict(map(str.split, (path / "cpu.stat").read_text().splitlines())) for path in (folder, folder.parent)]
    return max(int(count.get("nr_throttled", 0)) for count in counts)


@musts("cpu.quota", "cpu", needs="cgroup.cpu")
@proved_by("cpu-quota-dropped")
def test_a_quota_slows_the_container(bring: Bring) -> None:
    """A process that wants more time than its quota is held back; without the quota it is not."""
    free = bring("running", burn(150))
    assert throttled(free) == 0
    held = bring("running", burn(400), cpu(quota=5000, period=100000))
    assert throttled(held) > 0


@musts("cpu.quota", "cpu.period", needs="cgroup.cpu")
@proved_by("cpu-quota-dropped", "cpu-period-dropped")
def test_quota_and_period_are_written(bring: Bring) -> None:
    """Quota and period are the configured numbers of microseconds."""
    container = bring("created", cpu(quota=25000, period=50000))
    assert limit_of(container, "cpu.quota") == 25000
    assert limit_of(container, "cpu.period") == 50000


@musts("cpu.period", needs="cgroup.cpu")
@proved_by("cpu-period-dropped")
def test_a_period_alone_is_written(bring: Bring) -> None:
    """A period without a quota is set."""
    assert limit_of(bring("created", cpu(period=60000)), "cpu.period") == 60000


@musts("cpu.shares", needs=("cgroup.cpu", "cgroup.v1"))
@proved_by("cpu-shares-dropped")
@pytest.mark.parametrize("shares", [2, 512, 4096])
def test_shares_are_written(bring: Bring, shares: int) -> None:
    """The share relative to others is the configured one."""
    assert file_of(bring("created", cpu(shares=shares)), "cpu", "cpu.shares") == str(shares)


@musts("cpu.shares", needs=("cgroup.cpu", "cgroup.v2"))
@proved_by("cpu-shares-dropped")
def test_more_shares_weigh_more(bring: Bring) -> None:
    """On cgroup v2 more shares become more weight."""
    few, many = (bring("created", cpu(shares=shares)) for shares in (256, 4096))
    assert int(file_of(few, "", "cpu.weight")) < int(file_of(many, "", "cpu.weight"))


@musts("cpu.burst", needs=("cgroup.cpu", "kernel.5.14"))
@proved_by("cpu-burst-dropped")
def test_burst_is_written(bring: Bring) -> None:
    """The burst is the configured number of microseconds."""
    assert limit_of(bring("created", cpu(quota=50000, period=100000, burst=20000)), "cpu.burst") == 20000


@musts("cpu.idle", needs=("cgroup.cpu", "kernel.5.15"))
@proved_by("cpu-idle-dropped")
def test_idle_is_written(bring: Bring) -> None:
    """With idle 1 the cgroup is an idle one."""
    assert limit_of(bring("created", cpu(idle=1)), "cpu.idle") == 1


@musts("cpu.cpus", needs=("cgroup.cpuset", "processors.2"))
@pytest.mark.parametrize(
    ("cpus", "expected"),
    [
        pytest.param("0", [0], id="0", marks=proved_by("cpuset-cpus-dropped")),
        pytest.param("1", [1], id="1", marks=proved_by("cpuset-cpus-dropped")),
        pytest.param("0-1", [0, 1], id="0-1", marks=proved_by("cpuset-first-only")),
    ],
)
def test_the_container_runs_on_its_processors_only(run: Run, cpus: str, expected: list[int]) -> None:
    """The program may run on the listed processors and on no other."""
    assert run(cpu(cpus=cpus)).affinity == expected


@musts("cpu.mems", "create.unapplicable", needs="cgroup.cpuset")
@proved_by("cpuset-mems-dropped")
def test_the_container_uses_its_memory_nodes(bring: Bring, container: MakeContainer) -> None:
    """The cgroup has the memory nodes of the config; nodes that the machine lacks are an error."""
    made = bring("created", cpu(mems="0", cpus="0"))
    assert file_of(made, "" if made.scene.trial.is_unified else "cpuset", "cpuset.mems") == "0"
    beyond = container(cpu(mems="63", cpus="0"))
    with refused(beyond):
        beyond.create()
