"""Faults of the life of containers and of what is told about them."""

from __future__ import annotations

from typing import Any

from reference_runtime.cri.bugs.bend import add_entry, change, clear, counting, each, once, put, same
from reference_runtime.cri.faults import Bug

_ID = "container_id"


def _status(name: str, summary: str, bend: Any, entry: Any = None) -> Bug:
    """A fault in what a status says, and in lists the same about an entry."""
    answers = {"ContainerStatus": bend}
    return Bug(name, summary, answers=answers | ({"ListContainers": each("containers", entry)} if entry else {}))


def _disordered(answer: Any) -> None:
    status = answer.status
    if status.finished_at:
        status.finished_at = status.created_at - 1
    elif status.started_at:
        status.started_at = status.created_at - 1


def _killed_is_255(answer: Any) -> None:
    if answer.status.exit_code > 128:
        answer.status.exit_code = 255


BUGS = [
    Bug("cri-container-started-at-create", "a container runs as soon as it is created"),
    Bug("cri-container-same-id", "every container has the same id", answers={"CreateContainer": same(_ID)}),
    Bug("cri-container-start-ignored", "starting a container does nothing", pretends=("StartContainer",)),
    Bug("cri-container-start-twice-accepted", "every container can be started", accepts=("StartContainer",)),
    _status("cri-exit-code-lost", "every exit code is 99", put("status.exit_code", 99)),
    _status("cri-exit-code-of-signal-lost", "a program that was killed has exit code 255", _killed_is_255),
    _status(
        "cri-container-times-zero", "no container has begun or ended", clear("status.started_at", "status.finished_at")
    ),
    _status("cri-container-times-disordered", "containers begin or end before they are created", _disordered),
    _status("cri-container-reason-missing", "there is no reason", clear("status.reason")),
    _status(
        "cri-oom-reason-lost",
        "running out of memory is an error as any other",
        change("status.reason", lambda reason: "Error" if reason == "OOMKilled" else reason),
    ),
    _status("cri-container-metadata-lost", "a container has no metadata", clear("status.metadata"), clear("metadata")),
    _status("cri-container-attempt-lost", "the attempt is always 0", clear("status.metadata.attempt")),
    _status("cri-container-labels-lost", "a container has no labels", clear("status.labels"), clear("labels")),
    _status(
        "cri-container-annotations-altered",
        "a container has a further annotation",
        add_entry("status.annotations"),
        add_entry("annotations"),
    ),
    _status("cri-container-annotations-lost", "a container has no annotations", clear("status.annotations")),
    _status("cri-container-image-ref-lost", "the status names no image", clear("status.image", "status.image_ref")),
    _status(
        "cri-container-image-id-lost",
        "the image has another id",
        put("status.image_id", "sha256:0"),
        put("image_id", "sha256:0"),
    ),
    _status("cri-status-mounts-lost", "the status has no mounts", clear("status.mounts")),
    _status("cri-status-resources-lost", "the status has no resources", clear("status.resources")),
    _status("cri-container-state-unknown", "the state is unknown", put("status.state", 3), put("state", 3)),
    _status(
        "cri-container-state-stays-running",
        "a container that has ended runs",
        change("status.state", lambda state: 1 if state == 2 else state),
    ),
    _status("cri-status-user-lost", "the status has no user", clear("status.user")),
    _status("cri-container-log-path-lost", "the status has no path of the log", clear("status.log_path")),
    Bug(
        "cri-container-info-always",
        "the status of a container is always verbose",
        requests={"ContainerStatus": put("verbose", True)},
    ),
    Bug("cri-container-absent-status", "an absent container has an empty status", accepts=("ContainerStatus",)),
    Bug(
        "cri-stop-without-signal",
        "a container is killed at once when it is stopped",
        requests={"StopContainer": put("timeout", 0)},
    ),
    Bug("cri-stop-never-kills", "a program that does not end is left alone"),
    Bug("cri-stop-waits-for-nothing", "without a grace period a program is asked to end, and not killed"),
    Bug("cri-stop-ignored", "stopping a container does nothing", pretends=("StopContainer",)),
    Bug("cri-stop-twice-refused", "a container can be stopped only once", requests={"StopContainer": once(_ID)}),
    Bug("cri-remove-running-refused", "no container can be removed", refuses=("RemoveContainer",)),
    Bug("cri-remove-twice-refused", "a container can be removed only once", requests={"RemoveContainer": once(_ID)}),
    Bug("cri-remove-ignored", "removing a container does nothing", pretends=("RemoveContainer",)),
    Bug(
        "cri-container-duplicate-accepted",
        "two containers may have one name",
        requests={"CreateContainer": counting("config.metadata.attempt")},
    ),
    Bug("cri-container-name-stays-taken", "the name of a removed container can not be used again"),
    Bug(
        "cri-container-attempts-collide",
        "a container can not be tried again",
        requests={"CreateContainer": clear("config.metadata.attempt")},
    ),
    Bug("cri-container-incomplete-accepted", "an incomplete container is accepted", accepts=("CreateContainer",)),
    Bug(
        "cri-create-in-stopped-sandbox-accepted",
        "containers can be made in a stopped sandbox",
        accepts=("CreateContainer", "StartContainer"),
    ),
    Bug(
        "cri-command-not-found-accepted",
        "a program need not be there",
        accepts=("CreateContainer", "StartContainer"),
    ),
]
