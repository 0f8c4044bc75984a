"""Calls at the same time: on one object, and on many."""

from __future__ import annotations

from typing import Any

from conformance import musts, proved_by
from conformance.harness.cri.objects import CREATED, EXITED, NOTREADY, RUNNING, Sandbox
from conformance.harness.cri.scene import CriScene

#: How many calls are made at once.
MANY = 6


def together(cri: CriScene, method: str, requests: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Make calls at once, and return the code and the answer of each."""
    messages = [cri.request(method, **fields) for fields in requests]
    pending = [cri.node.client.begin(method, message) for message in messages]
    return [_outcome(cri, method, each) for each in pending]


def _outcome(cri: CriScene, method: str, pending: Any) -> tuple[str, Any]:
    answer = cri.node.client.finish(method, pending)
    return answer.code, answer.message


@proved_by("cri-start-racy")
@musts("cri.container.started", "cri.container.start.twice")
def test_of_many_starts_one_succeeds(cri: CriScene, pod: Sandbox) -> None:
    """Of several starts of one container at once one succeeds, and it runs once."""
    container = pod.container(command=["/probe", "tag", "begun", "trap", "TERM", "wait"])
    codes = [code for code, _ in together(cri, "StartContainer", [{"container_id": container.id}] * MANY)]
    assert codes.count("OK") == 1
    assert container.until(RUNNING)
    assert container.until_printed(b'"wait"').count(b'{"tag":"begun"}') == 1


@proved_by("cri-stop-racy")
@musts("cri.container.stop.at-once")
def test_many_stops_of_one_container_succeed(cri: CriScene, pod: Sandbox) -> None:
    """Several stops of one container at once all succeed, and it has ended."""
    container = pod.running()
    outcomes = together(cri, "StopContainer", [{"container_id": container.id, "timeout": 10}] * MANY)
    assert [code for code, _ in outcomes] == ["OK"] * MANY
    assert container.state == EXITED


@proved_by("cri-remove-racy")
@musts("cri.container.remove.idempotent")
def test_many_removals_of_one_container_leave_nothing(cri: CriScene, pod: Sandbox) -> None:
    """Of several removals of one container at once at least one succeeds, and then it is gone."""
    container = pod.running()
    codes = [code for code, _ in together(cri, "RemoveContainer", [{"container_id": container.id}] * MANY)]
    assert "OK" in codes
    container.remove()
    assert container.id not in cri.listing()


@proved_by("cri-sandbox-names-racy")
@musts("cri.sandbox.metadata.unique")
def test_of_many_sandboxes_of_one_name_one_is_run(cri: CriScene) -> None:
    """Of several sandboxes with the same metadata at once one is run, and the others leave nothing."""
    config = cri.sandbox_config()
    outcomes = together(cri, "RunPodSandbox", [{"config": config}] * 3)
    assert [code for code, _ in outcomes].count("OK") == 1
    assert list(cri.listing()) == [answer.pod_sandbox_id for code, answer in outcomes if code == "OK"]


@proved_by("cri-sandbox-stop-racy")
@musts("cri.sandbox.stop.at-once")
def test_many_stops_of_one_sandbox_succeed(cri: CriScene) -> None:
    """Several stops of one sandbox at once all succeed, and it is not ready."""
    sandbox = cri.sandbox()
    sandbox.running()
    outcomes = together(cri, "StopPodSandbox", [{"pod_sandbox_id": sandbox.id}] * MANY)
    assert [code for code, _ in outcomes] == ["OK"] * MANY
    assert sandbox.state == NOTREADY


@proved_by("cri-create-racy")
@musts("cri.container.created", "cri.container.id")
def test_many_containers_can_be_created_at_once(cri: CriScene, pod: Sandbox) -> None:
    """Containers that are created in one pod at once are all there, each with an id and a state of its own."""
    name = f"many-{cri.node.next_number()}"
    requests = [
        {
            "pod_sandbox_id": pod.id,
            "config": pod.container_config(metadata={"name": f"{name}-{number}"}),
            "sandbox_config": pod.config,
        }
        for number in range(MANY)
    ]
    outcomes = together(cri, "CreateContainer", requests)
    ids = {answer.container_id for code, answer in outcomes if code == "OK"}
    assert len(ids) == MANY
    assert cri.listing() == dict.fromkeys(ids, CREATED)


@proved_by("cri-stop-blocks-status")
@musts("cri.container.state", "cri.container.stop.grace")
def test_a_container_can_be_looked_at_while_it_is_stopped(cri: CriScene, pod: Sandbox) -> None:
    """While a container uses its grace period, its status and that of others are answered."""
    container, other = pod.container(command=["/probe", "ignore", "TERM", "trap", "USR2", "wait"]), pod.running()
    container.start()
    container.until_printed(b'"wait"')
    stopping = cri.node.client.begin(
        "StopContainer", cri.request("StopContainer", container_id=container.id, timeout=3)
    )
    for asked in (container, other):
        request = cri.request("ContainerStatus", container_id=asked.id)
        assert cri.node.client.call("ContainerStatus", request, 2.5).code == "OK"
    assert _outcome(cri, "StopContainer", stopping)[0] == "OK"
    assert container.state == EXITED
