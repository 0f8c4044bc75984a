"""Plays a history of sandboxes, containers and an image on a server, and compares what it tells with the model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.harness.cri import protocol
from conformance.harness.cri.objects import Container, Sandbox
from conformance.harness.cri.scene import spec
from conformance.harness.errors import Violation
from strategies import pods
from strategies.lifecycle import ACCEPTED, OPEN, REFUSED

if TYPE_CHECKING:
    from conformance.harness.cri.client import Answer
    from conformance.harness.cri.configs import Document
    from conformance.harness.cri.scene import CriScene
    from strategies.pods import History, Life, Turn

#: An id that no object ever had.
NOBODY = "0" * 64
#: How long a program may use that is asked to end, in seconds: it ends at once.
GRACE = 10
PROGRAMS = {
    "waits": ["/probe", "trap", "TERM", "wait", "exit", str(pods.ASKED)],
    "ends": ["/probe", "exit", str(pods.BY_ITSELF)],
}
#: The calls behind the operations, and what they say besides the id.
CALLS: dict[str, tuple[str, Document]] = {
    "stop sandbox": ("StopPodSandbox", {}),
    "remove sandbox": ("RemovePodSandbox", {}),
    "ask sandbox": ("PodSandboxStatus", {}),
    "start": ("StartContainer", {}),
    "stop": ("StopContainer", {"timeout": GRACE}),
    "kill": ("StopContainer", {"timeout": 0}),
    "remove": ("RemoveContainer", {}),
    "exec": ("ExecSync", {"cmd": ["/probe", "exit", "0"], "timeout": GRACE}),
    "ask": ("ContainerStatus", {}),
}


class Player:
    """One play of a history: the objects in its slots, and the world as it should be."""

    def __init__(self, scene: CriScene) -> None:
        self.scene, self.world = scene, pods.NEW
        self.image = ""
        if scene.node.supply.registry:
            self.image = scene.unique("probe")
        else:  # what was imported stays
            self.world = replace(pods.NEW, image=pods.FIXED)
        self.configs = [scene.sandbox_config() for _ in range(pods.SANDBOXES)]
        self.name = f"player-{scene.node.next_number()}"
        self.sandboxes: dict[int, Sandbox] = {}
        self.containers: dict[int, Container] = {}

    def play(self, history: History) -> None:
        """Play all turns, then remove what is there.  Raises ``Violation`` where server and model differ."""
        try:
            for number, turn in enumerate(history, 1):
                if turn.operation in pods.ON_IMAGE and not self.image:
                    continue
                where = f"turn {number} of {len(history)}, {turn.operation} {turn.slot}"
                self._take(turn, where)
                self._compare(where)
        finally:
            for sandbox in self.sandboxes.values():
                sandbox.remove()

    def _take(self, turn: Turn, where: str) -> None:
        due, held = pods.rule(self.world, turn), self._held(turn)
        answer = self._asked(turn)
        if due.verdict != ACCEPTED and _names(answer, held):
            return  # asked to make it again, the server names what is there: nothing has changed
        if due.verdict not in {OPEN, ACCEPTED if answer.good else REFUSED}:
            told = f"{answer.code} {answer.text[:500]}".strip()
            raise Violation(f"{where}: it must be {due.verdict} ({due.requirement}), and the answer is {told}")
        if not answer.good and not answer.text.strip():
            raise Violation(f"{where}: it was refused with {answer.code} without a word about why")
        self.world = pods.after(self.world, turn, accepted=answer.good)
        if turn.operation == "start" and answer.good:
            self._settle(self.containers[turn.slot], self.world.containers[turn.slot])

    def _settle(self, container: Container, life: Life) -> None:
        """Wait for what a started program does."""
        if life.phase == pods.RUNNING:
            container.until_printed(b'{"verb":"wait"')
        elif life.phase == pods.EXITED:
            container.until("CONTAINER_EXITED")

    def _asked(self, turn: Turn) -> Answer:
        if turn.operation == "run":
            return self._run(turn.slot)
        if turn.operation in pods.ON_IMAGE:
            method = "PullImage" if turn.operation == "pull" else "RemoveImage"
            return self.scene.attempt(method, {"image": spec(self.image)})
        name, _, program = turn.operation.partition(" ")
        if name == "create":
            return self._create(turn.slot, program)
        method, fields = CALLS[turn.operation]
        held = self._held(turn)
        key = "pod_sandbox_id" if turn.operation in pods.ON_SANDBOXES else "container_id"
        return self.scene.attempt(method, {key: held.id if held else NOBODY, **fields})

    def _held(self, turn: Turn) -> Sandbox | Container | None:
        """What is in the slot of a turn, or was once."""
        if turn.operation in pods.ON_SANDBOXES:
            return self.sandboxes.get(turn.slot)
        return self.containers.get(turn.slot)

    def _run(self, slot: int) -> Answer:
        config = self.configs[slot]
        fields: Document = {"config": config, "runtime_handler": self.scene.node.settings.handler}
        answer = self.scene.attempt("RunPodSandbox", fields)
        if answer.good and not _names(answer, self.sandboxes.get(slot)):
            self.sandboxes[slot] = self.scene.keep(Sandbox(self.scene, str(answer.message.pod_sandbox_id), config))
        return answer

    def _create(self, slot: int, program: str) -> Answer:
        number = slot % pods.SANDBOXES
        sandbox = self.sandboxes.get(number) or Sandbox(self.scene, NOBODY, self.configs[number])
        name = f"{self.name}-{slot}"
        config = sandbox.container_config(
            metadata={"name": name}, command=PROGRAMS[program], log_path=f"{name}-{self.scene.node.next_number()}.log"
        )
        if slot == pods.FROM_IMAGE and self.image:
            config["image"] = spec(self.image)
        fields = {"pod_sandbox_id": sandbox.id, "config": config, "sandbox_config": sandbox.config}
        answer = self.scene.attempt("CreateContainer", fields)
        if answer.good and not _names(answer, self.containers.get(slot)):
            self.containers[slot] = self.scene.keep(
                Container(self.scene, str(answer.message.container_id), sandbox, config)
            )
        return answer

    def _compare(self, where: str) -> None:
        """See that lists and statuses are what the model has."""
        listed = {id: state.rpartition("_")[2].lower() for id, state in self.scene.listing().items()}
        for slot, state in enumerate(self.world.sandboxes):
            self._compare_one(where, f"sandbox {slot}", self.sandboxes.get(slot), {state}, listed)
        for slot, life in enumerate(self.world.containers):
            container = self.containers.get(slot)
            self._compare_one(where, f"container {slot}", container, life.shown(), listed)
            if container is not None and life.phase in {pods.RUNNING, pods.EXITED}:
                self._compare_status(where, container, life)
        if self.image:
            there = pods.PRESENT if self.scene.has_image(self.image) else pods.ABSENT
            if there != self.world.image:
                raise Violation(f"{where}: the image must be {self.world.image}, its status says {there}")
        if listed:
            raise Violation(f"{where}: the lists have what was removed or never made: {listed}")

    @staticmethod
    def _compare_one(
        where: str, what: str, made: Sandbox | Container | None, allowed: set[str], listed: dict[str, str]
    ) -> None:
        told = listed.pop(made.id, pods.ABSENT) if made else pods.ABSENT
        if told not in allowed:
            raise Violation(f"{where}: {what} must be {' or '.join(sorted(allowed))}, the list says {told}")

    @staticmethod
    def _compare_status(where: str, container: Container, life: Life) -> None:
        status = container.status()
        told = protocol.enum_name(status, "state").rpartition("_")[2].lower()
        if told != life.phase:
            raise Violation(f"{where}: the status says {told}, the list {life.phase}")
        if life.phase == pods.EXITED and life.code is not None and status.exit_code != life.code:
            raise Violation(f"{where}: the exit code must be {life.code}, the status says {status.exit_code}")


def _names(answer: Answer, held: Sandbox | Container | None) -> bool:
    """Whether a call that makes something has answered with the id of what was there."""
    if held is None or not answer.good or answer.method not in {"RunPodSandbox", "CreateContainer"}:
        return False
    return held.id in {str(value) for _, value in answer.message.ListFields()}
