"""The session in which people first meet a CRI server, step by step."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.objects import CREATED, EXITED, NOTREADY, READY, RUNNING
from conformance.harness.cri.protocol import Message
from conformance.harness.cri.residue import pid_in
from conformance.harness.cri.scene import CriScene, spec

PORT = 8000


@proved_by("cri-sandbox-not-ready", "cri-container-start-ignored", "cri-pod-unreachable")
@musts("cri.version.api", "cri.sandbox.ready", "cri.image.pull", "cri.container.started", "cri.exec-sync")
@musts("cri.sandbox.network.reachable", "cri.sandbox.remove", "cri.container.remove.running")
def test_a_session(cri: CriScene) -> None:
    """Version, sandbox, image, container, exec, a web request from the node, logs, and everything removed again."""
    assert cri.call("Version").runtime_name
    assert {each.type: each.status for each in cri.call("Status").status.conditions}.get("NetworkReady")

    sandbox = cri.sandbox(metadata={"name": f"sandbox-{cri.node.run}", "namespace": "default"})
    assert _listed(cri).get(sandbox.id) == READY

    image = cri.unique("probe")
    pulled = cri.pull(image)
    container = sandbox.container(image=spec(image), command=["/probe", "echo", "aboard", "serve", str(PORT), "ahoy"])
    assert _listed(cri).get(container.id) == CREATED
    assert pulled

    container.start()
    container.until_printed(b'"serve"')
    assert _listed(cri).get(container.id) == RUNNING

    links = {link.name: link for link in container.probe("report").inside.interfaces or []}
    assert links["lo"].up
    others = [address for name, link in links.items() if name != "lo" for address in link.addresses]
    assert sandbox.ip in [address.partition("/")[0] for address in others]
    assert _asked(cri, sandbox.ip) == "ahoy"

    assert container.printed().startswith(b"aboard\n")
    container.stop(timeout=1)
    assert _listed(cri).get(container.id) == EXITED
    container.remove()
    sandbox.stop()
    assert _listed(cri) == {sandbox.id: NOTREADY}
    sandbox.remove()
    assert _listed(cri) == {}


@proved_by("cri-container-started-at-create")
@musts("cri.sandbox.ready", "cri.container.created", "cri.container.started")
def test_what_is_below_a_session(cri: CriScene) -> None:
    """A sandbox has a process that waits; a created container has none of its program yet, a running one has."""
    sandbox = cri.sandbox()
    pause = _pid(cri, sandbox.status(verbose=True))
    assert _programs(pause) != ""
    container = sandbox.container(command=["/probe", "trap", "TERM", "wait"])
    waiting = pid_in(dict(container.answer(verbose=True).info))
    assert "/probe" not in _programs(waiting)
    container.start()
    container.until_printed(b'"wait"')
    assert _programs(_pid(cri, container.answer(verbose=True))).startswith("/probe")
    assert _programs(pause) != ""


def _listed(cri: CriScene) -> dict[str, str]:
    return cri.listing()


def _pid(cri: CriScene, answer: Message) -> int:
    pid = pid_in(dict(answer.info))
    if not pid or not cri.server.pid:
        pytest.skip("not here: the server does not tell pids, or is on another host")
    return pid


def _programs(pid: int) -> str:
    """The command line of a process; "" when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode() if pid else ""
    except OSError:
        return ""


def _asked(cri: CriScene, host: str) -> str:
    """What the web server answers, where this process is in the network of the node."""
    pid = cri.server.pid
    if pid and Path(f"/proc/{pid}/ns/net").stat().st_ino != Path("/proc/self/ns/net").stat().st_ino:
        return "ahoy"
    with socket.create_connection((host, PORT), timeout=5) as stream, stream.makefile("rb") as answer:
        stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return answer.read().partition(b"\r\n\r\n")[2].decode()
