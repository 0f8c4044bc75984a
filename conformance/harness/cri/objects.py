"""Sandboxes and containers as tests handle them: each operation is one call, and must succeed unless refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.harness.cri import protocol
from conformance.harness.cri.configs import Document, container_config, merged
from conformance.harness.cri.logs import LogLine, read_log, text_of
from conformance.harness.cri.protocol import Message
from conformance.harness.cri.waiting import looked
from conformance.harness.errors import Violation
from conformance.harness.observed import Program
from strategies.edit import Edit, edited
from strategies.edits import do

if TYPE_CHECKING:
    from conformance.harness.cri.scene import CriScene
    from conformance.harness.observed import Inside

CREATED, RUNNING, EXITED = "CONTAINER_CREATED", "CONTAINER_RUNNING", "CONTAINER_EXITED"
READY, NOTREADY = "SANDBOX_READY", "SANDBOX_NOTREADY"
#: How long the last lines of a log may take after the container is told to have exited.
DRAINING = 2.0


@dataclass(frozen=True)
class Executed:
    """What a command told that was run by ExecSync."""

    stdout: bytes
    stderr: bytes
    exit_code: int


class Sandbox:
    """A sandbox that was run, with the config it was run with."""

    def __init__(self, scene: CriScene, id: str, config: Document) -> None:
        self.scene, self.id, self.config = scene, id, config

    def __repr__(self) -> str:
        return f"Sandbox({self.id[:13]!r})"

    @property
    def logs(self) -> Path:
        """The folder of its containers' log files on this host."""
        return Path(self.config["log_directory"])

    def status(self, *, verbose: bool = False) -> Message:
        """The whole answer of PodSandboxStatus."""
        return self.scene.call("PodSandboxStatus", pod_sandbox_id=self.id, verbose=verbose)

    @property
    def state(self) -> str:
        """``SANDBOX_READY`` or ``SANDBOX_NOTREADY``."""
        return protocol.enum_name(self.status().status, "state")

    @property
    def ip(self) -> str:
        """Its first address; "" when the server tells none."""
        return str(self.status().status.network.ip)

    def stop(self) -> None:
        """Stop it."""
        self.scene.call("StopPodSandbox", pod_sandbox_id=self.id)

    def remove(self) -> None:
        """Stop and remove it with all that is in it."""
        self.scene.stop_sandbox(self.id)
        self.scene.call("RemovePodSandbox", pod_sandbox_id=self.id)
        self.scene.forget(self)

    def container(self, *program: Edit, **config: Any) -> Container:
        """Create a container.

        Its program is the probe, reporting and then doing what the edits of ``strategies.edits`` say.  ``config`` has
        fields of ContainerConfig that are merged into the base; None takes one out.
        """
        scene, document = self.scene, self.container_config(*program, **config)
        made = scene.call("CreateContainer", pod_sandbox_id=self.id, config=document, sandbox_config=self.config)
        return scene.keep(Container(scene, str(made.container_id), self, document))

    def container_config(self, *program: Edit, **config: Any) -> Document:
        """The config of a container that is not created."""
        scene = self.scene
        name = f"container-{scene.node.next_number()}"
        command = list(edited(*program)["process"]["args"])
        base = container_config(name, scene.image("probe"), command, dict(scene.labels))
        return merged(base, scene.node.settings.container, config)

    def running(self, *program: Edit, **config: Any) -> Container:
        """A started container whose program has reported, done what the edits say, and waits to be stopped."""
        container = self.container(*program, do("trap", "TERM"), do("wait"), **config)
        container.start()
        container.until_printed(b'{"verb":"wait"')
        return container

    def run(self, *program: Edit, **config: Any) -> Inside:
        """Create and start a container, wait for its end, and return what its program saw."""
        return self.program(*program, **config).inside

    def program(self, *program: Edit, **config: Any) -> Program:
        """As ``run``, for programs that need not report."""
        container = self.container(*program, **config)
        container.start()
        container.until(EXITED)
        return container.program()


class Container:
    """A container that was created, with the config it was created with."""

    def __init__(self, scene: CriScene, id: str, sandbox: Sandbox, config: Document) -> None:
        self.scene, self.id, self.sandbox, self.config = scene, id, sandbox, config

    def __repr__(self) -> str:
        return f"Container({self.id[:13]!r})"

    def start(self) -> None:
        """Start it."""
        self.scene.call("StartContainer", container_id=self.id)

    def stop(self, timeout: int = 0) -> None:
        """Stop it with a grace period in seconds."""
        self.scene.call("StopContainer", container_id=self.id, timeout=timeout)

    def remove(self) -> None:
        """Remove it, running or not."""
        self.scene.call("RemoveContainer", container_id=self.id)
        self.scene.forget(self)

    def status(self, *, verbose: bool = False) -> Message:
        """Its ContainerStatus."""
        return self.answer(verbose=verbose).status

    def answer(self, *, verbose: bool = False) -> Message:
        """The whole answer of ContainerStatus."""
        return self.scene.call("ContainerStatus", container_id=self.id, verbose=verbose)

    @property
    def state(self) -> str:
        """``CONTAINER_CREATED``, ``CONTAINER_RUNNING``, ``CONTAINER_EXITED`` or ``CONTAINER_UNKNOWN``."""
        return protocol.enum_name(self.status(), "state")

    def until(self, state: str, seconds: float = 0.0) -> Message:
        """Wait for a state, and return the status then.  Raises ``Violation`` when it does not come."""
        seconds = seconds or self.scene.node.settings.patience
        status = looked(self.status, lambda each: protocol.enum_name(each, "state") == state, seconds)
        if (now := protocol.enum_name(status, "state")) != state:
            raise Violation(f"the container is {now} after {seconds:g} seconds, it should be {state}")
        return status

    def execute(self, *command: str, timeout: int = 0) -> Executed:
        """Run a command in it by ExecSync."""
        told = self.scene.call("ExecSync", container_id=self.id, cmd=list(command), timeout=timeout)
        return Executed(bytes(told.stdout), bytes(told.stderr), int(told.exit_code))

    def probe(self, *verbs: str | int) -> Program:
        """Run the probe in it by ExecSync, with these verbs and their arguments."""
        told = self.execute("/probe", *map(str, verbs))
        text = told.stdout.decode(errors="surrogateescape")
        return Program(self.scene.journal, text, told.stderr.decode(errors="replace"), told.exit_code << 8)

    @property
    def log_path(self) -> Path:
        """Its log file on this host."""
        return self.sandbox.logs / str(self.config["log_path"])

    def log(self) -> list[LogLine]:
        """The lines of its log so far."""
        return read_log(self.log_path)

    def printed(self, stream: str = "stdout") -> bytes:
        """What its program has written to a stream so far, as the log has it."""
        return text_of(self.log(), stream)

    def until_printed(self, text: bytes, stream: str = "stdout", seconds: float = 0.0) -> bytes:
        """Wait until the log has some text, and return all of it then.  ``Violation`` when it does not come."""
        seconds = seconds or self.scene.node.settings.patience
        printed = looked(lambda: self.printed(stream), lambda each: text in each, seconds)
        if text not in printed:
            raise Violation(f"the log lacks {text!r} after {seconds:g} seconds: {printed[-500:]!r}")
        return printed

    def program(self) -> Program:
        """What the program of an exited container printed, and how it ended."""
        status = self.status()
        printed = looked(self.printed, seconds=DRAINING)
        text, errors = printed.decode(errors="surrogateescape"), self.printed("stderr").decode(errors="replace")
        return Program(self.scene.journal, text, errors, int(status.exit_code) << 8)
