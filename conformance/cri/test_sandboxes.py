"""RunPodSandbox, StopPodSandbox, RemovePodSandbox and PodSandboxStatus."""

from __future__ import annotations

import time

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import EXITED, NOTREADY, READY
from conformance.harness.cri.protocol import is_json
from conformance.harness.cri.refusal import no_second, refused
from conformance.harness.cri.scene import CriScene

SECOND = 10**9


@proved_by("cri-sandbox-not-ready")
@musts("cri.sandbox.ready")
def test_a_sandbox_is_ready(cri: CriScene) -> None:
    """A sandbox that was run with success is ready."""
    assert cri.sandbox().state == READY


@proved_by("cri-sandbox-same-id")
@musts("cri.sandbox.id")
def test_each_sandbox_has_an_id_of_its_own(cri: CriScene) -> None:
    """Two sandboxes have two ids."""
    first, second = cri.sandbox(), cri.sandbox()
    assert first.id
    assert second.id
    assert first.id != second.id


@proved_by("cri-sandbox-metadata-lost")
@musts("cri.sandbox.status.metadata", "cri.sandbox.status.attempt")
def test_the_status_has_the_metadata(cri: CriScene) -> None:
    """The status of a sandbox has the name, uid, namespace and attempt that it was run with."""
    sandbox = cri.sandbox(metadata={"attempt": 3})
    told, wanted = sandbox.status().status.metadata, sandbox.config["metadata"]
    assert (told.name, told.uid, told.namespace, told.attempt) == (
        wanted["name"],
        wanted["uid"],
        wanted["namespace"],
        3,
    )


@proved_by("cri-sandbox-created-at-seconds")
@musts("cri.sandbox.status.created-at")
def test_the_status_tells_when_it_was_created(cri: CriScene) -> None:
    """The status of a sandbox tells when it was created, in nanoseconds since 1970."""
    before = time.time_ns()
    sandbox = cri.sandbox()
    after = time.time_ns()
    assert before - SECOND <= sandbox.status().status.created_at <= after + SECOND


@proved_by("cri-sandbox-labels-lost")
@musts("cri.sandbox.status.labels")
def test_the_status_has_the_labels(cri: CriScene) -> None:
    """The status of a sandbox has all its labels; the server may have added some."""
    sandbox = cri.sandbox(labels={"seatrial.org/depth": "fathoms", "empty": ""})
    assert sandbox.config["labels"].items() <= dict(sandbox.status().status.labels).items()


@proved_by("cri-sandbox-annotations-altered")
@musts("cri.sandbox.status.annotations", "cri.sandbox.annotations")
def test_the_status_has_the_annotations(cri: CriScene) -> None:
    """The status of a sandbox has its annotations, none altered and none added."""
    sandbox = cri.sandbox(annotations={"org.seatrial/text": 'a: b\nc="d" ü', "empty": ""})
    assert dict(sandbox.status().status.annotations) == sandbox.config["annotations"]


@proved_by("cri-sandbox-namespaces-lost")
@musts("cri.sandbox.status.namespaces")
def test_the_status_has_the_namespace_options(cri: CriScene) -> None:
    """The status of a sandbox tells the namespace options that it was run with."""
    sandbox = cri.sandbox(linux={"security_context": {"namespace_options": {"pid": "CONTAINER", "ipc": "NODE"}}})
    options = sandbox.status().status.linux.namespaces.options
    assert (options.network, options.pid, options.ipc) == (0, 1, 2)


@proved_by("cri-sandbox-info-always")
@musts("cri.sandbox.status.info.verbose", "cri.sandbox.status.info.json")
def test_the_status_is_terse_unless_asked(cri: CriScene) -> None:
    """A sandbox's status has extra information only when it is asked for, and that is JSON."""
    sandbox = cri.sandbox()
    assert dict(sandbox.status().info) == {}
    for text in sandbox.status(verbose=True).info.values():
        assert is_json(text)


@proved_by("cri-sandbox-absent-status")
@musts("cri.sandbox.status.absent")
def test_there_is_no_status_of_an_absent_sandbox(cri: CriScene) -> None:
    """The status of a sandbox that never was, or that was removed, is an error."""
    sandbox = cri.sandbox()
    assert sandbox.status().status.id == sandbox.id
    sandbox.remove()
    with refused(cri):
        sandbox.status()
    with refused(cri):
        cri.call("PodSandboxStatus", pod_sandbox_id="0" * 64)


@proved_by("cri-sandbox-stop-still-ready")
@musts("cri.sandbox.stop.not-ready")
def test_a_stopped_sandbox_is_not_ready(cri: CriScene) -> None:
    """A sandbox that was stopped is not ready, and still there."""
    sandbox = cri.sandbox()
    assert sandbox.state == READY
    sandbox.stop()
    assert sandbox.state == NOTREADY


@proved_by("cri-sandbox-stop-leaves-containers")
@musts("cri.sandbox.stop.containers")
def test_stopping_a_sandbox_ends_its_containers(cri: CriScene) -> None:
    """The running containers of a sandbox have ended once it is stopped."""
    sandbox = cri.sandbox()
    containers = [sandbox.running(), sandbox.running()]
    sandbox.stop()
    assert [container.state for container in containers] == [EXITED, EXITED]


@proved_by("cri-sandbox-stop-twice-refused")
@musts("cri.sandbox.stop.idempotent")
def test_a_sandbox_can_be_stopped_again(cri: CriScene) -> None:
    """Stopping a stopped sandbox is no error."""
    sandbox = cri.sandbox()
    sandbox.stop()
    sandbox.stop()
    assert sandbox.state == NOTREADY


@proved_by("cri-sandbox-stop-absent-refused")
@musts("cri.sandbox.stop.unknown")
def test_an_absent_sandbox_can_be_stopped(cri: CriScene) -> None:
    """Stopping a sandbox that was removed is no error: all its resources are given back."""
    sandbox = cri.sandbox()
    sandbox.remove()
    sandbox.stop()


@proved_by("cri-sandbox-remove-keeps")
@musts("cri.sandbox.remove")
def test_a_removed_sandbox_is_gone(cri: CriScene) -> None:
    """A sandbox that was removed is in no list any more."""
    sandbox = cri.sandbox()
    assert sandbox.id in cri.listing()
    sandbox.remove()
    assert sandbox.id not in cri.listing()


@proved_by("cri-sandbox-remove-leaves-containers")
@musts("cri.sandbox.remove.containers")
@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "ready"])
def test_removing_a_sandbox_removes_its_containers(cri: CriScene, stopped: bool) -> None:
    """With a sandbox its containers are removed, also when they run."""
    sandbox = cri.sandbox()
    running, created = sandbox.running(), sandbox.container()
    if stopped:
        sandbox.stop()
    cri.call("RemovePodSandbox", pod_sandbox_id=sandbox.id)
    assert {running.id, created.id, sandbox.id} & set(cri.listing()) == set()


@proved_by("cri-sandbox-remove-twice-refused")
@musts("cri.sandbox.remove.idempotent")
def test_a_sandbox_can_be_removed_again(cri: CriScene) -> None:
    """Removing a sandbox that is gone is no error."""
    sandbox = cri.sandbox()
    sandbox.remove()
    cri.call("RemovePodSandbox", pod_sandbox_id=sandbox.id)


@proved_by("cri-sandbox-handler-unknown-accepted")
@musts("cri.sandbox.handler.unknown")
def test_a_sandbox_with_an_unknown_handler_is_refused(cri: CriScene) -> None:
    """A sandbox that names a handler which the server does not know is refused, the default one is not."""
    with refused(cri):
        cri.call("RunPodSandbox", config=cri.sandbox_config(), runtime_handler="no-such-handler")
    assert cri.sandbox().state == READY


@proved_by("cri-sandbox-handler-lost")
@musts("cri.sandbox.status.handler", "cri.sandbox.handler.default")
def test_the_status_tells_the_handler(cri: CriScene) -> None:
    """The status of a sandbox tells the handler that was asked for: none, when it is the default one."""
    assert cri.sandbox().status().status.runtime_handler == cri.node.settings.handler


@proved_by("cri-sandbox-duplicate-accepted")
@musts("cri.sandbox.metadata.unique")
def test_two_sandboxes_can_not_have_the_same_metadata(cri: CriScene) -> None:
    """There is no second sandbox with the name, uid, namespace and attempt of one: the call is refused, or names it."""
    first = cri.sandbox()
    no_second(cri, first.id, "RunPodSandbox", config=first.config, runtime_handler=cri.node.settings.handler)
    assert cri.sandbox(metadata=first.config["metadata"] | {"attempt": 1}).state == READY


@proved_by("cri-sandbox-name-stays-taken")
@musts("cri.sandbox.remove", "cri.sandbox.metadata.unique")
def test_the_metadata_of_a_removed_sandbox_can_be_used_again(cri: CriScene) -> None:
    """Once a sandbox is removed, another one can have its metadata."""
    first = cri.sandbox()
    first.remove()
    second = cri.sandbox(metadata=first.config["metadata"])
    assert second.id != first.id


@proved_by("cri-sandbox-without-metadata-accepted")
@musts("cri.sandbox.metadata.required")
@pytest.mark.parametrize("config", [None, {}, {"hostname": "sea"}], ids=["no-config", "empty", "no-metadata"])
def test_a_sandbox_without_metadata_is_refused(cri: CriScene, config: dict[str, object] | None) -> None:
    """RunPodSandbox without a config, or without metadata in it, is refused."""
    with refused(cri):
        cri.call("RunPodSandbox", **({} if config is None else {"config": config}))


@proved_by("cri-sandbox-group-alone-accepted")
@musts("cri.sandbox.run-as-group.alone")
def test_a_sandbox_with_a_group_and_no_user_is_refused(cri: CriScene) -> None:
    """A sandbox is refused that names a group to run as and no user; with a user it is run."""
    group = {"run_as_group": {"value": 1000}}
    with refused(cri):
        cri.sandbox(linux={"security_context": group})
    assert cri.sandbox(linux={"security_context": group | {"run_as_user": {"value": 1000}}}).state == READY


@proved_by("cri-sandbox-containers-statuses-wrong")
@musts("cri.sandbox.status.containers")
def test_the_status_can_carry_those_of_the_containers(cri: CriScene) -> None:
    """Where the status of a sandbox has statuses of containers, they are those of all its containers."""
    sandbox = cri.sandbox()
    container = sandbox.running()
    statuses = sandbox.status().containers_statuses
    if not statuses:
        pytest.skip("unsupported: the status of a sandbox has no statuses of containers")
    assert [(each.id, each.state) for each in statuses] == [(container.id, 1)]


@proved_by("cri-sandbox-update-refused")
@musts("cri.sandbox.update-resources")
def test_resources_of_a_pod_can_be_updated(cri: CriScene) -> None:
    """UpdatePodSandboxResources of a sandbox that is there is accepted, of one that is not it is refused."""
    sandbox = cri.sandbox()
    resources = {"cpu_shares": 512, "memory_limit_in_bytes": 1 << 28}
    cri.call("UpdatePodSandboxResources", pod_sandbox_id=sandbox.id, resources=resources, overhead={})
    with refused(cri):
        cri.call("UpdatePodSandboxResources", pod_sandbox_id="0" * 64, resources=resources)
