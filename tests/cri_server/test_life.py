"""Sandboxes and containers: what a client sees, and what is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cri_api.v1 import api_pb2

from tests.cri_server.conftest import Server, pull, refused, until
from tests.cri_server.registry import Registry

INFO = "info"


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[Server]:
    """A server of the test's own, that leaves what runs."""
    server = Server(tmp_path_factory.mktemp("own")).start()
    pull(server, f"{registry.address}/probe:1")
    yield server
    if server.process and server.process.poll() is None:
        server.end(signal.SIGKILL)
    server.start("--ephemeral").end()


def inside(server: Server, container: str) -> dict[str, Any]:
    """The probe's report in a log."""
    server.ended(container)
    line = server.log(container).split(b" ", 3)[3]
    report: dict[str, Any] = json.loads(line)["report"]
    return report


def test_a_container_runs_and_ends(server: Server, pod: str, probe: str) -> None:
    container = server.run(pod, probe, "echo", "ahoy", "exit", "3")
    status = server.ended(container)
    assert (status.exit_code, status.reason) == (3, "Error")
    assert status.created_at < status.started_at < status.finished_at
    time, stream, tag, text = server.log(container).rstrip(b"\n").split(b" ", 3)
    assert (stream, tag, text) == (b"stdout", b"F", b"ahoy")
    assert time.endswith(b"Z")


def test_a_program_sees_what_was_asked_for(server: Server, pod: str, probe: str) -> None:
    context = api_pb2.LinuxContainerSecurityContext(run_as_username="sailor", supplemental_groups=[300])
    envs = [api_pb2.KeyValue(key="WIND", value="fair")]
    linux = api_pb2.LinuxContainerConfig(security_context=context)
    seen = inside(server, server.run(pod, probe, "report", envs=envs, working_dir="/made", linux=linux))
    assert {"SEA=blue", "WIND=fair", "HOME=/home/sailor"} <= set(seen["env"])
    assert (seen["cwd"], seen["hostname"]) == ("/made", "ship")
    assert (seen["uid"]["effective"], seen["gid"]["effective"]) == (1000, 100)
    assert set(seen["groups"]) == {100, 200, 300}


def test_stopping_asks_first_and_kills_then(server: Server, pod: str, probe: str) -> None:
    polite = server.run(pod, probe, "trap", "TERM", "wait", "exit", "5")
    deaf = server.run(pod, probe, "ignore", "TERM", "wait")
    for each in (polite, deaf):
        until(lambda each=each: b"wait" in server.log(each), "the trap")  # type: ignore[misc]
    server.runtime.StopContainer(api_pb2.StopContainerRequest(container_id=polite, timeout=20))
    server.runtime.StopContainer(api_pb2.StopContainerRequest(container_id=deaf, timeout=1))
    assert (server.status(polite).exit_code, server.status(deaf).exit_code) == (5, 137)


def test_a_command_is_run_beside(server: Server, pod: str, probe: str) -> None:
    container = server.run(pod, probe, "wait")
    done = server.exec(container, "/bin/probe", "echo", "ahoy", "exit", "7")
    assert (done.stdout, done.stderr, done.exit_code) == (b"ahoy\n", b"", 7)
    with refused("DEADLINE_EXCEEDED"):
        server.exec(container, "/bin/probe", "wait", timeout=1)
    with refused("INTERNAL"):
        server.exec(container, "/bin/none")


def test_states_are_kept_to(server: Server, pod: str, probe: str) -> None:
    container = server.create(pod, probe, "wait")
    with refused("FAILED_PRECONDITION"):
        server.exec(container, "/bin/probe", "verbs")
    with refused("NOT_FOUND"):
        server.status("none")
    with refused("INVALID_ARGUMENT"):
        server.status("")
    request = api_pb2.RemoveContainerRequest(container_id=container)
    server.runtime.RemoveContainer(request)
    server.runtime.RemoveContainer(request)


def test_the_network_of_a_sandbox_is_its_own(server: Server, probe: str) -> None:
    first, second = server.sandbox(), server.sandbox()
    statuses = [
        server.runtime.PodSandboxStatus(api_pb2.PodSandboxStatusRequest(pod_sandbox_id=each)).status
        for each in (first, second)
    ]
    assert len({status.network.ip for status in statuses}) == 2
    seen = inside(server, server.run(first, probe, "report"))
    assert statuses[0].network.ip in json.dumps(seen)
    for each in (first, second):
        server.remove(each)


def test_nothing_is_left_of_a_sandbox(server: Server, probe: str) -> None:
    sandbox = server.sandbox()
    container = server.run(sandbox, probe, "wait")
    server.remove(sandbox)
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    links = subprocess.run(["ip", "-br", "link"], capture_output=True, text=True, check=True).stdout
    assert sandbox not in mounts and container not in mounts and sandbox[:12] not in links
    assert not list(Path("/sys/fs/cgroup").glob(f"*/*/{sandbox}*"))


def test_events_are_told(server: Server, probe: str) -> None:
    events = server.runtime.GetContainerEvents(api_pb2.GetEventsRequest())
    sandbox = server.sandbox()
    container = server.run(sandbox, probe, "echo", "ahoy")
    server.ended(container)
    server.remove(sandbox)
    kinds = []
    for event in events:
        if event.container_id == container:
            kinds.append(event.container_event_type)
        if kinds and kinds[-1] == api_pb2.CONTAINER_DELETED_EVENT:
            break
    events.cancel()
    assert kinds == [0, 1, 2, 3]


def test_containers_outlive_the_server(own: Server, probe: str) -> None:
    sandbox = own.sandbox()
    running, ending = own.run(sandbox, probe, "wait"), own.run(sandbox, probe, "trap", "TERM", "wait", "exit", "9")
    until(lambda: b"wait" in own.log(ending), "the trap")
    request = api_pb2.ContainerStatusRequest(container_id=ending, verbose=True)
    pid = json.loads(own.runtime.ContainerStatus(request).info[INFO])["pid"]
    own.end(signal.SIGKILL)
    os.kill(pid, signal.SIGTERM)
    until(lambda: not Path(f"/proc/{pid}").exists(), "its end")
    own.start()
    assert own.status(running).state == api_pb2.CONTAINER_RUNNING
    assert own.ended(ending).exit_code == 9
    assert own.exec(running, "/bin/probe", "echo", "ahoy").stdout == b"ahoy\n"


def test_a_restarted_server_knows_its_sandboxes(own: Server) -> None:
    sandbox = own.sandbox(labels={"ship": "sea"})
    assert own.end() == 0
    own.start()
    found = own.runtime.ListPodSandbox(api_pb2.ListPodSandboxRequest()).items
    assert [(each.id, each.state, dict(each.labels)) for each in found] == [(sandbox, 0, {"ship": "sea"})]
    with refused("ALREADY_EXISTS"):
        own.sandbox(metadata=found[0].metadata)


def test_a_monitor_that_is_ended_ends_its_container(server: Server, pod: str, probe: str) -> None:
    container = server.run(pod, probe, "ignore", "TERM", "wait")
    until(lambda: b"wait" in server.log(container), "the program")
    record = json.loads((server.folder / "root/containers" / container / "record.json").read_text())
    os.kill(record["monitor"], signal.SIGTERM)
    assert server.ended(container).exit_code == 137
    until(lambda: not Path(f"/proc/{record['monitor']}").exists(), "the end of the monitor")


def test_an_address_is_given_anew_with_its_hardware_address(server: Server, pod: str, probe: str) -> None:
    def seen() -> tuple[str, str]:
        sandbox = server.sandbox()
        status = server.runtime.PodSandboxStatus(api_pb2.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status
        container = server.run(sandbox, probe, "read", "/sys/class/net/eth0/address")
        server.ended(container)
        told = json.loads(server.log(container).split(b" ", 3)[3])["content"]
        server.remove(sandbox)
        return status.network.ip, told

    # As the other pod keeps the bridge up, the host goes on knowing who had the address.
    assert pod
    assert seen() == seen()
