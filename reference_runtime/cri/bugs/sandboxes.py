"""Faults of sandboxes."""

from __future__ import annotations

import itertools
from typing import Any

from reference_runtime.cri.bugs.bend import (
    add_entry,
    change,
    clear,
    counting,
    each,
    namespace,
    not_after,
    once,
    put,
    same,
)
from reference_runtime.cri.faults import Bug

_ID = "pod_sandbox_id"
_numbers = itertools.count()
_remember, _refuse_absent = not_after(_ID)


def _status(name: str, summary: str, bend: Any, entry: Any = None) -> Bug:
    """A fault in what a status says, and in lists the same about an entry."""
    answers = {"PodSandboxStatus": bend}
    return Bug(name, summary, answers=answers | ({"ListPodSandbox": each("items", entry)} if entry else {}))


def _run(name: str, summary: str, bend: Any) -> Bug:
    """A fault in what RunPodSandbox takes notice of."""
    return Bug(name, summary, requests={"RunPodSandbox": bend})


def _named(request: Any) -> None:
    if not request.config.metadata.name:
        request.config.metadata.name = f"nameless-{next(_numbers)}"


def _privileged(request: Any) -> None:
    request.config.linux.security_context.privileged = True


def _one_missing(answer: Any) -> None:
    for status in answer.containers_statuses:
        status.id = status.id[::-1]


def _same_name_for_node(config: Any) -> None:
    """On the node's network the names are the node's, too."""
    if not any(space["type"] == "network" for space in config["linux"]["namespaces"]):
        config["linux"]["namespaces"].append({"type": "uts"})
        config["hostname"] = "seatrial-bug"


def _own_shm(config: Any) -> None:
    for mount in config["mounts"]:
        if mount["destination"] == "/dev/shm":  # noqa: S108  # a place in the container
            mount |= {"type": "tmpfs", "source": "shm", "options": ["nosuid", "nodev", "noexec", "mode=1777"]}


def _without_path(space: dict[str, str] | None) -> dict[str, str] | None:
    return {"type": space["type"]} if space else None


def _only_own(space: dict[str, str] | None) -> dict[str, str] | None:
    return None if space and "path" in space else space


def _only_shared(space: dict[str, str] | None) -> dict[str, str] | None:
    return space if space and "path" in space else None


def _untargeted(request: Any) -> None:
    options = request.config.linux.security_context.namespace_options
    if options.pid == 3:
        options.pid = 1


BUGS = [
    _status("cri-sandbox-not-ready", "a sandbox is never ready", put("status.state", 1), put("state", 1)),
    Bug("cri-sandbox-same-id", "every sandbox has the same id", answers={"RunPodSandbox": same(_ID)}),
    _status("cri-sandbox-metadata-lost", "a sandbox has no metadata", clear("status.metadata"), clear("metadata")),
    _status(
        "cri-sandbox-created-at-seconds",
        "times of sandboxes are in seconds",
        change("status.created_at", lambda when: when // 10**9),
        change("created_at", lambda when: when // 10**9),
    ),
    _status("cri-sandbox-labels-lost", "a sandbox has no labels", clear("status.labels"), clear("labels")),
    _status(
        "cri-sandbox-annotations-altered",
        "a sandbox has a further annotation",
        add_entry("status.annotations"),
        add_entry("annotations"),
    ),
    _status("cri-sandbox-annotations-lost", "a sandbox has no annotations", clear("status.annotations")),
    _status("cri-sandbox-attempt-lost", "the attempt is always 0", clear("status.metadata.attempt")),
    _status("cri-sandbox-namespaces-lost", "the status has no namespace options", clear("status.linux")),
    Bug(
        "cri-sandbox-info-always",
        "the status of a sandbox is always verbose",
        requests={"PodSandboxStatus": put("verbose", True)},
    ),
    Bug("cri-sandbox-absent-status", "an absent sandbox has an empty status", accepts=("PodSandboxStatus",)),
    _status("cri-sandbox-stop-still-ready", "a stopped sandbox is ready", put("status.state", 0), put("state", 0)),
    Bug("cri-sandbox-stop-leaves-containers", "containers of a stopped sandbox go on"),
    Bug(
        "cri-sandbox-stop-twice-refused",
        "a sandbox can be stopped only once",
        requests={"StopPodSandbox": once(_ID)},
    ),
    Bug(
        "cri-sandbox-stop-absent-refused",
        "a sandbox that was removed can not be stopped",
        requests={"RemovePodSandbox": _remember, "StopPodSandbox": _refuse_absent},
    ),
    Bug("cri-sandbox-remove-keeps", "removing a sandbox does nothing", pretends=("RemovePodSandbox",)),
    Bug("cri-sandbox-remove-leaves-containers", "containers of a removed sandbox stay"),
    Bug(
        "cri-sandbox-remove-twice-refused",
        "a sandbox can be removed only once",
        requests={"RemovePodSandbox": once(_ID)},
    ),
    _run("cri-sandbox-handler-unknown-accepted", "every handler is the default one", clear("runtime_handler")),
    _status(
        "cri-sandbox-handler-lost",
        "the status names another handler",
        put("status.runtime_handler", "seatrial-other"),
        put("runtime_handler", "seatrial-other"),
    ),
    _run("cri-sandbox-duplicate-accepted", "two sandboxes may have one name", counting("config.metadata.attempt")),
    _run("cri-sandbox-names-racy", "sandboxes of one name may be made at once", counting("config.metadata.attempt")),
    Bug("cri-sandbox-name-stays-taken", "the name of a removed sandbox can not be used again"),
    _run("cri-sandbox-without-metadata-accepted", "a sandbox needs no name", _named),
    _run(
        "cri-sandbox-group-alone-accepted",
        "a sandbox may have a group and no user",
        clear("config.linux.security_context.run_as_group"),
    ),
    Bug(
        "cri-sandbox-containers-statuses-wrong",
        "the status of a sandbox has those of other containers",
        answers={"PodSandboxStatus": _one_missing},
    ),
    Bug("cri-sandbox-update-refused", "resources of pods can not be updated", refuses=("UpdatePodSandboxResources",)),
    Bug(
        "cri-sandbox-update-absent-accepted",
        "resources of absent pods can be updated",
        accepts=("UpdatePodSandboxResources",),
    ),
    _status("cri-sandbox-ip-missing", "the status has no address", clear("status.network")),
    _status("cri-sandbox-ip-wrong", "the status has another address", put("status.network.ip", "192.0.2.1")),
    _status("cri-sandbox-same-ip", "every sandbox tells the same address", same("status.network.ip")),
    Bug("cri-loopback-down", "the loopback interface of a sandbox is down"),
    Bug("cri-network-kept", "the network of a stopped sandbox stays"),
    _run("cri-hostname-dropped", "the hostname is the node's", clear("config.hostname")),
    Bug("cri-hostname-node-changed", "on the node's network there is another hostname", config=_same_name_for_node),
    _run("cri-dns-dropped", "the resolver is the node's", clear("config.dns_config")),
    _run("cri-dns-searches-dropped", "search domains are dropped", clear("config.dns_config.searches")),
    _run("cri-dns-options-dropped", "options of the resolver are dropped", clear("config.dns_config.options")),
    _run("cri-sysctls-dropped", "sysctls are not set", clear("config.linux.sysctls")),
    _run("cri-cgroup-parent-ignored", "the control group is the server's own", clear("config.linux.cgroup_parent")),
    _run("cri-privileged-in-plain-sandbox-accepted", "every sandbox is privileged", _privileged),
    _run(
        "cri-userns-ignored",
        "a pod has no user namespace",
        clear("config.linux.security_context.namespace_options.userns_options"),
    ),
    Bug(
        "cri-network-shared-with-node",
        "containers are on the node's network",
        config=namespace("network", lambda _: None),
    ),
    Bug("cri-network-per-container", "each container has a network", config=namespace("network", _without_path)),
    Bug(
        "cri-network-node-ignored",
        "no container is on the node's network",
        config=namespace("network", lambda space: space or {"type": "network"}),
    ),
    Bug("cri-pid-per-container", "each container has its own processes", config=namespace("pid", _without_path)),
    Bug("cri-pid-shared-with-node", "the processes of a pod are the node's", config=namespace("pid", _only_own)),
    Bug("cri-pid-container-ignored", "no container has its own processes", config=namespace("pid", _only_shared)),
    Bug(
        "cri-pid-node-ignored",
        "no container has the node's processes",
        config=namespace("pid", lambda space: space or {"type": "pid"}),
    ),
    Bug("cri-pid-target-ignored", "no container sees another's processes", requests={"CreateContainer": _untargeted}),
    Bug("cri-pid-target-unchecked", "a target need not be there", requests={"CreateContainer": _untargeted}),
    Bug("cri-ipc-shared-with-node", "IPC is the node's", config=namespace("ipc", lambda _: None)),
    Bug("cri-ipc-per-container", "each container has its own IPC", config=namespace("ipc", _without_path)),
    Bug(
        "cri-ipc-node-ignored",
        "no container has the node's IPC",
        config=namespace("ipc", lambda space: space or {"type": "ipc"}),
    ),
    Bug("cri-shm-per-container", "each container has its own shared memory", config=_own_shm),
]
