"""Lists, their filters, and lists as streams."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.harness.cri import found
from conformance.harness.cri.configs import RUN_LABEL, SCENE_LABEL
from conformance.harness.cri.objects import Container, Sandbox
from conformance.harness.cri.scene import CriScene

NOBODY = "0" * 64


def sandboxes(cri: CriScene, **filters: Any) -> list[str]:
    """The ids of sandboxes that match a filter, sorted."""
    return sorted(each.id for each in cri.call("ListPodSandbox", filter=filters).items)


def containers(cri: CriScene, **filters: Any) -> list[str]:
    """The ids of containers that match a filter, sorted."""
    return sorted(each.id for each in cri.call("ListContainers", filter=filters).containers)


def ids(*objects: Sandbox | Container) -> list[str]:
    """Their ids, sorted."""
    return sorted(each.id for each in objects)


@proved_by("cri-list-sandboxes-incomplete")
@musts("cri.list.sandboxes")
def test_all_sandboxes_are_listed(cri: CriScene) -> None:
    """Without a filter all sandboxes are listed, ready or not."""
    ready, stopped = cri.sandbox(), cri.sandbox()
    stopped.stop()
    assert set(ids(ready, stopped)) <= set(sandboxes(cri))


@proved_by("cri-list-sandboxes-fields-lost")
@musts("cri.list.sandboxes.fields")
def test_a_listed_sandbox_is_as_its_status(cri: CriScene) -> None:
    """What the list tells of a sandbox is what its status tells."""
    sandbox = cri.sandbox(labels={"crew": "full"}, annotations={"note": "as is"})
    listed = found.first(cri.call("ListPodSandbox", filter={"id": sandbox.id}).items, "such sandbox")
    status = sandbox.status().status
    for field in ("id", "metadata", "state", "created_at", "labels", "annotations", "runtime_handler"):
        assert getattr(listed, field) == getattr(status, field), field


@proved_by("cri-list-sandboxes-id-ignored")
@musts("cri.list.sandboxes.id")
def test_sandboxes_can_be_listed_by_id(cri: CriScene) -> None:
    """A filter with an id leaves that sandbox, and nothing for an id that none has."""
    first, _ = cri.sandbox(), cri.sandbox()
    assert sandboxes(cri, id=first.id) == [first.id]
    assert sandboxes(cri, id=NOBODY) == []


@proved_by("cri-list-sandboxes-state-ignored")
@musts("cri.list.sandboxes.state", "cri.list.sandboxes.labels")
def test_sandboxes_can_be_listed_by_state(cri: CriScene) -> None:
    """A filter with a state leaves the sandboxes in it."""
    ready, stopped = cri.sandbox(), cri.sandbox()
    stopped.stop()
    assert sandboxes(cri, label_selector=cri.labels, state={"state": "SANDBOX_READY"}) == [ready.id]
    assert sandboxes(cri, label_selector=cri.labels, state={"state": "SANDBOX_NOTREADY"}) == [stopped.id]


@proved_by("cri-list-sandboxes-labels-ignored", "cri-list-sandboxes-labels-any")
@musts("cri.list.sandboxes.labels")
def test_sandboxes_can_be_listed_by_labels(cri: CriScene) -> None:
    """A filter with labels leaves the sandboxes that have all of them, with those values."""
    first = cri.sandbox(labels={"deck": "upper", "crew": "full"})
    second = cri.sandbox(labels={"deck": "upper", "crew": "half"})
    assert sandboxes(cri, label_selector=cri.labels | {"deck": "upper"}) == ids(first, second)
    assert sandboxes(cri, label_selector=cri.labels | {"deck": "upper", "crew": "half"}) == [second.id]
    assert sandboxes(cri, label_selector=cri.labels | {"deck": "lower"}) == []
    assert sandboxes(cri, label_selector=cri.labels | {"deck": ""}) == []


@proved_by("cri-list-containers-incomplete")
@musts("cri.list.containers")
def test_all_containers_are_listed(cri: CriScene, pod: Sandbox) -> None:
    """Without a filter all containers are listed, whatever their state."""
    created, running, exited = pod.container(), pod.running(), pod.running()
    exited.stop()
    assert set(ids(created, running, exited)) <= set(containers(cri))


@proved_by("cri-list-containers-fields-lost")
@musts("cri.list.containers.fields")
def test_a_listed_container_is_as_its_status(cri: CriScene, pod: Sandbox) -> None:
    """What the list tells of a container is what its status tells, and its sandbox."""
    container = pod.running(labels={"crew": "full"}, annotations={"note": "as is"}, metadata={"attempt": 2})
    listed = found.first(cri.call("ListContainers", filter={"id": container.id}).containers, "such container")
    status = container.status()
    for field in ("id", "metadata", "state", "created_at", "labels", "annotations", "image_id"):
        assert getattr(listed, field) == getattr(status, field), field
    assert listed.pod_sandbox_id == pod.id


@proved_by("cri-list-containers-id-ignored")
@musts("cri.list.containers.id")
def test_containers_can_be_listed_by_id(cri: CriScene, pod: Sandbox) -> None:
    """A filter with an id leaves that container, and nothing for an id that none has."""
    first, _ = pod.container(), pod.container()
    assert containers(cri, id=first.id) == [first.id]
    assert containers(cri, id=NOBODY) == []


@proved_by("cri-list-containers-state-ignored")
@musts("cri.list.containers.state", "cri.container.state")
def test_containers_can_be_listed_by_state(cri: CriScene, pod: Sandbox) -> None:
    """A filter with a state leaves the containers in it."""
    created, running, exited = pod.container(), pod.running(), pod.running()
    exited.stop()
    for state, expected in (("CREATED", created), ("RUNNING", running), ("EXITED", exited)):
        found = containers(cri, label_selector=cri.labels, state={"state": f"CONTAINER_{state}"})
        assert found == [expected.id], state


@proved_by("cri-list-containers-sandbox-ignored")
@musts("cri.list.containers.sandbox")
def test_containers_can_be_listed_by_sandbox(cri: CriScene, pod: Sandbox) -> None:
    """A filter with a sandbox leaves the containers in it."""
    other = cri.sandbox()
    first, second, _ = other.container(), other.container(), pod.container()
    assert containers(cri, pod_sandbox_id=other.id) == ids(first, second)
    assert containers(cri, pod_sandbox_id=NOBODY) == []


@proved_by("cri-list-containers-labels-ignored", "cri-list-containers-labels-any")
@musts("cri.list.containers.labels")
def test_containers_can_be_listed_by_labels(cri: CriScene, pod: Sandbox) -> None:
    """A filter with labels leaves the containers that have all of them, with those values."""
    first = pod.container(labels={"deck": "upper", "crew": "full"})
    second = pod.container(labels={"deck": "upper", "crew": "half"})
    assert containers(cri, label_selector=cri.labels | {"deck": "upper"}) == ids(first, second)
    assert containers(cri, label_selector=cri.labels | {"deck": "upper", "crew": "half"}) == [second.id]
    assert containers(cri, label_selector=cri.labels | {"deck": "lower"}) == []


@proved_by("cri-list-containers-conditions-any")
@musts("cri.list.containers.all-of")
def test_all_conditions_of_a_filter_must_hold(cri: CriScene, pod: Sandbox) -> None:
    """A container that meets one condition of a filter and not the other is not listed."""
    other = cri.sandbox()
    running, created = other.running(), other.container()
    assert containers(cri, pod_sandbox_id=other.id, state={"state": "CONTAINER_RUNNING"}) == [running.id]
    assert containers(cri, pod_sandbox_id=other.id, id=created.id) == [created.id]
    assert containers(cri, pod_sandbox_id=pod.id, id=created.id) == []
    assert containers(cri, id=created.id, state={"state": "CONTAINER_RUNNING"}) == []


@proved_by("cri-partial-id-wrong-object")
@musts("cri.list.partial-id")
def test_the_beginning_of_an_id_can_stand_for_it(cri: CriScene, pod: Sandbox) -> None:
    """The beginning of an id stands for the object that has it, or for none; never for another."""
    container = pod.container()
    answer = cri.attempt("ContainerStatus", {"container_id": container.id[:20]})
    if not answer.good:
        pytest.skip("differs: the beginning of an id does not stand for it")
    assert answer.message.status.id == container.id


def _items(cri: CriScene, method: str, field: str, **request: Any) -> list[Any]:
    """All items of a stream of lists, which must have one in every message."""
    messages = cri.call(method, **request)
    assert [message for message in messages if not getattr(message, field)] == []
    return [item for message in messages for item in getattr(message, field)]


@proved_by("cri-stream-sandboxes-doubled", "cri-stream-sandboxes-never-ends")
@musts("cri.list.stream.sandboxes", "cri.list.stream.filled")
def test_sandboxes_can_be_streamed(cri: CriScene) -> None:
    """The stream of sandboxes has each once that the list has, filtered or not, and ends."""
    first, second = cri.sandbox(), cri.sandbox()
    found = [each.id for each in _items(cri, "StreamPodSandboxes", "pod_sandboxes")]
    assert [found.count(each) for each in ids(first, second)] == [1, 1]
    filtered = _items(cri, "StreamPodSandboxes", "pod_sandboxes", filter={"label_selector": cri.labels})
    assert sorted(each.id for each in filtered) == ids(first, second)


@proved_by("cri-stream-containers-doubled")
@musts("cri.list.stream.containers", "cri.list.stream.filled")
def test_containers_can_be_streamed(cri: CriScene, pod: Sandbox) -> None:
    """The stream of containers has each once that the list has, filtered or not, and ends."""
    first, second = pod.container(), pod.container()
    found = [each.id for each in _items(cri, "StreamContainers", "containers")]
    assert [found.count(each) for each in ids(first, second)] == [1, 1]
    filtered = _items(cri, "StreamContainers", "containers", filter={"label_selector": cri.labels})
    assert sorted(each.id for each in filtered) == ids(first, second)


@proved_by("cri-stream-container-stats-doubled")
@musts("cri.list.stream.container-stats")
def test_container_stats_can_be_streamed(cri: CriScene, pod: Sandbox) -> None:
    """The stream of container stats has each running container once."""
    running = pod.running()
    found = _items(cri, "StreamContainerStats", "container_stats", filter={"label_selector": cri.labels})
    assert [each.attributes.id for each in found] == [running.id]


@proved_by("cri-stream-pod-stats-doubled")
@musts("cri.list.stream.pod-stats")
def test_pod_stats_can_be_streamed(cri: CriScene) -> None:
    """The stream of sandbox stats has each sandbox once."""
    sandbox = cri.sandbox()
    found = _items(cri, "StreamPodSandboxStats", "pod_sandbox_stats", filter={"label_selector": cri.labels})
    assert [each.attributes.id for each in found] == [sandbox.id]


@proved_by("cri-stream-pod-metrics-doubled")
@musts("cri.list.stream.pod-metrics")
def test_pod_metrics_can_be_streamed(cri: CriScene) -> None:
    """The stream of sandbox metrics has each sandbox at most once."""
    cri.sandbox()
    found = [each.pod_sandbox_id for each in _items(cri, "StreamPodSandboxMetrics", "pod_sandbox_metrics")]
    assert sorted(set(found)) == sorted(found)


@proved_by("cri-stream-images-doubled")
@musts("cri.list.stream.images")
def test_images_can_be_streamed(cri: CriScene) -> None:
    """The stream of images has each once that the list has."""
    cri.image("probe")
    found = [each.id for each in _items(cri, "StreamImages", "images")]
    assert sorted(set(found)) == sorted(found)
    wanted = cri.call("ImageStatus", image={"image": cri.image("probe")}).image.id
    assert wanted in found


@proved_by("cri-empty-lists-refused")
@musts("cri.list.sandboxes.labels", "cri.list.containers.labels")
def test_a_filter_that_nothing_matches_is_no_error(cri: CriScene) -> None:
    """Lists by labels that nobody has are empty."""
    nobody = {"label_selector": {RUN_LABEL: "nobody", SCENE_LABEL: "nothing"}}
    assert sandboxes(cri, **nobody) == []
    assert containers(cri, **nobody) == []
