"""One test on one CRI server: its calls and objects, and the check afterwards that nothing is left of them."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from conformance.harness.cri import protocol
from conformance.harness.cri.client import Answer
from conformance.harness.cri.configs import RUN_LABEL, SCENE_LABEL, Document, merged, sandbox_config
from conformance.harness.cri.journal import CriJournal
from conformance.harness.cri.objects import Container, Sandbox
from conformance.harness.cri.protocol import Message
from conformance.harness.cri.reproduction import write_cri_reproduction
from conformance.harness.cri.residue import Residue
from conformance.harness.cri.waiting import MOMENT, looked
from conformance.harness.errors import Crashed, HarnessError, Hung, Leaked, OperationFailed, Violation
from conformance.harness.images.samples import sample, variant

if TYPE_CHECKING:
    from conformance.harness.cri.node import Node
    from conformance.harness.cri.server import Server
    from conformance.harness.reproduction import Story

#: How long a server and the host may take to let go of what was removed, in seconds.
PATIENCE = 10.0
#: How long nothing may change until a server counts as at rest, in seconds.
QUIET = 0.5
Kept = TypeVar("Kept", Sandbox, Container)


class Refused(OperationFailed):
    """A call that had to succeed was refused by the server, with the name of a status code."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.method} was refused with {answer.code}: {answer.text[:2000]}", answer.text)
        self.code = answer.code


class CriScene:
    """What a test has to do with a server.  One scene per test; ``settle`` ends it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.journal = CriJournal()
        self.labels = {RUN_LABEL: node.run, SCENE_LABEL: str(node.next_number())}
        self.folder = node.folder / self.labels[SCENE_LABEL]
        self.folder.mkdir()
        self._objects: list[Sandbox | Container] = []
        self._residue = Residue(node.server.pid)
        self._pulled: list[str] = []

    def __repr__(self) -> str:
        return f"CriScene({self.server.name!r})"

    @property
    def server(self) -> Server:
        """The server under test."""
        return self.node.server

    def follow_server(self) -> None:
        """Look for what is left with the eyes of the server's new process, after it was started again."""
        self._residue.server = self.server.pid

    # Calls ------------------------------------------------------------------------------------------------------

    def attempt(self, method: str, document: Document | None = None, *, timeout: float | None = None) -> Answer:
        """Make a call, whatever comes of it.

        Raises ``Hung`` when it outlives its deadline and ``Crashed`` when the server goes away; skips the test when
        the server does not know a call that is younger than the API's first version.
        """
        name = protocol.methods()[method].request
        return self.send(method, protocol.message(name, document), timeout=timeout)

    @staticmethod
    def request(method: str, **fields: Any) -> Message:
        """The request of a call, not sent."""
        return protocol.message(protocol.methods()[method].request, fields)

    def send(self, method: str, request: Message, *, timeout: float | None = None) -> Answer:
        """As ``attempt``, with a message."""
        call = self.node.client.collect if protocol.methods()[method].streams else self.node.client.call
        answer = call(method, request, timeout)
        self.journal.add(request, answer)
        limit = timeout or self.node.settings.timeout
        if answer.code == "DEADLINE_EXCEEDED" and answer.seconds >= limit - MOMENT:
            raise Hung(f"{method} did not end within {limit:g} seconds")
        if answer.code == "UNAVAILABLE":
            self._blame_or_excuse(answer)
        if answer.code == "UNIMPLEMENTED" and method in protocol.SINCE:
            pytest.skip(f"unsupported: {self.server.kind} {self.server.version} does not implement {method}")
        return answer

    def call(self, method: str, **fields: Any) -> Message:
        """Make a call that must succeed, with the fields of its request.  Raises ``Refused``."""
        return self.accepted(self.attempt(method, fields))

    def accepted(self, answer: Answer) -> Message:
        """Demand that a call succeeded, and return its answer.  Raises ``Refused``."""
        if not answer.good:
            raise Refused(answer)
        return answer.message

    def _blame_or_excuse(self, answer: Answer) -> None:
        """An answer that did not come, since the server went away, or says itself that it can not answer now."""
        if self.server.pid and not Path(f"/proc/{self.server.pid}").exists():
            raise Crashed(f"the server ended during {answer.method}: {answer.text[:500]}")
        if "Socket closed" in answer.text or "failed to connect" in answer.text:
            raise Crashed(f"the server hung up during {answer.method}: {answer.text[:500]}")

    # Objects ----------------------------------------------------------------------------------------------------

    def sandbox(self, **config: Any) -> Sandbox:
        """Run a sandbox; ``config`` has fields of PodSandboxConfig that are merged into the base."""
        document = self.sandbox_config(**config)
        return self.keep(self._run(document))

    def sandbox_config(self, **config: Any) -> Document:
        """The config of a sandbox that is not run."""
        name = f"sandbox-{self.node.next_number()}"
        base = sandbox_config(name, self.node.run, self.folder / name, self.node.cgroup_parent(name))
        document = merged(base, {"labels": dict(self.labels)}, self.node.settings.sandbox, config)
        self._residue.follow_parent(str(document.get("linux", {}).get("cgroup_parent", "")))
        if document.get("log_directory"):
            Path(document["log_directory"]).mkdir(parents=True, exist_ok=True)
        return document

    @property
    def pod(self) -> Sandbox:
        """A sandbox that all tests of this process share: for tests that need one and change nothing of it."""
        shared = self.node.shared
        if shared is None or not self._is_ready(shared):
            folder = self.node.folder / "shared"
            folder.mkdir(exist_ok=True)
            name = f"shared-{self.node.next_number()}"
            base = sandbox_config(name, self.node.run, folder, self.node.cgroup_parent(name))
            document = merged(base, self.node.settings.sandbox)
            self.node.shared = shared = self._run(document)
        shared.scene = self
        return shared

    def _run(self, document: Document) -> Sandbox:
        fields: Document = {"config": document}
        if self.node.settings.handler:
            fields["runtime_handler"] = self.node.settings.handler
        made = self.call("RunPodSandbox", **fields)
        return Sandbox(self, str(made.pod_sandbox_id), document)

    def _is_ready(self, sandbox: Sandbox) -> bool:
        request = protocol.message("PodSandboxStatusRequest", {"pod_sandbox_id": sandbox.id})
        answer = self.node.client.call("PodSandboxStatus", request)
        return answer.good and answer.message.status.state == 0

    def keep(self, made: Kept) -> Kept:
        """Have an object removed at the end of the test."""
        kind = "container" if isinstance(made, Container) else "sandbox"
        self.journal.configs[f"{kind}-{made.id[:13]}"] = made.config
        self._objects.append(made)
        self._residue.follow(made.id)
        if isinstance(made, Sandbox):
            self._residue.follow_sandbox(self.node.client, made.id)
        return made

    def forget(self, removed: Sandbox | Container) -> None:
        """Do not remove an object again that a test has removed."""
        if removed in self._objects:
            self._objects.remove(removed)

    def needs_to_be_alone(self) -> None:
        """Skip the test where the server has sandboxes that are not the suite's."""
        others = [each.id for each in self.call("ListPodSandbox").items if RUN_LABEL not in each.labels]
        if others:
            pytest.skip(f"not here: the server has {len(others)} sandboxes of others")

    # Images -----------------------------------------------------------------------------------------------------

    def image(self, name: str) -> str:
        """The reference of an image of the suite, pulled when it was not there yet; it stays for other tests."""
        if name == "probe" and self.node.settings.image:
            return self.node.settings.image
        reference = self.node.supply.reference(name)
        if reference not in self.node.present:
            if self.node.supply.registry:
                self.call("PullImage", image=spec(reference))
            elif not self.call("ImageStatus", image=spec(reference)).HasField("image"):
                pytest.skip(f"not here: the image {reference} was not imported: `seatrial images export` writes it")
            self.node.present.add(reference)
        return reference

    def unique(self, name: str, mark: str = "", guard: str = "") -> str:
        """The reference of an image like one of the suite that no other test has; it is not pulled yet.

        ``guard`` is the kind of credentials that its registry wants, ``basic`` or ``token``.

        It is removed at the end of the test.  Skips the test where images can not be pulled.
        """
        self.needs_registry()
        own = mark or f"{self.node.run}-{self.labels[SCENE_LABEL]}-{self.node.next_number()}"
        reference = self.node.supply.add(variant(name, own), own, guard)
        self._pulled.append(reference)
        return reference

    def needs_registry(self) -> None:
        """Skip the test where the server can not pull from the suite's registry."""
        if not self.node.supply.registry:
            pytest.skip(f"not here: {self.node.supply.why}")

    def image_id(self, name: str) -> str:
        """What the config's digest of an image of the suite is."""
        return sample(name).id

    def pull(self, reference: str, **fields: Any) -> str:
        """Pull an image, and return the reference that the server answers.

        Skips the test where the server does not speak plain HTTP to the registry, which must be told to some.
        """
        self._pulled.append(reference)
        answer = self.attempt("PullImage", {"image": spec(reference), **fields})
        if not answer.good and not self.node.supply.was_asked(reference):
            pytest.skip(f"not here: the server asks nothing of the registry at {reference.partition('/')[0]}")
        return str(self.accepted(answer).image_ref)

    # The end ----------------------------------------------------------------------------------------------------

    def listing(self) -> dict[str, str]:
        """The sandboxes and containers of this test, as the server lists them, with their states."""
        wanted = {"label_selector": {SCENE_LABEL: self.labels[SCENE_LABEL], RUN_LABEL: self.node.run}}
        containers = self.call("ListContainers", filter=wanted).containers
        sandboxes = self.call("ListPodSandbox", filter=wanted).items
        return {each.id: protocol.enum_name(each, "state") for each in [*sandboxes, *containers]}

    def until_quiet(self, seconds: float = 10.0) -> None:
        """Wait until the lists of this test stay the same for a moment: after calls that nobody waited for."""
        before, since = self.listing(), time.monotonic()

        def is_quiet() -> bool:
            nonlocal before, since
            if (now := self.listing()) != before:
                before, since = now, time.monotonic()
            return time.monotonic() - since >= QUIET

        looked(is_quiet, seconds=seconds)

    def retried(self, method: str, seconds: float = 0.0, **fields: Any) -> Message:
        """Make a call again until it succeeds, as the kubelet does.  Raises ``Refused`` with the last answer."""
        seconds = seconds or self.node.settings.patience
        return self.accepted(looked(lambda: self.attempt(method, fields), lambda each: each.good, seconds, 0.1))

    def settle(self) -> None:
        """Remove all objects and see that nothing is left of them.  Raises ``Leaked``."""
        self.journal.close()
        self._remove()
        found = looked(self._left, lambda each: not each, PATIENCE)
        self._let_go()
        if found:
            raise Leaked("left behind after everything was removed: " + "; ".join(found))

    def abandon(self) -> None:
        """Remove all objects of a test that failed; its journal keeps what the test saw last."""
        self.journal.close()
        with suppress(Violation, HarnessError, pytest.skip.Exception):
            self._remove()
        self._let_go()

    def _remove(self) -> None:
        for made in sorted(self._objects, key=lambda each: isinstance(each, Sandbox)):
            if not isinstance(made, Sandbox):  # a server may give what still runs a long time to end
                self.attempt("StopContainer", {"container_id": made.id, "timeout": 0})
            made.remove()
        for id, state in self.listing().items():
            kind = "PodSandbox" if state.startswith("SANDBOX") else "Container"
            field = "pod_sandbox_id" if kind == "PodSandbox" else "container_id"
            if kind == "PodSandbox":
                self.stop_sandbox(id)
            self.call(f"Remove{kind}", **{field: id})
        for reference in dict.fromkeys(self._pulled):
            self.call("RemoveImage", image=spec(reference))

    def stop_sandbox(self, sandbox: str) -> None:
        """Stop a sandbox that may be gone: to say so is not what this is about."""
        answer = self.attempt("StopPodSandbox", {"pod_sandbox_id": sandbox})
        if answer.code != "NOT_FOUND":
            self.accepted(answer)

    def _left(self) -> list[str]:
        found = [f"{state} {id}" for id, state in self.listing().items()]
        found += [f"image {name}" for name in dict.fromkeys(self._pulled) if self.has_image(name)]
        return found + self._residue.left()

    def has_image(self, reference: str) -> bool:
        """Whether the server has an image."""
        return bool(self.call("ImageStatus", image=spec(reference)).HasField("image"))

    def _let_go(self) -> None:
        self._residue.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # For the record ---------------------------------------------------------------------------------------------

    def printed(self) -> str:
        """What the program of the newest container has printed, as long as its log is there."""
        return ""

    def reproduce(self, folder: Path, story: Story) -> Path:
        """Write the folder that shows a violation."""
        return write_cri_reproduction(folder, story, self.server, self.journal)


def spec(reference: str) -> Document:
    """An ImageSpec for a reference."""
    return {"image": reference, "user_specified_image": reference}
