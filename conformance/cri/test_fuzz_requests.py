"""Requests with fields changed to what they can hold at most: every one must be answered, and leave nothing.

The cases are the same in every run that is not to fuzz.  What names a thing of the host, or of others on the node, is
left as it is.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.fuzz.servers import Share
from conformance.harness.cri import protocol
from conformance.harness.cri.configs import Document
from conformance.harness.cri.objects import Container, Sandbox
from conformance.harness.cri.scene import CriScene, spec
from conformance.harness.cri.spare import Spare, spare
from conformance.harness.errors import Crashed, Violation
from strategies.messages import Path, changed, changes, holes

#: How many requests of each call are made; those that make sandboxes take longest.
EXAMPLES = {"RunPodSandbox": 10, "CreateContainer": 25}
USUALLY = 10
#: Fields that stay: they name files, processes and networks of the host, or find what has to be removed.  A device
#: without a path may be taken for the root of the host, with all the devices below it.
KEPT = {
    *("labels", "log_directory", "log_path", "cgroup_parent", "sysctls", "host_path", "host_port", "host_ip"),
    *("devices", "windows", "localhost_ref", "seccomp_profile_path", "location", "network_config"),
}
#: Where an image is pulled from stays, too: the suite's registry.
PULLED = {"image"}
#: What ends a server when it is missing, as some do, is tried on a server of its own only.
VITAL = {"sandbox_config"}
#: How long a server may need to remove what has just ended, in seconds: its clients ask again.
PROMPT = 10.0
BROKEN = re.compile(r"panic|nil pointer|runtime error|index out of range|Traceback", re.IGNORECASE)
#: Calls about a container or a sandbox, by the field that names it.
ABOUT_A_CONTAINER = (
    *("StartContainer", "StopContainer", "ContainerStatus", "UpdateContainerResources", "ReopenContainerLog"),
    *("ExecSync", "Exec", "Attach", "ContainerStats", "CheckpointContainer"),
)
ABOUT_A_SANDBOX = ("PodSandboxStatus", "StopPodSandbox", "PortForward", "PodSandboxStats", "UpdatePodSandboxResources")
MAKING = ("RunPodSandbox", "CreateContainer")
LISTS = (
    *("ListPodSandbox", "ListContainers", "ListContainerStats", "ListPodSandboxStats", "ListImages"),
    *("ListMetricDescriptors", "ListPodSandboxMetrics", "ImageStatus", "ImageFsInfo", "RemoveImage"),
    *("Status", "Version", "RuntimeConfig"),
)
#: The parts of calls that make something.
CONFIGS = (("RunPodSandbox", "config"), ("CreateContainer", "config"), ("CreateContainer", "sandbox_config"))
#: All that is tried here.
PARTS = len(("PullImage", *MAKING, *ABOUT_A_CONTAINER, *ABOUT_A_SANDBOX, *LISTS))


@proved_by("cri-negative-number-crashes")
@musts("cri.error.message")
@pytest.mark.parametrize("method", MAKING)
def test_configs_of_all_kinds_are_answered(cri: CriScene, method: str, pytestconfig: pytest.Config) -> None:
    """Whatever a config says, its call is answered in time, and what it makes can be removed."""
    pod = cri.sandbox()

    def tried(document: Document) -> None:
        request = changed_request(cri, method, document)
        answer = answered(cri, method, request)
        if answer is not None and method == "RunPodSandbox":
            Sandbox(cri, str(answer.pod_sandbox_id), request["config"]).remove()
        elif answer is not None:
            container = Container(cri, str(answer.container_id), pod, request["config"])
            answered(cri, "StartContainer", {"container_id": container.id})
            cri.retried("RemoveContainer", PROMPT, container_id=container.id)

    explore(cri, Share.of(pytestconfig, PARTS), method, base(cri, method, pod), tried)


@proved_by("cri-empty-request-crashes")
@musts("cri.error.message")
@pytest.mark.parametrize("method", [*ABOUT_A_CONTAINER, *ABOUT_A_SANDBOX, *LISTS])
def test_requests_of_all_kinds_are_answered(cri: CriScene, method: str, pytestconfig: pytest.Config) -> None:
    """Whatever a request says, it is answered in time, and the server goes on."""
    pod = cri.sandbox()
    document: Document = {"pod_sandbox_id": pod.id} if method in ABOUT_A_SANDBOX else {}
    if method in ABOUT_A_CONTAINER:
        document = {"container_id": pod.running().id}
    explore(cri, Share.of(pytestconfig, PARTS), method, document, lambda request: answered(cri, method, request))


@proved_by("cri-missing-config-crashes")
@musts("cri.error.message")
@pytest.mark.parametrize(("method", "part"), CONFIGS, ids=["-".join(each) for each in CONFIGS])
def test_a_hole_in_a_config_ends_no_server(cri: CriScene, method: str, part: str) -> None:
    """Whatever is missing or empty in a config, its call is answered, and the server goes on."""
    descriptor = protocol.message_class(protocol.methods()[method].request).DESCRIPTOR
    with spare(cri) as held:
        document = base(held.cri, method, held.cri.sandbox())
        found = holes(descriptor, document, keep=lambda path: path[0] != part or bool(KEPT & set(path)))
        ended = [f"{method} with {hole}" for hole in found if not survives(held, method, changed(document, [hole]))]
    if ended:
        raise Crashed(f"these broke the server: {'; '.join(ended)}")


def survives(held: Spare, method: str, document: Document) -> bool:
    """Whether a server answers a request and goes on; one that does not is started again."""
    try:
        answered(held.cri, method, changed_request(held.cri, method, document))
    except Crashed:
        held.kill()
        held.start()
        return False
    return True


@proved_by("cri-empty-request-crashes")
@musts("cri.error.message")
def test_pulls_of_all_kinds_are_answered(cri: CriScene, pytestconfig: pytest.Config) -> None:
    """Whatever comes with a pull, such as credentials and the sandbox that it is for, it is answered in time."""
    document = {"image": spec(cri.unique("probe")), "auth": {"username": "x"}, "sandbox_config": cri.sandbox_config()}
    explore(cri, Share.of(pytestconfig, PARTS), "PullImage", document, lambda asked: answered(cri, "PullImage", asked))


def explore(cri: CriScene, share: Share, method: str, document: Document, tried: Any) -> None:
    """Try a request with each part of it missing or empty, and with changes that are drawn."""
    descriptor = protocol.message_class(protocol.methods()[method].request).DESCRIPTOR
    kept = KEPT | (PULLED if method == "PullImage" else VITAL)

    def is_kept(path: Path) -> bool:
        return bool(kept & set(path))

    if list(descriptor.fields):
        for hole in holes(descriptor, document, keep=is_kept) if method not in MAKING else ():
            tried(changed(document, [hole]))
        drawn = changes(descriptor, keep=is_kept)
        share.explore(drawn, lambda found: tried(changed(document, found)), EXAMPLES.get(method, USUALLY))
    else:
        tried(document)
    assert cri.call("Version").runtime_name


def base(cri: CriScene, method: str, pod: Sandbox) -> Document:
    """A request that is accepted."""
    if method == "RunPodSandbox":
        return {"config": cri.sandbox_config(), "runtime_handler": cri.node.settings.handler}
    config = pod.container_config(image=spec(cri.image("probe")))
    return {"pod_sandbox_id": pod.id, "config": config, "sandbox_config": pod.config}


def changed_request(cri: CriScene, method: str, document: Document) -> Document:
    """A request whose object has, unless that was changed, a name that no other one has."""
    if method == "CreateContainer" and isinstance(document.get("config"), dict):
        metadata = document["config"].get("metadata")
        if isinstance(metadata, dict) and str(metadata.get("name", "")).startswith("container-"):
            metadata["name"] = f"container-{cri.node.next_number()}"
    return document


def answered(cri: CriScene, method: str, document: Document) -> Any:
    """The answer of a call, None when it was refused.  Raises ``Violation`` when the refusal says nothing."""
    answer = cri.attempt(method, document)
    if answer.good:
        return answer.message
    if not answer.text.strip():
        raise Violation(f"{method} was refused with {answer.code} without a word about why")
    if BROKEN.search(answer.text):
        raise Crashed(f"{method} broke the server: {answer.text[:500]}")
    return None
