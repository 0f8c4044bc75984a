"""CheckpointPod and RestorePod, which hardly any server has yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.configs import Document
from conformance.harness.cri.objects import CREATED, RUNNING, Container, Sandbox
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.scene import CriScene

NOBODY = "0" * 64


def empty_folder(cri: CriScene, name: str = "checkpoint") -> Path:
    """A folder for a checkpoint."""
    folder = cri.folder / name
    folder.mkdir()
    return folder


def checkpoint(cri: CriScene, pod: Sandbox, containers: list[Container]) -> Path:
    """The folder of a checkpoint.  Skips the test where the server has the call and can not make one."""
    folder = empty_folder(cri)
    ids = [each.id for each in containers]
    fields: Document = {"pod_sandbox_id": pod.id, "output_path": str(folder), "container_ids": ids}
    answer = cri.attempt("CheckpointPod", fields)
    assert [each.state for each in containers] == [RUNNING] * len(containers)
    if not answer.good:
        assert list(folder.iterdir()) == []
        pytest.skip(f"unsupported: {answer.text[:200]}")
    assert list(folder.iterdir())
    return folder


@proved_by("cri-checkpoint-pod-empty")
@musts("cri.checkpoint-pod", "cri.checkpoint-pod.resumed", "cri.checkpoint-pod.output")
def test_a_pod_can_be_checkpointed(cri: CriScene) -> None:
    """A checkpoint of a pod is written to its folder, and its containers go on."""
    pod = cri.sandbox()
    containers = [pod.running(), pod.running()]
    checkpoint(cri, pod, containers)
    assert [each.execute("/probe", "exit", "4").exit_code for each in containers] == [4, 4]


@proved_by("cri-checkpoint-pod-empty")
@musts("cri.checkpoint-pod.containers", "cri.checkpoint-pod.options", "cri.checkpoint-pod", "cri.checkpoint-pod.output")
@pytest.mark.parametrize("wrong", ["none", "twice", "created", "of-another", "absent-pod", "option"])
def test_a_checkpoint_that_makes_no_sense_is_refused(cri: CriScene, pod: Sandbox, wrong: str) -> None:
    """A checkpoint of no container, of one twice, not running, or elsewhere is refused, and so are unknown options."""
    mine = cri.sandbox()
    running = mine.running()
    ids = [running.id]
    if wrong == "created":
        ids.append(mine.container().id)
    elif wrong == "of-another":
        ids.append(pod.running().id)
    else:
        ids *= {"none": 0, "twice": 2}.get(wrong, 1)
    folder = empty_folder(cri)
    with refused(cri):
        cri.call(
            "CheckpointPod",
            pod_sandbox_id=NOBODY if wrong == "absent-pod" else mine.id,
            output_path=str(folder),
            container_ids=ids,
            options={"seatrial.no-such-option": "x"} if wrong == "option" else {},
        )
    assert list(folder.iterdir()) == []
    assert running.execute("/probe", "exit", "4").exit_code == 4


@proved_by("cri-checkpoint-pod-empty")
@musts("cri.restore-pod.handler")
@pytest.mark.parametrize("handler", ["", "seatrial-no-such-handler"])
def test_a_pod_is_not_restored_from_nothing(cri: CriScene, handler: str) -> None:
    """A pod is restored neither from an empty folder nor with an unknown handler, and nothing is left of it."""
    config = cri.sandbox_config()
    containers = [Sandbox(cri, NOBODY, config).container_config()]
    with refused(cri):
        cri.call(
            "RestorePod",
            checkpoint_path=str(empty_folder(cri)),
            config=config,
            runtime_handler=handler,
            container_configs=containers,
        )


@proved_by("cri-checkpoint-pod-empty")
@musts("cri.restore-pod")
def test_a_pod_can_be_restored(cri: CriScene) -> None:
    """From a checkpoint of a pod another one is made, whose containers are created, and go on once they are started."""
    pod = cri.sandbox()
    container = pod.running()
    folder = checkpoint(cri, pod, [container])
    pod.remove()
    config = cri.sandbox_config()
    answer = cri.attempt(
        "RestorePod",
        {"checkpoint_path": str(folder), "config": config, "container_configs": [container.config]},
    )
    if not answer.good:
        pytest.skip(f"unsupported: {answer.text[:200]}")
    sandbox = cri.keep(Sandbox(cri, str(answer.message.pod_sandbox_id), config))
    (told,) = answer.message.restored_containers
    assert told.name == container.config["metadata"]["name"]
    restored = cri.keep(Container(cri, str(told.container_id), sandbox, container.config))
    assert restored.state == CREATED
    restored.start()
    assert restored.until(RUNNING)
    assert restored.execute("/probe", "exit", "4").exit_code == 4
