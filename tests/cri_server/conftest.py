"""A server started for tests, and its client."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from cri_api.v1 import api_pb2, api_pb2_grpc

from conformance.probe import report
from tests.cri_server.registry import Registry, layer

PATIENCE = 30.0
PASSWD = b"root:x:0:0::/root:/bin/sh\nsailor:x:1000:100::/home/sailor:/bin/sh\n"
GROUP = b"root:x:0:\ncrew:x:100:\ndeck:x:200:sailor\n"


def until(found: Callable[[], Any], what: str) -> Any:
    """What a function finds, as soon as it finds something."""
    deadline = time.monotonic() + PATIENCE
    while not (result := found()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)
    return result


@dataclass
class Server:
    """A server in a folder, which can be started more than once."""

    folder: Path
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    names: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    @property
    def places(self) -> list[str]:
        return [f"--root={self.folder}/root", f"--state={self.folder}/state"]

    def start(self, *arguments: str) -> Server:
        own = [f"--listen=unix://{self.folder}/s", *self.places]
        with (self.folder / "log").open("ab") as log:
            argv = [sys.executable, "-m", "reference_runtime.cri", *own, *arguments, *self.arguments]
            self.process = subprocess.Popen(argv, stdout=log, stderr=log)
        channel = grpc.insecure_channel(f"unix:{self.folder}/s", [("grpc.max_receive_message_length", -1)])
        grpc.channel_ready_future(channel).result(PATIENCE)
        self.runtime = api_pb2_grpc.RuntimeServiceStub(channel)  # type: ignore[no-untyped-call]
        self.images = api_pb2_grpc.ImageServiceStub(channel)  # type: ignore[no-untyped-call]
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def sandbox_config(self, **fields: Any) -> api_pb2.PodSandboxConfig:
        name = f"pod-{next(self.names)}"
        metadata = api_pb2.PodSandboxMetadata(name=name, namespace="sea", uid=name)
        usual = {"metadata": metadata, "hostname": "ship", "log_directory": str(self.folder / "logs")}
        whole: dict[str, Any] = usual | fields
        return api_pb2.PodSandboxConfig(**whole)

    def sandbox(self, **fields: Any) -> str:
        request = api_pb2.RunPodSandboxRequest(config=self.sandbox_config(**fields))
        return str(self.runtime.RunPodSandbox(request).pod_sandbox_id)

    def create(self, sandbox: str, image: str, *args: str, **fields: Any) -> str:
        name = f"container-{next(self.names)}"
        whole: dict[str, Any] = {
            "metadata": api_pb2.ContainerMetadata(name=name),
            "image": api_pb2.ImageSpec(image=image),
            "args": args,
            "log_path": f"{name}.log",
        }
        config = api_pb2.ContainerConfig(**whole | fields)
        request = api_pb2.CreateContainerRequest(pod_sandbox_id=sandbox, config=config)
        return str(self.runtime.CreateContainer(request).container_id)

    def run(self, sandbox: str, image: str, *args: str, **fields: Any) -> str:
        container = self.create(sandbox, image, *args, **fields)
        self.runtime.StartContainer(api_pb2.StartContainerRequest(container_id=container))
        return container

    def status(self, container: str) -> Any:
        return self.runtime.ContainerStatus(api_pb2.ContainerStatusRequest(container_id=container)).status

    def ended(self, container: str) -> Any:
        def look() -> Any:
            status = self.status(container)
            return status if status.state == api_pb2.CONTAINER_EXITED else None

        return until(look, "the end of a container")

    def log(self, container: str) -> bytes:
        return Path(self.status(container).log_path).read_bytes()

    def exec(self, container: str, *cmd: str, timeout: int = 0) -> Any:
        return self.runtime.ExecSync(api_pb2.ExecSyncRequest(container_id=container, cmd=cmd, timeout=timeout))

    def remove(self, sandbox: str) -> None:
        self.runtime.RemovePodSandbox(api_pb2.RemovePodSandboxRequest(pod_sandbox_id=sandbox))


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    with Registry() as registry:
        files: dict[str, bytes | str | None] = {
            "bin": None,
            "bin/probe": report.binary().read_bytes(),
            "etc/passwd": PASSWD,
            "etc/group": GROUP,
        }
        registry.image("probe:1", [layer(files)], Entrypoint=["/bin/probe"], Cmd=["report"], Env=["SEA=blue"])
        yield registry


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[Server]:
    if os.geteuid() != 0:
        pytest.skip("a server needs root")
    server = Server(tmp_path_factory.mktemp("cri"), ("--ephemeral",)).start()
    try:
        pull(server, f"{registry.address}/probe:1")
        yield server
    finally:
        server.end()


@pytest.fixture(scope="session")
def probe(registry: Registry) -> str:
    return f"{registry.address}/probe:1"


@pytest.fixture
def pod(server: Server) -> Iterator[str]:
    sandbox = server.sandbox()
    yield sandbox
    server.remove(sandbox)


def pull(server: Server, name: str, **auth: str) -> str:
    request = api_pb2.PullImageRequest(image=api_pb2.ImageSpec(image=name), auth=api_pb2.AuthConfig(**auth))
    return str(server.images.PullImage(request).image_ref)


@contextlib.contextmanager
def refused(code: str) -> Iterator[None]:
    """The call inside is refused with a status code."""
    with pytest.raises(grpc.RpcError) as caught:
        yield
    assert caught.value.code() == grpc.StatusCode[code], caught.value.details()
