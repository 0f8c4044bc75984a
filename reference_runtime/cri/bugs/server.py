"""Faults of the server as a whole: what it says about itself, its errors, calls at the same time, networks, streams."""

from __future__ import annotations

import itertools
from typing import Any

from reference_runtime.cri.bugs.bend import clear, each, put
from reference_runtime.cri.faults import Bug
from reference_runtime.cri.streaming.bugs import BUGS as STREAMS

_numbers = itertools.count()
_NO_PORT = 65536
#: Calls that may be given up, by what they do.
_GIVEN_UP = {
    "start": "StartContainer",
    "stop": "StopContainer",
    "removal": "RemoveContainer",
    "sandbox-stop": "StopPodSandbox",
    "sandbox-removal": "RemovePodSandbox",
    "pull": "PullImage",
}
#: Calls about an object that has to be there.
_ABOUT_ONE = (
    *("PodSandboxStatus", "ContainerStatus", "StartContainer", "UpdateContainerResources", "ReopenContainerLog"),
    *("ExecSync", "Exec", "Attach", "PortForward", "ContainerStats", "PodSandboxStats", "UpdatePodSandboxResources"),
    *("CreateContainer", "CheckpointContainer"),
)


def _empty_file(request: Any) -> None:
    with open(request.location, "wb"):
        pass


def _sentence(answer: Any) -> None:
    for condition in answer.status.conditions:
        condition.reason = "everything is fine"


def _no_json(answer: Any) -> None:
    for name in answer.info:
        answer.info[name] = "no JSON"


def _doubled(answer: Any) -> None:
    answer.runtime_handlers.extend(list(answer.runtime_handlers))


def _all_named(answer: Any) -> None:
    named = [handler for handler in answer.runtime_handlers if handler.name]
    del answer.runtime_handlers[:]
    answer.runtime_handlers.extend(named)


def _changing(answer: Any) -> None:
    answer.linux.cgroup_driver = next(_numbers) % 2


def _zero_means_some(request: Any) -> None:
    for mapping in request.config.port_mappings:
        mapping.host_port = mapping.host_port or _NO_PORT


def _no_datagrams(request: Any) -> None:
    kept = [mapping for mapping in request.config.port_mappings if mapping.protocol != 1]
    del request.config.port_mappings[:]
    request.config.port_mappings.extend(kept)


BUGS = [
    Bug("cri-version-empty", "Version says nothing", answers={"Version": clear("version", "runtime_name")}),
    Bug("cri-version-not-semantic", "the version is a word", answers={"Version": put("runtime_version", "latest")}),
    Bug("cri-status-conditions-missing", "Status has no conditions", answers={"Status": clear("status.conditions")}),
    Bug(
        "cri-status-network-not-ready",
        "nothing is ever ready",
        answers={"Status": each("status.conditions", put("status", False))},
    ),
    Bug("cri-status-reason-sentence", "reasons are sentences", answers={"Status": _sentence}),
    Bug("cri-status-info-always", "Status is always verbose", requests={"Status": put("verbose", True)}),
    Bug("cri-status-info-not-json", "what Status adds is no JSON", answers={"Status": _no_json}),
    Bug("cri-status-info-missing", "Status is never verbose", requests={"Status": put("verbose", False)}),
    Bug("cri-status-handlers-doubled", "handlers are listed twice", answers={"Status": _doubled}),
    Bug("cri-status-handlers-default-missing", "the default handler has a name", answers={"Status": _all_named}),
    Bug("cri-status-features-missing", "Status tells no features", answers={"Status": clear("features")}),
    Bug("cri-unknown-call-answered", "calls that there are not are answered"),
    Bug("cri-runtime-config-unset", "RuntimeConfig says nothing", answers={"RuntimeConfig": clear("linux")}),
    Bug("cri-runtime-config-changing", "RuntimeConfig changes", answers={"RuntimeConfig": _changing}),
    Bug("cri-update-runtime-config-refused", "UpdateRuntimeConfig is refused", refuses=("UpdateRuntimeConfig",)),
    Bug(
        "cri-checkpoint-empty",
        "a checkpoint is made of nothing",
        requests={"CheckpointContainer": _empty_file},
        pretends=("CheckpointContainer",),
    ),
    Bug("cri-checkpoint-pod-empty", "checkpoints of pods are made of nothing"),
    Bug("cri-not-found-code-wrong", "every error has the code UNKNOWN"),
    Bug("cri-not-found-accepted", "objects need not be there", accepts=_ABOUT_ONE),
    Bug("cri-empty-request-crashes", "the server ends with a request that has nothing in it"),
    Bug("cri-negative-number-crashes", "the server ends with a number below 0"),
    Bug("cri-missing-config-crashes", "the server ends when a sandbox or container has no config"),
    Bug("cri-partial-id-wrong-object", "the beginning of an id stands for any object"),
    Bug(
        "cri-sandbox-id-taken-as-container",
        "every id has a status",
        accepts=("ContainerStatus", "PodSandboxStatus"),
    ),
    # Networks
    Bug("cri-pod-unreachable", "the interface of a pod is down"),
    Bug(
        "cri-port-mappings-dropped",
        "no port of the host leads into a sandbox",
        requests={"RunPodSandbox": clear("config.port_mappings")},
    ),
    Bug(
        "cri-port-mapping-zero-mapped",
        "without a port of the host an impossible one is taken",
        requests={"RunPodSandbox": _zero_means_some},
    ),
    Bug("cri-port-mapping-udp-ignored", "ports of UDP are not mapped", requests={"RunPodSandbox": _no_datagrams}),
    # Calls at the same time
    Bug("cri-start-racy", "several starts may succeed", accepts=("StartContainer",)),
    Bug("cri-stop-racy", "of several stops only one succeeds", exclusive=("StopContainer",)),
    Bug("cri-remove-racy", "a container stays, however often it is removed", pretends=("RemoveContainer",)),
    Bug("cri-sandbox-stop-racy", "of several stops of sandboxes only one succeeds", exclusive=("StopPodSandbox",)),
    Bug("cri-create-racy", "of several containers only one can be made", exclusive=("CreateContainer",)),
    Bug(
        "cri-stop-blocks-status",
        "while a container is stopped no status is told",
        serial=("StopContainer", "ContainerStatus", "PodSandboxStatus", "ListContainers"),
    ),
    Bug("cri-cancelled-create-leaks", "a sandbox that nobody waits for is forgotten"),
    # Calls that are given up, and restarts
    Bug("cri-cancelled-container-leaks", "a container that nobody waits for is forgotten"),
    *(
        Bug(f"cri-cancelled-{what}-lost", f"{call} does nothing again once a client gave it up", loses=(call,))
        for what, call in _GIVEN_UP.items()
    ),
    Bug("cri-few-connections", "few clients can be connected at the same time"),
    Bug("cri-restart-kills-containers", "containers are killed when the server is started again"),
    Bug("cri-exit-while-down-lost", "it is not known how programs ended while the server was down"),
    *(Bug(name, summary) for name, summary in STREAMS.items()),
]
