"""config.md, Linux Process: scheduler, ioPriority and execCPUAffinity."""

import os
from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.harness.container import Container
from conformance.harness.observed import Inside
from conformance.harness.refusal import never_runs
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import Edit, edited
from strategies.edits import cpu, exec_cpu_affinity, io_priority, scheduler, wait

DEADLINE = scheduler("DEADLINE", runtime=1_000_000, deadline=10_000_000, period=20_000_000)


def reporting(running: Container) -> dict[str, Any]:
    """The process of a container's own config as a document for ``exec``, with the report as its program."""
    return {**running.bundle.config["process"], "args": ["/probe", "report"]}


def scheduled(inside: Inside) -> tuple[str, int, int]:
    """Policy, nice value and real-time priority of the program."""
    assert inside.scheduler is not None
    return inside.scheduler.policy, inside.scheduler.nice, inside.scheduler.priority


@musts("process.scheduler", "process.scheduler.policy", "process.scheduler.nice")
@proved_by("scheduler-dropped")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            scheduler("OTHER", nice=7),
            ("SCHED_OTHER", 7, 0),
            marks=[musts("process.scheduler.policy.other"), proved_by("scheduler-nice-dropped")],
            id="other",
        ),
        pytest.param(
            scheduler("BATCH", nice=19),
            ("SCHED_BATCH", 19, 0),
            marks=[musts("process.scheduler.policy.batch"), proved_by("scheduler-policy-other")],
            id="batch",
        ),
        pytest.param(
            scheduler("IDLE"),
            ("SCHED_IDLE", os.nice(0), 0),  # no nice value is named, and this policy keeps what there was
            marks=[musts("process.scheduler.policy.idle"), proved_by("scheduler-policy-other")],
            id="idle",
        ),
    ],
)
def test_the_program_is_scheduled_as_configured(run: Run, change: Edit, expected: tuple[str, int, int]) -> None:
    """The program has the policy and the nice value of the config."""
    assert scheduled(run(change)) == expected


@musts("process.scheduler", "process.scheduler.policy", "process.scheduler.nice", needs="cap.SYS_NICE")
@proved_by("scheduler-dropped", "scheduler-nice-dropped")
def test_the_program_can_be_preferred(run: Run) -> None:
    """A privileged runtime gives a nice value below 0."""
    assert scheduled(run(scheduler("OTHER", nice=-20))) == ("SCHED_OTHER", -20, 0)


@musts("process.scheduler", "process.scheduler.priority", needs=("cap.SYS_NICE", "realtime"))
@proved_by("scheduler-dropped")
@pytest.mark.parametrize(
    ("policy", "priority"),
    [
        pytest.param("FIFO", 1, marks=musts("process.scheduler.policy.fifo"), id="fifo"),
        pytest.param("RR", 99, marks=musts("process.scheduler.policy.rr"), id="rr"),
    ],
)
def test_the_program_has_its_real_time_priority(run: Run, policy: str, priority: int) -> None:
    """The program has the real-time policy and priority of the config."""
    assert scheduled(run(scheduler(policy, priority=priority))) == (f"SCHED_{policy}", 0, priority)


@musts("process.scheduler.policy.deadline", "process.scheduler.runtime", "process.scheduler.deadline")
@musts("process.scheduler.period", needs="cap.SYS_NICE")
@proved_by("scheduler-dropped", "scheduler-deadline-is-period")
def test_the_program_has_its_deadline(run: Run) -> None:
    """The program has runtime, deadline and period of the config, each its own."""
    seen = run(DEADLINE).scheduler
    assert seen.policy == "SCHED_DEADLINE"
    assert (seen.runtime, seen.deadline, seen.period) == (1_000_000, 10_000_000, 20_000_000)


@musts("process.scheduler.flags", "process.scheduler.flags.reset-on-fork")
@proved_by("scheduler-flags-dropped")
def test_the_policy_is_reset_on_fork(run: Run) -> None:
    """The program has the flag that the config lists, and has it not when it does not list any."""
    assert run(scheduler("BATCH", flags=["RESET_ON_FORK"])).scheduler.flags == ["SCHED_FLAG_RESET_ON_FORK"]
    assert run(scheduler("BATCH")).scheduler.flags == []


@musts("process.scheduler.nice.default", "process.scheduler.priority.default")
@proved_by("scheduler-nice-inherited")
def test_without_nice_the_value_is_zero(container: MakeContainer) -> None:
    """A scheduler without nice means 0, whatever that of the runtime's caller is."""
    made = container(scheduler("BATCH"))
    made.create(under="renice -n 5 $$ >/dev/null")
    made.start()
    assert scheduled(made.wait().inside) == ("SCHED_BATCH", 0, 0)


@musts("process.scheduler.policy", "process.scheduler.flags", "process.scheduler.priority")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(scheduler("SEA"), marks=proved_by("invalid-values-ignored"), id="policy"),
        pytest.param(scheduler("OTHER", flags=["SEA"]), marks=proved_by("invalid-values-ignored"), id="flag"),
        pytest.param(scheduler("OTHER", priority=5), marks=proved_by("scheduler-failure-ignored"), id="priority"),
        pytest.param(
            scheduler("DEADLINE", runtime=20_000_000, deadline=10_000_000, period=30_000_000),
            marks=proved_by("scheduler-failure-ignored"),
            id="deadline",
        ),
    ],
)
def test_a_scheduler_that_can_not_be_is_refused(container: MakeContainer, change: Edit) -> None:
    """A policy, a flag or parameters that the kernel does not know are an error."""
    never_runs(container(change))


@musts("process.io-priority", "process.io-priority.class", "process.io-priority.priority")
@proved_by("io-priority-dropped")
@pytest.mark.parametrize(
    ("kind", "level"),
    [
        pytest.param("BE", 0, id="best"),
        pytest.param("BE", 6, marks=proved_by("io-priority-level-dropped"), id="worse"),
        pytest.param("IDLE", 7, marks=proved_by("io-priority-class-wrong"), id="idle"),
    ],
)
def test_the_program_has_its_io_priority(run: Run, kind: str, level: int) -> None:
    """The program has the class and the level of the config."""
    seen = run(io_priority(kind, level)).ioprio
    assert (seen.class_, seen.level) == (f"IOPRIO_CLASS_{kind}", level)


@musts("process.io-priority", "process.io-priority.class", "process.io-priority.priority", needs="cap.SYS_ADMIN")
@proved_by("io-priority-dropped", "io-priority-class-wrong", "io-priority-level-dropped")
def test_the_program_can_be_real_time_in_io(run: Run) -> None:
    """A privileged runtime gives a level of the real-time class."""
    seen = run(io_priority("RT", 3)).ioprio
    assert (seen.class_, seen.level) == ("IOPRIO_CLASS_RT", 3)


@musts("process.io-priority.group", needs="command.exec")
@proved_by("exec-io-priority-dropped")
def test_exec_has_the_io_priority_too(bring: Bring) -> None:
    """The setting is one for all processes of the container: one executed later has it as well."""
    seen = bring("running", io_priority("BE", 6)).exec().inside.ioprio
    assert (seen.class_, seen.level) == ("IOPRIO_CLASS_BE", 6)


@musts("process.io-priority.class", "process.io-priority.priority")
@proved_by("invalid-values-ignored")
@pytest.mark.parametrize(
    ("kind", "level"),
    [("SEA", 1), ("", 1), ("BE", 8), ("BE", -1), ("BE", "1")],
    ids=["class", "empty", "beyond", "below", "text"],
)
def test_an_io_priority_that_can_not_be_is_refused(container: MakeContainer, kind: str, level: Any) -> None:
    """A class or level that the specification does not know is an error."""
    never_runs(container(io_priority(kind, level)))


@musts("process.exec-cpu-affinity", "process.exec-cpu-affinity.final", "process.exec-cpu-affinity.format")
@musts("process.exec-cpu-affinity.init", needs=("processors.2", "command.exec"))
@proved_by("exec-affinity-dropped")
@pytest.mark.parametrize(
    ("final", "expected", "told"),
    [("1", [1], "by-config"), ("0", [0], "by-document"), ("1-1", [1], "by-document")],
    ids=["by-config", "by-document", "range"],
)
def test_exec_runs_on_its_final_processors(bring: Bring, final: str, expected: list[int], told: str) -> None:
    """A process executed later runs on the final processors; the first process is not touched."""
    running = bring("running", exec_cpu_affinity(initial="0", final=final))
    document = reporting(running) if told == "by-document" else None
    assert running.exec(process=document).inside.affinity == expected
    assert len(running.observed().inside.affinity) >= 2


@musts("process.exec-cpu-affinity.final.unset", needs=("processors.2", "cgroup.cpuset", "command.exec"))
@proved_by("exec-affinity-initial-stays")
def test_without_final_processors_the_kernel_decides(bring: Bring) -> None:
    """With initial alone, a process executed later runs where its cgroup lets it once it is in there."""
    running = bring("running", exec_cpu_affinity(initial="0"), cpu(cpus="1"))
    assert running.exec(process=reporting(running)).inside.affinity == [1]


@musts("process.exec-cpu-affinity.format", needs="command.exec")
@proved_by("exec-affinity-unchecked")
@pytest.mark.parametrize("listed", ["sea", "1-0", "0;1"], ids=["text", "backwards", "semicolon"])
def test_processors_that_are_no_list_are_refused(container: MakeContainer, listed: str) -> None:
    """Processors that are not listed with commas and dashes are an error, in create or else in exec."""
    made = container(exec_cpu_affinity(final=listed), wait())
    if made.ask_to_create().exit_status == 0:
        made.start()
        made.until_waiting()
        assert made.exec(process=reporting(made)).exit_status != 0


@musts("process.scheduler", "process.scheduler.policy", needs="command.exec")
@proved_by("exec-document-ignored", "exec-scheduler-dropped")
def test_exec_takes_the_scheduler_of_its_document(bring: Bring) -> None:
    """With a process document exec schedules its process as that says."""
    document = edited(scheduler("BATCH", nice=4))["process"]
    assert scheduled(bring("running").exec(process=document).inside) == ("SCHED_BATCH", 4, 0)


@musts("process.io-priority", "process.io-priority.class", "process.io-priority.priority", needs="command.exec")
@proved_by("exec-document-ignored", "exec-io-priority-dropped")
def test_exec_takes_the_io_priority_of_its_document(bring: Bring) -> None:
    """With a process document exec gives its process the class and level of that."""
    running = bring("running", io_priority("BE", 6))
    document = edited(io_priority("IDLE", 7), base={"process": reporting(running)})["process"]
    seen = running.exec(process=document).inside.ioprio
    assert (seen.class_, seen.level) == ("IOPRIO_CLASS_IDLE", 7)
