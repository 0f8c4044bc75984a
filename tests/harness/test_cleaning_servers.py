"""A killed trial of a CRI server leaves nothing after ``seatrial clean``, which touches nothing of others."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.harness.cleaning import clean
from conformance.harness.cri.claim import Claim, abandoned
from conformance.harness.cri.client import Client
from conformance.harness.cri.node import Node, Settings
from conformance.harness.cri.reference import Reference
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.server import find
from conformance.harness.cri.supply import Harbour
from conformance.harness.cri.waiting import looked

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root"),
    pytest.mark.usefixtures("alone"),
]

#: Makes a server unless it is told the address of one, runs a container on it, tells what there is, and is killed.
CODE = """
import json, os, signal, sys
from conformance.harness.cri.client import Client
from conformance.harness.cri.node import Node, Settings
from conformance.harness.cri.reference import Reference
from conformance.harness.cri.residue import pid_in
from conformance.harness.cri.scene import CriScene
from conformance.harness.cri.server import find
from conformance.harness.cri.supply import Harbour
reference = None if sys.argv[1:] else Reference()
server = find(sys.argv[1] if sys.argv[1:] else reference.address)
harbour = Harbour("127.0.0.1:0")
node = Node(server, Settings(), harbour.supply(Client(server.address, 20), "", "--cri"))
scene = CriScene(node)
container = scene.sandbox().running()
told = {
    "run": node.run,
    "folders": [str(node.folder), str(harbour.folder), *([str(reference.folder)] if reference else [])],
    "pid": pid_in(dict(container.answer(verbose=True).info)),
    "server": server.pid,
    "sandbox": container.sandbox.id,
    "image": node.supply.reference("probe"),
}
print(json.dumps(told), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(*arguments: str) -> dict[str, Any]:
    """What a killed trial had."""
    done = subprocess.run([sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def has_bridge(told: dict[str, Any]) -> bool:
    """Whether the bridge is there of a reference server of its own."""
    mark = hashlib.sha256(f"{told['folders'][-1]}/state".encode()).hexdigest()[:8]
    return f"st-{mark}" in {name for _, name in socket.if_nameindex()}


@pytest.fixture
def living() -> Iterator[CriScene]:
    """A trial that goes on."""
    reference = Reference()
    harbour = Harbour("127.0.0.1:0")
    server = find(reference.address)
    node = Node(server, Settings(), harbour.supply(Client(server.address, 20), "", "--cri"))
    scene = CriScene(node)
    yield scene
    scene.settle()
    node.close()
    harbour.close()
    reference.close()


@pytest.mark.parametrize("server", ["alive", "killed"])
def test_a_server_that_nobody_tries_any_more_is_ended(server: str) -> None:
    told = killed()
    if server == "killed":
        os.kill(told["server"], signal.SIGKILL)
        assert looked(lambda: not Path(f"/proc/{told['server']}").exists())
    assert Path(f"/proc/{told['pid']}").exists() and has_bridge(told)
    assert list(Path("/sys/fs/cgroup").glob(f"*/{told['run']}"))
    done = clean()
    assert all(any(folder in line for line in done) for folder in told["folders"]), done
    assert not any(Path(folder).exists() for folder in told["folders"])
    assert looked(lambda: not Path(f"/proc/{told['pid']}").exists())
    assert looked(lambda: not Path(f"/proc/{told['server']}").exists())
    assert not has_bridge(told)
    assert not list(Path("/sys/fs/cgroup").glob(f"*/{told['run']}"))
    assert told["run"] not in " ".join(clean())


def test_sandboxes_and_images_are_taken_out_of_a_server_of_others(living: CriScene) -> None:
    mine = living.sandbox().running()
    told = killed(living.server.address)
    assert told["sandbox"] in [each.id for each in living.call("ListPodSandbox").items]
    assert living.has_image(told["image"])
    done = clean()
    assert any(told["sandbox"] in line for line in done)
    assert [each.id for each in living.call("ListPodSandbox").items] == [mine.sandbox.id]
    assert not living.has_image(told["image"])
    assert mine.execute("/probe", "exit", "4").exit_code == 4
    assert living.folder.is_dir()


def test_a_folder_is_claimed_as_long_as_its_process_lives() -> None:
    claim = Claim.new("seatrial-claimed-", run="x")
    assert list(abandoned("seatrial-claimed-")) == []
    twin = subprocess.run(
        [
            sys.executable,
            "-c",
            "from conformance.harness.cri.claim import Claim; Claim.new('seatrial-claimed-', run='y')",
        ],
        check=True,
    )
    assert twin.returncode == 0
    (left,) = abandoned("seatrial-claimed-")
    assert left.read() == {"run": "y"} and left.folder != claim.folder
    left.release()
    claim.release()
    assert not left.folder.exists() and not claim.folder.exists()


@pytest.mark.skipif(shutil.which("containerd") is None, reason="there is no containerd")
@pytest.mark.skipif(not Path("/usr/lib/cni/bridge").exists(), reason="there are no CNI plugins")
def test_the_surroundings_of_a_killed_containerd_are_removed(tmp_path: Path) -> None:
    started = tmp_path / "started"
    starter = [sys.executable, "-m", "conformance.harness.cri.containerd", "--"]
    command = ["sh", "-c", f"touch {started}; exec sleep 1000"]
    with subprocess.Popen([*starter, *command], stdout=subprocess.DEVNULL) as running:
        assert looked(started.exists, seconds=60)
        clean()
        groups = list(Path("/sys/fs/cgroup").glob(f"*/seatrial-containerd-{running.pid}"))
        assert groups and running.poll() is None
        running.kill()
    clean()
    assert not [group for group in groups if group.exists()]
