"""Calls about what is not there, and calls with nothing in them."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import Sandbox
from conformance.harness.cri.scene import CriScene

NOBODY = "0" * 64
#: Calls about one object that must be there, and the field that names it.
ABOUT: dict[str, dict[str, Any]] = {
    "PodSandboxStatus": {"pod_sandbox_id": NOBODY},
    "PodSandboxStats": {"pod_sandbox_id": NOBODY},
    "CreateContainer": {"pod_sandbox_id": NOBODY, "config": {"metadata": {"name": "x"}, "image": {"image": "x"}}},
    "PortForward": {"pod_sandbox_id": NOBODY, "port": [80]},
    "StartContainer": {"container_id": NOBODY},
    "ContainerStatus": {"container_id": NOBODY},
    "ContainerStats": {"container_id": NOBODY},
    "UpdateContainerResources": {"container_id": NOBODY, "linux": {"cpu_shares": 512}},
    "ReopenContainerLog": {"container_id": NOBODY},
    "ExecSync": {"container_id": NOBODY, "cmd": ["/probe"]},
    "Exec": {"container_id": NOBODY, "cmd": ["/probe"], "stdout": True},
    "Attach": {"container_id": NOBODY, "stdout": True},
    "CheckpointContainer": {"container_id": NOBODY, "location": "/nowhere/checkpoint.tar"},
}
#: Calls that a broken server could take for an order to end whatever is there.
DESTRUCTIVE = ("StopPodSandbox", "RemovePodSandbox", "StopContainer", "RemoveContainer", "RemoveImage")
#: Calls that change nothing but what they name: with an empty request they must be answered, however.
ANSWERED = [*ABOUT, "StopPodSandbox", "RemovePodSandbox", "StopContainer", "RemoveContainer", "RunPodSandbox"]
ANSWERED += ["PullImage", "ImageStatus", "RemoveImage", "UpdateRuntimeConfig", "UpdatePodSandboxResources"]


@proved_by("cri-not-found-accepted")
@musts("cri.error.message")
@pytest.mark.parametrize("method", ABOUT)
def test_what_is_not_there_is_an_error(cri: CriScene, method: str) -> None:
    """A call about an object that is not there is an error that says so."""
    answer = cri.attempt(method, ABOUT[method])
    assert not answer.good
    assert answer.text.strip()


@proved_by("cri-not-found-code-wrong")
@musts("cri.error.not-found")
@pytest.mark.parametrize("method", ["PodSandboxStatus", "ContainerStatus"])
def test_what_is_not_there_is_not_found(cri: CriScene, method: str) -> None:
    """The status of an object that is not there is refused with NOT_FOUND: by that the kubelet tells it is gone."""
    assert cri.attempt(method, ABOUT[method]).code == "NOT_FOUND"


@proved_by("cri-empty-request-crashes")
@musts("cri.error.message")
@pytest.mark.parametrize("method", ANSWERED)
def test_an_empty_request_is_answered(cri: CriScene, method: str) -> None:
    """A request with nothing in it is answered, and the server goes on."""
    if method in DESTRUCTIVE:
        cri.needs_to_be_alone()
    answer = cri.attempt(method, {})
    assert answer.good or answer.text.strip()
    assert cri.call("Version").runtime_name


@proved_by("cri-sandbox-id-taken-as-container")
@musts("cri.container.status.absent", "cri.sandbox.status.absent")
def test_a_sandbox_is_no_container(cri: CriScene, pod: Sandbox) -> None:
    """The id of a sandbox stands for no container, and that of a container for no sandbox."""
    container = pod.container()
    assert not cri.attempt("ContainerStatus", {"container_id": pod.id}).good
    assert not cri.attempt("PodSandboxStatus", {"pod_sandbox_id": container.id}).good
