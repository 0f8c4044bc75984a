"""Ports of a pod, reached from the node."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import Container, Sandbox
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.waiting import looked, until
from conformance.harness.errors import Violation

PORT, UNUSED = 8080, 8081
PATIENCE = 5.0


@pytest.fixture(autouse=True)
def _same_network(cri: CriScene) -> None:
    pid = cri.server.pid
    if pid and Path(f"/proc/{pid}/ns/net").stat().st_ino != Path("/proc/self/ns/net").stat().st_ino:
        pytest.skip("not here: the server is in another network namespace")


def serve(sandbox: Sandbox, text: str) -> Container:
    """A container that answers with a text at the port, by HTTP and UDP."""
    container = sandbox.container(command=["/probe", "serve", str(PORT), text])
    container.start()
    container.until_printed(b'"serve"')
    return container


def asked(host: str, port: int, seconds: float = PATIENCE) -> str:
    """What a web server answers.  Raises ``Violation`` when none does."""

    def answer() -> str | OSError:
        try:
            with socket.create_connection((host, port), timeout=2) as stream, stream.makefile("rb") as told:
                stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return told.read().partition(b"\r\n\r\n")[2].decode()
        except OSError as problem:
            return problem

    found = until(answer, lambda each: isinstance(each, str), f"nobody answers at {host}:{port}", seconds, 0.05)
    return str(found)


def node_address(sandbox: Sandbox) -> str:
    """An address of the node that is not its loopback's: the one by which it reaches the pod."""
    with socket.socket(socket.AF_INET6 if ":" in sandbox.ip else socket.AF_INET, socket.SOCK_DGRAM) as toward:
        toward.connect((sandbox.ip, 9))
        return str(toward.getsockname()[0])


def free_port() -> int:
    """A port of the node that nobody uses."""
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104  # for a moment, to find a number
        return int(server.getsockname()[1])


@proved_by("cri-pod-unreachable")
@musts("cri.sandbox.network.reachable")
def test_a_pod_is_reached_at_its_address(cri: CriScene) -> None:
    """A web server in a pod answers the node at the pod's address, while there is one."""
    sandbox = cri.sandbox()
    container = serve(sandbox, "ahoy")
    assert asked(sandbox.ip, PORT) == "ahoy"
    container.stop()
    with pytest.raises(Violation):
        asked(sandbox.ip, PORT, seconds=0)


@proved_by("cri-network-kept")
@musts("cri.sandbox.stop.network")
def test_a_stopped_sandbox_gives_its_address_back(cri: CriScene) -> None:
    """A pod's address answers while it is ready; once the sandbox is stopped nobody has it, or another sandbox."""
    sandbox = cri.sandbox()
    address = sandbox.ip
    assert looked(lambda: _is_somebodys(address), seconds=PATIENCE)
    sandbox.stop()
    others = [each.id for each in cri.call("ListPodSandbox").items if each.id != sandbox.id]
    statuses = [cri.attempt("PodSandboxStatus", {"pod_sandbox_id": other}) for other in others]
    if address not in [each.message.status.network.ip for each in statuses if each.good]:
        assert looked(lambda: not _is_somebodys(address), seconds=PATIENCE)


def _is_somebodys(address: str) -> bool:
    """Whether a host has an address: it says that nobody listens there, or somebody does."""
    try:
        socket.create_connection((address, UNUSED), timeout=1).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


@proved_by("cri-network-per-container")
@musts("cri.sandbox.network.pod")
def test_containers_of_a_pod_meet_at_the_loopback_address(cri: CriScene) -> None:
    """A server in one container of a pod is reached by another one at 127.0.0.1."""
    sandbox = cri.sandbox()
    serve(sandbox, "ahoy")
    assert sandbox.running().probe("tcp", PORT).action("tcp").errno is None


@proved_by("cri-port-mappings-dropped")
@musts("cri.sandbox.port-mapping")
def test_a_port_of_the_node_can_lead_into_a_pod(cri: CriScene) -> None:
    """A mapped port of the node leads to the port of the container, until the sandbox is stopped."""
    port = free_port()
    sandbox = cri.sandbox(port_mappings=[{"container_port": PORT, "host_port": port}])
    serve(sandbox, "mapped")
    host = node_address(sandbox)
    assert asked(host, port) == "mapped"
    sandbox.stop()
    with pytest.raises(Violation):
        asked(host, port, seconds=0)


@proved_by("cri-port-mapping-zero-mapped")
@musts("cri.sandbox.port-mapping.zero")
def test_host_port_zero_maps_nothing(cri: CriScene) -> None:
    """A mapping with host port 0 is accepted and maps no port; the pod is reached at its own address."""
    sandbox = cri.sandbox(port_mappings=[{"container_port": PORT, "host_port": 0}])
    serve(sandbox, "own")
    assert asked(sandbox.ip, PORT) == "own"


@proved_by("cri-port-mapping-udp-ignored")
@musts("cri.sandbox.port-mapping.udp")
def test_a_port_of_udp_can_be_mapped(cri: CriScene) -> None:
    """A mapped port of UDP leads into the pod."""
    port = free_port()
    sandbox = cri.sandbox(port_mappings=[{"protocol": "UDP", "container_port": PORT, "host_port": port}])
    serve(sandbox, "datagram")
    host = node_address(sandbox)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(PATIENCE)
        datagrams.sendto(b"ahoy", (host, port))
        try:
            answer = datagrams.recv(100)
        except OSError as problem:
            raise Violation(f"nobody answers by UDP at {host}:{port}: {problem}") from None
    assert answer == b"datagram"
