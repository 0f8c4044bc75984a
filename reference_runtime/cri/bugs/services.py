"""Faults of the server itself, of images, lists, stats, events, logs and programs that are run beside."""

from __future__ import annotations

import itertools
from typing import Any

from reference_runtime.cri.bugs.bend import add_entry, change, clear, each, first_only, once, put, same
from reference_runtime.cri.faults import Bug
from reference_runtime.cri.streaming.bugs import BUGS as STREAMS

#: Call -> what is listed, and the field that has it.
_LISTS = {
    "ListPodSandbox": ("sandboxes", "items"),
    "ListContainers": ("containers", "containers"),
    "ListImages": ("images", "images"),
    "ListContainerStats": ("stats", "stats"),
    "ListPodSandboxStats": ("sandbox-stats", "stats"),
}
_numbers = itertools.count()
_once_image = once("image")


def _sentence(answer: Any) -> None:
    for condition in answer.status.conditions:
        condition.reason = "everything is fine"


def _no_json(answer: Any) -> None:
    for name in answer.info:
        answer.info[name] = "no JSON"


def _doubled(answer: Any) -> None:
    answer.runtime_handlers.extend(list(answer.runtime_handlers))


def _changing(answer: Any) -> None:
    answer.linux.cgroup_driver = next(_numbers) % 2


def _swap_outputs(answer: Any) -> None:
    answer.stdout, answer.stderr = answer.stderr, answer.stdout


def _mix_outputs(answer: Any) -> None:
    answer.stdout, answer.stderr = answer.stdout + answer.stderr, b""


def _other_event(event: Any) -> None:
    event.container_event_type = (event.container_event_type + 1) % 4


def _zero_usage(stats: Any) -> None:
    stats.cpu.usage_core_nano_seconds.value = 0
    stats.memory.usage_bytes.value = 0
    stats.memory.working_set_bytes.value = 0


def _without_values(path: str) -> Any:
    def bend(answer: Any) -> None:
        for pod in answer.pod_metrics:
            for metric in pod.metrics:
                metric.ClearField(path)

    return bend


BUGS = [
    Bug("cri-version-empty", "Version says nothing", answers={"Version": clear("version", "runtime_name")}),
    Bug(
        "cri-version-not-semantic",
        "the version is a word",
        answers={"Version": put("runtime_version", "latest")},
    ),
    Bug("cri-status-conditions-missing", "Status has no conditions", answers={"Status": clear("status.conditions")}),
    Bug(
        "cri-status-network-not-ready",
        "the network is never ready",
        answers={"Status": each("status.conditions", put("status", False))},
    ),
    Bug("cri-status-reason-sentence", "reasons are sentences", answers={"Status": _sentence}),
    Bug("cri-status-info-always", "Status is always verbose", requests={"Status": put("verbose", True)}),
    Bug("cri-status-info-not-json", "what Status adds is no JSON", answers={"Status": _no_json}),
    Bug("cri-status-info-missing", "Status is never verbose", requests={"Status": put("verbose", False)}),
    Bug("cri-status-handlers-doubled", "handlers are listed twice", answers={"Status": _doubled}),
    Bug("cri-runtime-config-unset", "RuntimeConfig says nothing", answers={"RuntimeConfig": clear("linux")}),
    Bug("cri-runtime-config-changing", "RuntimeConfig changes", answers={"RuntimeConfig": _changing}),
    Bug("cri-update-runtime-config-refused", "UpdateRuntimeConfig is refused", refuses=("UpdateRuntimeConfig",)),
    Bug("cri-errors-unknown", "every error has the code UNKNOWN"),
    # Lists
    *(
        Bug(f"cri-list-{name}-filter-ignored", f"{call} shows everything", requests={call: clear("filter")})
        for call, (name, _) in _LISTS.items()
    ),
    *(
        Bug(f"cri-list-{name}-first-only", f"{call} shows only the first", answers={call: first_only(field)})
        for call, (name, field) in _LISTS.items()
    ),
    Bug("cri-filter-labels-ignored", "filters pass labels over"),
    Bug("cri-filter-labels-any", "one label of a filter is enough"),
    Bug(
        "cri-filter-state-ignored",
        "filters pass states over",
        requests={"ListContainers": clear("filter.state"), "ListPodSandbox": clear("filter.state")},
    ),
    Bug(
        "cri-filter-id-ignored",
        "filters pass ids over",
        requests={"ListContainers": clear("filter.id"), "ListPodSandbox": clear("filter.id")},
    ),
    Bug(
        "cri-filter-sandbox-ignored",
        "filters pass the sandbox over",
        requests={"ListContainers": clear("filter.pod_sandbox_id")},
    ),
    # Images
    Bug("cri-image-pull-refused", "no image can be pulled", refuses=("PullImage",)),
    Bug("cri-image-pull-ignored", "pulling does nothing", pretends=("PullImage",)),
    Bug("cri-image-pull-wrong-ref", "PullImage answers with another id", answers={"PullImage": same("image_ref")}),
    Bug(
        "cri-image-digests-missing",
        "images have no digests",
        answers={
            "ImageStatus": clear("image.repo_digests"),
            "ListImages": each("images", clear("repo_digests")),
        },
    ),
    Bug(
        "cri-image-digest-wrong",
        "images have another id",
        answers={
            "ImageStatus": change("image.id", lambda name: name[::-1]),
            "ListImages": each("images", change("id", lambda name: name[::-1])),
        },
    ),
    Bug(
        "cri-image-tags-missing",
        "images have no tags",
        answers={"ImageStatus": clear("image.repo_tags"), "ListImages": each("images", clear("repo_tags"))},
    ),
    Bug(
        "cri-image-size-zero",
        "images take no room",
        answers={"ImageStatus": clear("image.size"), "ListImages": each("images", clear("size"))},
    ),
    Bug(
        "cri-image-user-missing",
        "images have no user",
        answers={"ImageStatus": clear("image.uid", "image.username")},
    ),
    Bug("cri-image-absent-status-refused", "the status of an absent image is an error"),
    Bug(
        "cri-image-info-always",
        "the status of an image is always verbose",
        requests={"ImageStatus": put("verbose", True)},
    ),
    Bug("cri-image-remove-ignored", "removing an image does nothing", pretends=("RemoveImage",)),
    Bug("cri-image-remove-only-tag", "removing an image by a tag removes only the tag"),
    Bug(
        "cri-image-remove-twice-refused",
        "an image can be removed only once",
        requests={"RemoveImage": lambda request: _once_image(request.image)},
    ),
    Bug("cri-image-absent-accepted", "an image need not be there", accepts=("PullImage",)),
    Bug("cri-image-auth-ignored", "credentials are not used", requests={"PullImage": clear("auth")}),
    Bug("cri-image-whiteouts-ignored", "what a layer removes stays"),
    Bug(
        "cri-image-fs-zero",
        "images take no room on the disk",
        answers={"ImageFsInfo": each("image_filesystems", clear("used_bytes", "inodes_used"))},
    ),
    Bug("cri-image-fs-empty", "there is no filesystem of images", answers={"ImageFsInfo": clear("image_filesystems")}),
    # Logs
    Bug("cri-log-dropped", "nothing is logged"),
    Bug("cri-log-stream-swapped", "the two streams are swapped in logs"),
    Bug("cri-log-stdout-only", "every line of a log is of stdout"),
    Bug("cri-log-partial-missing", "parts of lines are not marked"),
    Bug("cri-log-all-partial", "every line is marked as a part"),
    Bug("cri-log-truncated", "long lines are cut off"),
    Bug("cri-log-reopen-ignored", "a log that was moved is written on"),
    Bug("cri-log-times-zero", "lines of a log have no time"),
    Bug("cri-log-rest-lost", "a line that no newline ends is lost"),
    Bug("cri-log-reopen-stopped-accepted", "the log of what has ended can be opened", accepts=("ReopenContainerLog",)),
    # ExecSync
    Bug("cri-exec-timeout-ignored", "a command may take as long as it likes"),
    Bug("cri-exec-timeout-leaves-process", "a command that takes too long goes on"),
    Bug("cri-exec-timeout-unlike-deadline", "a command that takes too long has failed for an unknown reason"),
    Bug("cri-exec-exit-code-lost", "every command ends with 0", answers={"ExecSync": put("exit_code", 0)}),
    Bug("cri-exec-stderr-mixed", "errors of a command are among its output", answers={"ExecSync": _mix_outputs}),
    Bug("cri-exec-streams-swapped", "output and errors of a command are swapped", answers={"ExecSync": _swap_outputs}),
    Bug("cri-exec-output-lost", "a command says nothing", answers={"ExecSync": clear("stdout", "stderr")}),
    Bug(
        "cri-exec-output-truncated",
        "output of a command ends after 4 KiB",
        answers={"ExecSync": change("stdout", lambda text: text[:4096])},
    ),
    Bug("cri-exec-waits-for-children", "a command has ended when all that it started has"),
    Bug("cri-exec-stopped-accepted", "commands can be run in what has ended", accepts=("ExecSync",)),
    # Stats, metrics, events
    Bug(
        "cri-stats-zero",
        "nothing is used",
        answers={
            "ContainerStats": lambda answer: _zero_usage(answer.stats),
            "ListContainerStats": each("stats", _zero_usage),
        },
    ),
    Bug(
        "cri-stats-timestamps-missing",
        "stats have no times",
        answers={
            "ContainerStats": clear("stats.cpu.timestamp", "stats.memory.timestamp"),
            "ListContainerStats": each("stats", clear("cpu.timestamp", "memory.timestamp")),
        },
    ),
    Bug(
        "cri-stats-attributes-lost",
        "stats do not say whose they are",
        answers={
            "ContainerStats": clear("stats.attributes"),
            "ListContainerStats": each("stats", clear("attributes")),
        },
    ),
    Bug(
        "cri-stats-labels-lost",
        "stats have no labels",
        answers={"ListContainerStats": each("stats", clear("attributes.labels"))},
    ),
    Bug(
        "cri-stats-annotations-altered",
        "stats have a further annotation",
        answers={"ContainerStats": add_entry("stats.attributes.annotations")},
    ),
    Bug("cri-stats-absent-accepted", "what is not there has stats", accepts=("ContainerStats", "PodSandboxStats")),
    Bug(
        "cri-sandbox-stats-zero",
        "pods use nothing",
        answers={"PodSandboxStats": clear("stats.linux.cpu", "stats.linux.memory", "stats.linux.process")},
    ),
    Bug(
        "cri-sandbox-stats-network-missing",
        "pods have no network",
        answers={"PodSandboxStats": clear("stats.linux.network")},
    ),
    Bug(
        "cri-sandbox-stats-containers-missing",
        "stats of pods have no containers",
        answers={"PodSandboxStats": clear("stats.linux.containers")},
    ),
    Bug(
        "cri-metrics-descriptors-missing",
        "metrics are not described",
        answers={"ListMetricDescriptors": clear("descriptors")},
    ),
    Bug("cri-metrics-missing", "there are no metrics", answers={"ListPodSandboxMetrics": clear("pod_metrics")}),
    Bug(
        "cri-metrics-labels-missing",
        "metrics have no labels",
        answers={"ListPodSandboxMetrics": _without_values("label_values")},
    ),
    Bug("cri-events-missing", "nothing is told of"),
    Bug("cri-events-wrong", "something else is told of", answers={"GetContainerEvents": _other_event}),
    Bug(
        "cri-events-without-status",
        "events have no statuses",
        answers={"GetContainerEvents": clear("pod_sandbox_status", "containers_statuses")},
    ),
    Bug("cri-events-without-time", "events have no times", answers={"GetContainerEvents": clear("created_at")}),
    *(Bug(name, summary) for name, summary in STREAMS.items()),
]
