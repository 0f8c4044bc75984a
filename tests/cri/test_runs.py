"""Whole runs: wrong use, the included server, and a containerd of their own where there is one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RunPytest = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parent.parent.parent
#: One of so many proofs is made here; all of them take a quarter of an hour.
SAMPLE = 16
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a trial needs root")


@needs_root
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--cri=/nonexistent.sock",), "there is no such socket"),
        (("--cri=unix:///etc/passwd",), "it is not a socket"),
        (("--cri=tcp://127.0.0.1:1",), "only Unix sockets can be tried"),
        (("--cri=reference", "--cri-timeout=soon"), "a number of seconds"),
        (("--cri=reference", "--cri-registry=nowhere"), "HOST:PORT"),
        (("--cri=reference", "--cri-sandbox-config=/nonexistent"), "No such file"),
    ],
)
def test_wrong_use_is_one_line(run_pytest: RunPytest, arguments: tuple[str, ...], expected: str) -> None:
    done = run_pytest("conformance/cri", *arguments)
    lines = [line for line in done.stderr.splitlines() if line]
    assert done.returncode == 4
    assert len(lines) == 1 and lines[0].startswith("ERROR: ") and expected in lines[0], done.stderr


@needs_root
def test_a_socket_that_nobody_serves_is_told(run_pytest: RunPytest, tmp_path: Path) -> None:
    path = str(tmp_path / "dead.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    done = run_pytest("conformance/cri", f"--cri={path}")
    assert done.returncode == 4
    assert "nobody listens on it" in done.stderr


@needs_root
def test_only_servers_are_tried_when_only_servers_are_asked_for(run_pytest: RunPytest) -> None:
    done = run_pytest("conformance", "--cri=reference", "-q", "-k", "version", "-n", "0")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "seatrial-cri" in done.stdout
    assert "seatrial-runtime" not in done.stdout


@needs_root
def test_faults_of_the_server_are_noticed(run_pytest: RunPytest) -> None:
    proofs = ("--cri=reference", "--prove", "-q")
    found = run_pytest("conformance/cri", *proofs, "--co")
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-3000:]
    assert "no fault named" not in found.stdout
    names = [line for line in found.stdout.splitlines() if "::" in line]
    assert len(names) > 500
    done = run_pytest(*names[::SAMPLE], *proofs, "-n", "2")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@needs_root
@pytest.mark.skipif(shutil.which("containerd") is None, reason="there is no containerd")
@pytest.mark.skipif(not Path("/usr/lib/cni/bridge").exists(), reason="there are no CNI plugins")
def test_nothing_of_containerd_is_left() -> None:
    starter = [sys.executable, "-m", "conformance.harness.cri.containerd", "--"]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "conformance/cri/test_walkthrough.py"]
    with subprocess.Popen([*starter, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        told, _ = running.communicate()
    assert running.returncode == 0, told[-3000:]
    assert list(Path("/sys/fs/cgroup").rglob(f"seatrial-containerd-{running.pid}")) == []
    assert "seatrial0" not in {name for _, name in socket.if_nameindex()}
    assert "seatrial-containerd" not in Path("/proc/self/mountinfo").read_text()


@needs_root
def test_a_program_that_is_not_there_is_told() -> None:
    starter = [sys.executable, "-m", "conformance.harness.cri.containerd", "--containerd", "/nonexistent", "--", "true"]
    done = subprocess.run(starter, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "containerd: there is no program /nonexistent\n")
