"""The command line: each mistake is one line, and everything that is asked for by name is there."""

from __future__ import annotations

import fcntl
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reference_runtime.cri.bugs import BUGS
from reference_runtime.cri.pause import build
from tests.cri_server.conftest import Server


class Temporary(Server):
    """A server that chooses its folders."""

    @property
    def places(self) -> list[str]:
        return []


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "reference_runtime.cri", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen=tcp://127.0.0.1:1"], "has to be unix:///PATH"),
        (["--listen=unix:///dev/null"], "no socket"),
        (["--listen=unix:///dev/null/sock"], "--listen"),
        ([f"--listen=unix:///{'a' * 120}"], "at most 107 bytes"),
        (["--runtime=/none"], "no such program"),
        (["--bug=none"], "see --bugs"),
        (["--cni-conf-dir=/none"], "no such folder"),
        (["--mirror=none"], "no URL"),
    ],
    ids=["scheme", "file", "folder", "length", "runtime", "bug", "cni", "mirror"],
)
def test_a_mistake_is_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    own = [f"--root={tmp_path}/root", f"--state={tmp_path}/state", f"--listen=unix://{tmp_path}/s"]
    done = start(*own, *arguments)
    assert (done.returncode, done.stderr.count("\n"), words in done.stderr) == (2, 1, True), done.stderr


def test_two_servers_have_two_sockets(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(f"{tmp_path}/s")
        other.listen()
        done = start(f"--listen=unix://{tmp_path}/s", f"--root={tmp_path}/root", f"--state={tmp_path}/state")
    assert (done.returncode, "another server" in done.stderr) == (2, True)


def test_two_servers_have_two_folders(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with (tmp_path / "state/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = start(f"--listen=unix://{tmp_path}/s", f"--root={tmp_path}/root", f"--state={tmp_path}/state")
    assert (done.returncode, "another server uses it" in done.stderr) == (2, True)


def test_faults_have_names_of_their_own() -> None:
    listed = [line.split()[0] for line in start("--bugs").stdout.splitlines()]
    assert listed == sorted(BUGS)
    assert all(name.startswith("cri-") and bug.name == name and bug.summary for name, bug in BUGS.items())


@pytest.mark.parametrize("machine", build.MACHINES)
def test_the_pause_program_is_what_its_source_makes(tmp_path: Path, machine: str) -> None:
    fresh = tmp_path / "pause"
    build.build(machine, str(fresh))
    assert fresh.read_bytes() == Path(build.program(machine)).read_bytes()


def test_what_a_killed_server_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    left = Temporary(tmp_path, ("--ephemeral",)).start()
    left.sandbox()
    (folder,) = tmp_path.glob("seatrial-cri-*")
    pause = next(json.loads(path.read_text())["pid"] for path in folder.glob("root/sandboxes/*/record.json"))
    left.end(signal.SIGKILL)
    assert Path(f"/proc/{pause}").exists()
    next_one = Temporary(tmp_path, ("--ephemeral",)).start()
    assert not folder.exists()
    assert not Path(f"/proc/{pause}").exists()
    (own,) = tmp_path.glob("seatrial-cri-*")
    another = start("--ephemeral", f"--listen=unix://{tmp_path}/s")
    assert "another server listens" in another.stderr
    assert own.exists()
    assert next_one.end() == 0
    assert list(tmp_path.glob("seatrial-cri-*")) == []
