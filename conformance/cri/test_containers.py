"""The life of a container: create, start, stop, remove, and its status."""

from __future__ import annotations

import re
import time

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import CREATED, EXITED, RUNNING, Sandbox
from conformance.harness.cri.protocol import is_json
from conformance.harness.cri.refusal import no_second, refused
from conformance.harness.cri.scene import CriScene, spec
from strategies.edits import do, exits

SECOND = 10**9
NOBODY = "0" * 64


@proved_by("cri-container-started-at-create")
@musts("cri.container.created", "cri.container.state")
def test_a_created_container_has_not_begun(pod: Sandbox) -> None:
    """A created container is in that state, and its program has printed nothing; started it does."""
    container = pod.container()
    assert container.state == CREATED
    assert container.printed() == b""
    container.start()
    container.until(EXITED)
    assert container.program().inside.pid == 1


@proved_by("cri-container-same-id")
@musts("cri.container.id")
def test_each_container_has_an_id_of_its_own(pod: Sandbox) -> None:
    """Two containers have two ids."""
    first, second = pod.container(), pod.container()
    assert first.id
    assert second.id
    assert first.id != second.id


@proved_by("cri-container-start-ignored")
@musts("cri.container.started", "cri.container.state")
def test_a_started_container_runs(pod: Sandbox) -> None:
    """A container that was started is running, as long as its program runs."""
    assert pod.running().state == RUNNING


@proved_by("cri-container-start-twice-accepted")
@musts("cri.container.start.twice")
@pytest.mark.parametrize("state", ["running", "exited", "absent"])
def test_only_a_created_container_can_be_started(cri: CriScene, pod: Sandbox, state: str) -> None:
    """Starting a container that runs, has ended or is not there is an error."""
    container = pod.running()
    if state != "running":
        container.stop()
    if state == "absent":
        container.remove()
    with refused(cri):
        container.start()


@proved_by("cri-exit-code-lost")
@musts("cri.container.exit-code")
@pytest.mark.parametrize("code", [0, 1, 3, 127, 255])
def test_the_status_tells_the_exit_code(pod: Sandbox, code: int) -> None:
    """The status of a container that has ended has the exit code of its program."""
    container = pod.container(exits(code))
    container.start()
    assert container.until(EXITED).exit_code == code


@proved_by("cri-exit-code-of-signal-lost")
@musts("cri.container.exit-code")
def test_the_status_tells_the_signal_as_an_exit_code(cri: CriScene) -> None:
    """A program that a signal killed has the exit code 128 and the signal's number, as in a shell."""
    shared = {"security_context": {"namespace_options": {"pid": "POD"}}}  # process 1 can not kill itself
    container = cri.sandbox(linux=shared).container(do("raise", "KILL"), linux=shared)
    container.start()
    assert container.until(EXITED).exit_code == 137


@proved_by("cri-container-times-zero", "cri-container-times-disordered")
@musts("cri.container.created-at", "cri.container.started-at", "cri.container.finished-at")
def test_times_are_in_order(pod: Sandbox) -> None:
    """Created, started and finished are told in nanoseconds, in this order, and 0 for what was not yet."""
    before = time.time_ns() - SECOND
    container = pod.container(do("burn", 200))  # servers tell the start when they have heard of it
    created = container.status()
    assert (created.started_at, created.finished_at) == (0, 0)
    container.start()
    status = container.until(EXITED)
    assert before <= status.created_at <= status.started_at <= status.finished_at <= time.time_ns() + SECOND
    assert status.created_at == created.created_at


@proved_by("cri-container-reason-missing")
@musts("cri.container.reason")
@pytest.mark.parametrize(("code", "usual"), [(0, "Completed"), (7, "Error")], ids=["good", "bad"])
def test_the_status_tells_a_reason(pod: Sandbox, code: int, usual: str) -> None:
    """A container that has ended has a reason in CamelCase: Completed or Error."""
    container = pod.container(exits(code))
    container.start()
    reason = container.until(EXITED).reason
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", reason)
    assert reason == usual


@proved_by("cri-container-metadata-lost")
@musts("cri.container.metadata")
def test_the_status_has_the_metadata(pod: Sandbox) -> None:
    """The status of a container has the name and attempt it was created with."""
    container = pod.container(metadata={"attempt": 5})
    told = container.status().metadata
    assert (told.name, told.attempt) == (container.config["metadata"]["name"], 5)


@proved_by("cri-container-labels-lost")
@musts("cri.container.labels")
def test_the_status_has_the_labels(pod: Sandbox) -> None:
    """The status of a container has all its labels."""
    container = pod.container(labels={"seatrial.org/depth": "fathoms", "empty": ""})
    assert dict(container.status().labels) == container.config["labels"]


@proved_by("cri-container-annotations-altered")
@musts("cri.container.annotations", "cri.container.annotations.kept")
def test_the_status_has_the_annotations(pod: Sandbox) -> None:
    """The status of a container has its annotations, none altered and none added."""
    container = pod.container(annotations={"org.seatrial/text": 'a: b\nc="d" ü', "empty": ""})
    assert dict(container.status().annotations) == container.config["annotations"]


@proved_by("cri-container-info-always")
@musts("cri.container.status.info.verbose", "cri.container.status.info.json")
def test_the_status_is_terse_unless_asked(pod: Sandbox) -> None:
    """A container's status has extra information only when it is asked for, and that is JSON."""
    container = pod.running()
    assert dict(container.answer().info) == {}
    for text in container.answer(verbose=True).info.values():
        assert is_json(text)


@proved_by("cri-container-log-path-lost")
@musts("cri.container.status.log-path")
def test_the_status_has_the_path_of_the_log(pod: Sandbox) -> None:
    """The status of a container has the path of its log file."""
    container = pod.container()
    assert container.status().log_path == str(container.log_path)


@proved_by("cri-container-absent-status")
@musts("cri.container.status.absent")
def test_there_is_no_status_of_an_absent_container(cri: CriScene, pod: Sandbox) -> None:
    """The status of a container that never was, or that was removed, is an error."""
    container = pod.container()
    assert container.status().id == container.id
    container.remove()
    with refused(cri):
        container.status()
    with refused(cri):
        cri.call("ContainerStatus", container_id=NOBODY)


@proved_by("cri-stop-without-signal")
@musts("cri.container.stop.grace")
def test_stopping_gives_the_program_its_grace_period(pod: Sandbox) -> None:
    """A program that ends when it is asked to does so by itself when the container is stopped."""
    container = pod.running()
    container.stop(timeout=20)
    status = container.status()
    assert container.printed().endswith(b'{"signal":"TERM"}\n')
    assert status.exit_code == 0


@proved_by("cri-stop-never-kills")
@musts("cri.container.stop.kill")
def test_a_program_that_does_not_end_is_killed(pod: Sandbox) -> None:
    """A program that passes the stop signal over is killed after the grace period, and not before."""
    container = pod.container(do("ignore", "TERM"), do("tag", "deaf"), do("trap", "USR2"), do("wait"))
    container.start()
    container.until_printed(b'"wait"')
    began = time.monotonic()
    container.stop(timeout=1)
    seconds = time.monotonic() - began
    status = container.status()
    assert status.exit_code == 137
    assert 0.9 <= seconds < 10


@proved_by("cri-stop-waits-for-nothing")
@musts("cri.container.stop.at-once")
def test_without_a_grace_period_it_is_killed_at_once(pod: Sandbox) -> None:
    """With timeout 0 a program is killed, also one that would end when it is asked to."""
    container = pod.running()
    began = time.monotonic()
    container.stop(timeout=0)
    assert time.monotonic() - began < 10
    assert container.state == EXITED
    assert container.status().exit_code == 137


@proved_by("cri-stop-twice-refused")
@musts("cri.container.stop.idempotent")
def test_a_container_can_be_stopped_again(pod: Sandbox) -> None:
    """Stopping a container that has ended is no error and changes nothing."""
    container = pod.container(exits(3))
    container.start()
    container.until(EXITED)
    before = container.status()
    container.stop()
    container.stop(timeout=5)
    assert container.status() == before


@proved_by("cri-remove-running-refused")
@musts("cri.container.remove.running")
@pytest.mark.parametrize("state", ["created", "running", "exited"])
def test_a_container_can_be_removed(cri: CriScene, pod: Sandbox, state: str) -> None:
    """A container can be removed in every state of its life, and is gone then."""
    container = pod.container() if state == "created" else pod.running()
    if state == "exited":
        container.stop()
    assert container.id in cri.listing()
    container.remove()
    assert container.id not in cri.listing()


@proved_by("cri-remove-twice-refused")
@musts("cri.container.remove.idempotent")
def test_a_container_can_be_removed_again(pod: Sandbox) -> None:
    """Removing a container that is gone is no error."""
    container = pod.container()
    container.remove()
    container.remove()


@proved_by("cri-container-duplicate-accepted")
@musts("cri.container.metadata.unique")
def test_two_containers_of_a_pod_can_not_have_the_same_metadata(cri: CriScene, pod: Sandbox) -> None:
    """There is no second container with the name and attempt of one in its pod, but one with another attempt.

    The call is refused, or names the one that is there.
    """
    first = pod.container()
    config = pod.container_config(metadata=first.config["metadata"])
    fields = {"pod_sandbox_id": pod.id, "config": config, "sandbox_config": pod.config}
    no_second(cri, first.id, "CreateContainer", **fields)
    assert pod.container(metadata=first.config["metadata"] | {"attempt": 1}).state == CREATED


@proved_by("cri-container-name-stays-taken")
@musts("cri.container.metadata.unique", "cri.container.remove.running")
def test_the_metadata_of_a_removed_container_can_be_used_again(pod: Sandbox) -> None:
    """Once a container is removed, another one can have its metadata."""
    first = pod.container()
    first.remove()
    assert pod.container(metadata=first.config["metadata"]).id != first.id


@proved_by("cri-container-attempts-collide")
@musts("cri.container.metadata.unique", "cri.container.exit-code")
def test_a_container_can_be_tried_again(pod: Sandbox) -> None:
    """As the kubelet restarts a container: a next attempt beside the one that failed, each with its own status."""
    first = pod.container(exits(1))
    first.start()
    first.until(EXITED)
    second = pod.container(metadata=first.config["metadata"] | {"attempt": 1}, log_path="again.log")
    second.start()
    assert second.until(EXITED).exit_code == 0
    assert first.status().exit_code == 1


@proved_by("cri-container-incomplete-accepted")
@musts("cri.container.metadata.required", "cri.container.image.required", "cri.container.sandbox.unknown")
@pytest.mark.parametrize("missing", ["metadata", "image", "present-image", "sandbox", "config"])
def test_an_incomplete_container_is_refused(cri: CriScene, pod: Sandbox, missing: str) -> None:
    """A container without metadata, without an image that is there, or in no sandbox is refused."""
    config = {"metadata": {"name": "incomplete"}, "image": spec(cri.image("probe")), "labels": dict(cri.labels)}
    request = {"pod_sandbox_id": pod.id, "config": config, "sandbox_config": pod.config}
    if missing == "sandbox":
        request["pod_sandbox_id"] = NOBODY
    elif missing == "config":
        del request["config"]
    elif missing == "present-image":
        config["image"] = spec("localhost/seatrial/not-there:1")
    else:
        del config[missing]
    with refused(cri):
        cri.call("CreateContainer", **request)


@proved_by("cri-create-in-stopped-sandbox-accepted")
@musts("cri.container.sandbox.unknown")
def test_a_container_in_a_stopped_sandbox_does_not_run(cri: CriScene) -> None:
    """In a sandbox that was stopped no container can be created and started."""
    sandbox = cri.sandbox()
    assert sandbox.run().pid == 1
    sandbox.stop()
    with refused(cri):
        container = sandbox.container()
        try:
            container.start()
        finally:
            container.remove()


@proved_by("cri-command-not-found-accepted")
@musts("cri.container.started")
def test_a_program_that_is_not_there_is_refused(cri: CriScene, pod: Sandbox) -> None:
    """A container whose program is not in its image can not be created and started."""
    with refused(cri):
        container = pod.container(command=["/no/such/program"])
        try:
            container.start()
        finally:
            container.remove()
