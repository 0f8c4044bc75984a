"""What happens to servers and their clients: calls are given up, servers killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.harness.cri import protocol
from conformance.harness.cri.client import Client
from conformance.harness.cri.objects import CREATED, EXITED, NOTREADY, READY, RUNNING, Container, Sandbox
from conformance.harness.cri.residue import pid_in
from conformance.harness.cri.scene import CriScene, spec
from conformance.harness.cri.server import socket_path
from conformance.harness.cri.spare import spare
from conformance.harness.cri.waiting import looked

#: A call that is given up when it is under way is so old, in seconds.
UNDER_WAY = 0.03
#: How long a simple call may take meanwhile, in seconds.
PROMPT = 10.0
#: How many clients say nothing, and what they would say first.
IDLE, PREFACE = 48, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WAITS = ["/probe", "trap", "TERM", "wait", "exit", "7"]


def cancelled(bug: str) -> pytest.MarkDecorator:
    """Try calls that are given up at once, of which the server may never know, and others that are under way."""
    cases = [pytest.param(0.0, id="at-once"), pytest.param(UNDER_WAY, id="under-way", marks=proved_by(bug))]
    return pytest.mark.parametrize("moment", cases)


def give_up(cri: CriScene, moment: float, method: str, **fields: Any) -> None:
    """Make a call, cancel it, and wait until the server has done what it still does of it."""
    pending = cri.node.client.begin(method, cri.request(method, **fields))
    time.sleep(moment)
    pending.cancel()
    assert cri.node.client.call("Version", protocol.message("VersionRequest"), PROMPT).good
    cri.until_quiet()


@musts("cri.cancelled")
@cancelled("cri-cancelled-container-leaks")
def test_a_container_can_be_created_after_that_was_cancelled(cri: CriScene, moment: float) -> None:
    """A creation that was cancelled has made nothing, or a container that can be removed; its name can be used."""
    sandbox = cri.sandbox()
    config = sandbox.container_config(metadata={"name": "cancelled"}, command=WAITS)
    fields = {"pod_sandbox_id": sandbox.id, "config": config, "sandbox_config": sandbox.config}
    give_up(cri, moment, "CreateContainer", **fields)
    for id in cri.listing():
        if id != sandbox.id:
            cri.call("RemoveContainer", container_id=id)
    made = cri.retried("CreateContainer", PROMPT, **fields)
    container = cri.keep(Container(cri, str(made.container_id), sandbox, config))
    container.start()
    assert container.until(RUNNING)


@musts("cri.cancelled", "cri.container.stop.idempotent")
@cancelled("cri-cancelled-stop-lost")
def test_a_cancelled_stop_can_be_made_again(cri: CriScene, pod: Sandbox, moment: float) -> None:
    """A container whose stop was cancelled during its grace period is stopped by the next one."""
    container = pod.container(command=["/probe", "ignore", "TERM", "trap", "USR2", "wait"])
    container.start()
    container.until_printed(b'{"verb":"wait"')
    give_up(cri, moment, "StopContainer", container_id=container.id, timeout=30)
    container.stop(0)
    assert container.state == EXITED


@musts("cri.cancelled", "cri.container.started")
@cancelled("cri-cancelled-start-lost")
def test_a_cancelled_start_can_be_made_again(cri: CriScene, pod: Sandbox, moment: float) -> None:
    """A container whose start was cancelled has been started, has failed, or can be; its name can be used again."""
    container = pod.container(command=WAITS)
    give_up(cri, moment, "StartContainer", container_id=container.id)

    def is_over() -> bool:
        """Whether the start is done, has failed, or can be made again."""
        return container.state != CREATED or cri.attempt("StartContainer", {"container_id": container.id}).good

    assert looked(is_over, seconds=PROMPT)
    assert container.state in {RUNNING, EXITED}
    if container.state == RUNNING:
        container.until_printed(b'{"verb":"wait"')
        assert container.execute("/probe", "exit", "4").exit_code == 4
    container.stop(0)
    container.remove()
    again = pod.container(metadata=container.config["metadata"], command=WAITS)
    again.start()
    assert again.until(RUNNING)


def removals() -> pytest.MarkDecorator:
    """The calls that end something, given up at once and under way."""
    bugs = {"StopPodSandbox": "sandbox-stop", "RemovePodSandbox": "sandbox-removal", "RemoveContainer": "removal"}
    cases = []
    for method, bug in bugs.items():
        cases.append(pytest.param(method, 0.0, id=f"{method}-at-once"))
        proved = proved_by(f"cri-cancelled-{bug}-lost")
        cases.append(pytest.param(method, UNDER_WAY, id=f"{method}-under-way", marks=proved))
    return pytest.mark.parametrize(("method", "moment"), cases)


@musts("cri.cancelled", "cri.sandbox.stop.idempotent", "cri.sandbox.remove.idempotent")
@removals()
def test_what_was_to_end_can_be_ended_again(cri: CriScene, method: str, moment: float) -> None:
    """After a cancelled stop or removal the same call succeeds, and then it is done."""
    sandbox = cri.sandbox()
    container = sandbox.running()
    about_sandbox = method.endswith("Sandbox")
    fields = {"pod_sandbox_id": sandbox.id} if about_sandbox else {"container_id": container.id}
    if method == "RemovePodSandbox":
        sandbox.stop()
    give_up(cri, moment, method, **fields)
    cri.retried(method, PROMPT, **fields)
    if method == "StopPodSandbox":
        assert (sandbox.state, container.state) == (NOTREADY, EXITED)
    else:
        assert (sandbox if about_sandbox else container).id not in cri.listing()


@musts("cri.cancelled", "cri.image.pull")
@cancelled("cri-cancelled-pull-lost")
def test_a_cancelled_pull_can_be_made_again(cri: CriScene, pod: Sandbox, moment: float) -> None:
    """An image whose pull was cancelled can be pulled, is there once, and containers can be made from it."""
    reference = cri.unique("probe")
    give_up(cri, moment, "PullImage", image=spec(reference))
    cri.pull(reference)
    listed = [each for each in cri.call("ListImages").images if reference in each.repo_tags]
    assert len(listed) == 1
    assert pod.run(image=spec(reference)).pid == 1


@proved_by("cri-cancelled-create-leaks")
@musts("cri.cancelled", "cri.sandbox.ready", "cri.sandbox.remove")
@pytest.mark.parametrize("moment", [0.0, UNDER_WAY, 5 * UNDER_WAY], ids=["at-once", "under-way", "later"])
def test_a_cancelled_sandbox_leaves_nothing_that_can_not_be_removed(cri: CriScene, moment: float) -> None:
    """A sandbox whose call was cancelled is either not there or can be removed; its metadata can be used again."""
    config = cri.sandbox_config()
    give_up(cri, moment, "RunPodSandbox", config=config)
    for id in cri.listing():
        cri.keep(Sandbox(cri, id, config)).remove()
    cri.retried("RunPodSandbox", config=config)


@proved_by("cri-few-connections")
@musts("cri.connections.idle")
def test_clients_that_say_nothing_hold_up_nobody(cri: CriScene) -> None:
    """While many clients are connected that say nothing, or half a word, others are served as ever."""
    with ExitStack() as idle:
        for number in range(IDLE):
            connection = idle.enter_context(socket.socket(socket.AF_UNIX))
            connection.settimeout(PROMPT)
            connection.connect(socket_path(cri.server.address))
            connection.sendall(PREFACE[: number % len(PREFACE)])
        newcomer = Client(cri.server.address, PROMPT)
        idle.callback(newcomer.close)
        assert newcomer.call("Version", protocol.message("VersionRequest")).good
        container = cri.sandbox().running()
        assert container.execute("/probe", "exit", "4").exit_code == 4
        container.stop(10)


@proved_by("cri-restart-kills-containers")
@musts("cri.restart.containers", "cri.restart.sandboxes", "cri.restart.logs")
@pytest.mark.parametrize("end", ["kill", "stop"])
def test_what_ran_is_found_again_after_a_restart(cri: CriScene, end: str) -> None:
    """A server is killed or stopped with a container running, and finds it again, with its log, and can use it."""
    with spare(cri) as server:
        sandbox = server.cri.sandbox()
        container = sandbox.container(command=["/probe", "tag", "before", *WAITS[1:]])
        created = sandbox.container(command=WAITS)
        container.start()
        container.until_printed(b'{"verb":"wait"')
        before, printed = container.status(), container.printed()
        address = sandbox.ip
        getattr(server, end)()
        server.start()
        after = container.status()
        assert (container.state, created.state, sandbox.state) == (RUNNING, CREATED, READY)
        assert (after.started_at, after.created_at) == (before.started_at, before.created_at)
        assert after.metadata == before.metadata
        assert sandbox.ip == address
        assert container.printed() == printed
        assert container.execute("/probe", "exit", "4").exit_code == 4
        container.stop(10)
        assert container.status().exit_code == 7
        assert b'"TERM"' in container.printed().removeprefix(printed)


@proved_by("cri-exit-while-down-lost")
@musts("cri.restart.exit-code", "cri.restart.containers")
def test_an_end_while_the_server_was_down_is_told(cri: CriScene) -> None:
    """A program that ends while the server is down is told to have exited afterwards, with its exit code."""
    with spare(cri) as server:
        container = server.cri.sandbox().container(command=WAITS)
        container.start()
        container.until_printed(b'{"verb":"wait"')
        pid = pid_in(dict(container.answer(verbose=True).info))
        if not Path(f"/proc/{pid}/cmdline").exists():
            pytest.skip("not here: the server does not tell the pid of a program, which has to be ended")
        server.kill()
        os.kill(pid, signal.SIGTERM)
        container.until_printed(b'"TERM"')
        assert looked(lambda: _has_ended(pid), seconds=PROMPT)
        server.start()
        assert container.until(EXITED).exit_code == 7
        assert container.status().finished_at >= container.status().started_at


def _has_ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True
