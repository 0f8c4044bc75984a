"""Faults of logs, of programs that are run beside, of stats, metrics and events."""

from __future__ import annotations

from typing import Any

from reference_runtime.cri.bugs.bend import Bend, add_entry, change, clear, each, put
from reference_runtime.cri.faults import Bug


def _swap_outputs(answer: Any) -> None:
    answer.stdout, answer.stderr = answer.stderr, answer.stdout


def _mix_outputs(answer: Any) -> None:
    answer.stdout, answer.stderr = answer.stdout + answer.stderr, b""


def _other_event(event: Any) -> None:
    event.container_event_type = (event.container_event_type + 1) % 4


def _stats(name: str, summary: str, bend: Bend) -> Bug:
    """A fault in the stats of containers, one by one and in the list."""

    def bend_one(answer: Any) -> None:
        bend(answer.stats)

    return Bug(name, summary, answers={"ContainerStats": bend_one, "ListContainerStats": each("stats", bend)})


def _pod_stats(name: str, summary: str, bend: Bend) -> Bug:
    """A fault in the stats of sandboxes, one by one and in the list."""

    def bend_one(answer: Any) -> None:
        bend(answer.stats)

    return Bug(name, summary, answers={"PodSandboxStats": bend_one, "ListPodSandboxStats": each("stats", bend)})


def _without_first(answer: Any) -> None:
    del answer.stats[:1]


def _no_labels(answer: Any) -> None:
    for pod in answer.pod_metrics:
        for metric in [*pod.metrics, *(metric for each_ in pod.container_metrics for metric in each_.metrics)]:
            del metric.label_values[:]


def _half_described(answer: Any) -> None:
    del answer.descriptors[::2]


BUGS = [
    # Logs
    Bug("cri-log-missing", "nothing is logged"),
    Bug("cri-log-format-wrong", "lines of a log have another form"),
    Bug("cri-log-time-wrong", "lines of a log have no time"),
    Bug("cri-log-stream-swapped", "the two streams are swapped in logs"),
    Bug("cri-log-stderr-as-stdout", "every line of a log is of stdout"),
    Bug("cri-log-partial-as-full", "parts of lines are not marked"),
    Bug("cri-log-all-partial", "every line is marked as a part"),
    Bug("cri-log-long-truncated", "long lines are cut off"),
    Bug("cri-log-unfinished-lost", "a line that no newline ends is lost"),
    Bug("cri-log-empty-lines-lost", "empty lines are lost"),
    Bug("cri-log-bytes-changed", "what is no text is made text"),
    Bug("cri-log-disordered", "lines that come at once are logged the last one first"),
    Bug("cri-log-absent-path-refused", "every container needs a log"),
    Bug("cri-log-reopen-ignored", "a log that was moved is written on"),
    Bug("cri-log-reopen-loses-lines", "what comes first after a log was reopened is lost"),
    Bug("cri-log-reopen-refused-makes-file", "a log that can not be reopened is made"),
    Bug("cri-log-reopen-absent-accepted", "what is not there has a log", accepts=("ReopenContainerLog",)),
    Bug("cri-log-tty-missing", "what comes from a terminal is not logged"),
    Bug("cri-log-slow-reader-blocks", "the containers of a folder have one log"),
    # ExecSync
    Bug("cri-exec-elsewhere", "commands run on the node"),
    Bug("cri-exec-exit-code-lost", "every command ends with 99", answers={"ExecSync": put("exit_code", 99)}),
    Bug("cri-exec-streams-mixed", "errors of a command are among its output", answers={"ExecSync": _mix_outputs}),
    Bug("cri-exec-streams-swapped", "output and errors are swapped", answers={"ExecSync": _swap_outputs}),
    Bug("cri-exec-output-lost", "a command says nothing", answers={"ExecSync": clear("stdout", "stderr")}),
    Bug(
        "cri-exec-output-truncated",
        "output of a command ends after 4 KiB",
        answers={"ExecSync": change("stdout", lambda text: text[:4096])},
    ),
    Bug("cri-exec-stdin-open", "standard input of a command never ends"),
    Bug("cri-exec-environment-lost", "a command has no environment"),
    Bug("cri-exec-timeout-ignored", "a command may take as long as it likes"),
    Bug("cri-exec-timeout-leaves-process", "a command that takes too long goes on"),
    Bug("cri-exec-timeout-unlike-deadline", "a command that takes too long has failed for an unknown reason"),
    Bug("cri-exec-waits-for-children", "a command that leaves a child behind fails"),
    Bug("cri-exec-absent-accepted", "commands can be run in what is not there", accepts=("ExecSync",)),
    Bug("cri-exec-command-missing-accepted", "commands need not be there", accepts=("ExecSync",)),
    Bug("cri-exec-serialized", "of several commands only one can be run", exclusive=("ExecSync",)),
    # Stats
    _stats("cri-stats-empty", "nothing is told of what containers use", clear("cpu", "memory")),
    _stats("cri-stats-timestamps-missing", "stats have no times", clear("cpu.timestamp", "memory.timestamp")),
    _stats("cri-stats-attributes-lost", "stats do not say whose they are", clear("attributes")),
    _stats("cri-stats-annotations-altered", "stats have a further annotation", add_entry("attributes.annotations")),
    _stats("cri-stats-cpu-constant", "no work is counted", put("cpu.usage_core_nano_seconds.value", 1_000_000)),
    _stats("cri-stats-memory-constant", "all need the same memory", put("memory.working_set_bytes.value", 1 << 20)),
    _stats("cri-stats-writable-layer-constant", "nothing is written", put("writable_layer.used_bytes.value", 4096)),
    Bug(
        "cri-stats-list-incomplete", "stats of the oldest are left out", answers={"ListContainerStats": _without_first}
    ),
    Bug(
        "cri-list-stats-labels-ignored",
        "filters of stats pass labels over",
        requests={"ListContainerStats": clear("filter.label_selector")},
    ),
    Bug("cri-stats-absent-accepted", "what is not there has stats", accepts=("ContainerStats", "PodSandboxStats")),
    _pod_stats("cri-pod-stats-empty", "nothing is told of what pods use", clear("attributes", "linux.containers")),
    _pod_stats("cri-pod-stats-network-missing", "pods have no network", clear("linux.network")),
    _pod_stats(
        "cri-pod-stats-processes-wrong", "every pod has one process", put("linux.process.process_count.value", 1)
    ),
    Bug("cri-pod-stats-list-incomplete", "the oldest pod is left out", answers={"ListPodSandboxStats": _without_first}),
    Bug("cri-pod-stats-absent-accepted", "absent pods have stats", accepts=("PodSandboxStats",)),
    Bug(
        "cri-metrics-undescribed",
        "half of the metrics are described",
        answers={"ListMetricDescriptors": _half_described},
    ),
    Bug("cri-metrics-missing", "there are no metrics", answers={"ListPodSandboxMetrics": clear("pod_metrics")}),
    Bug("cri-metrics-labels-missing", "metrics have no labels", answers={"ListPodSandboxMetrics": _no_labels}),
    # Events
    Bug("cri-events-missing", "nothing is told of"),
    Bug("cri-events-block", "nothing goes on until every event was read"),
    Bug("cri-events-wrong", "something else is told of", answers={"GetContainerEvents": _other_event}),
    Bug(
        "cri-events-status-lost",
        "events have no statuses",
        answers={"GetContainerEvents": clear("pod_sandbox_status", "containers_statuses")},
    ),
    Bug("cri-events-time-zero", "events have no times", answers={"GetContainerEvents": clear("created_at")}),
]
