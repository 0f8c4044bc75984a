"""What happens to servers and their clients: calls are given up, servers killed and started again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.harness.cri import protocol
from conformance.harness.cri.objects import CREATED, EXITED, READY, RUNNING, Container, Sandbox
from conformance.harness.cri.residue import pid_in
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.spare import spare
from conformance.harness.cri.waiting import looked

#: A call that is given up when it is under way is so old, in seconds.
UNDER_WAY = 0.03
#: How long a simple call may take meanwhile, in seconds.
PROMPT = 10.0
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


@proved_by("cri-restart-kills-containers")
@musts("cri.restart.containers", "cri.restart.sandboxes", "cri.restart.logs")
def test_what_ran_is_found_again_after_a_restart(cri: CriScene) -> None:
    """A server is killed with a container running: it is found again, with its log, can be used and stopped."""
    with spare(cri) as server:
        sandbox = server.cri.sandbox()
        container = sandbox.container(command=["/probe", "tag", "before", *WAITS[1:]])
        created = sandbox.container(command=WAITS)
        container.start()
        container.until_printed(b'{"verb":"wait"')
        before, printed = container.status(), container.printed()
        address = sandbox.ip
        server.kill()
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
