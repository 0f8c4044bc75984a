"""Handing the notification descriptor to an agent."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference_runtime.seccomp import listener

if TYPE_CHECKING:
    import pytest


def test_an_agent_may_leave_as_soon_as_it_has_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = threading.Event()
    heard: list[Any] = []
    hand_over = socket.send_fds

    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        message, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
        heard.append(json.loads(message))
        os.close(descriptors[0])
        connection.close()
        left.set()

    def send_fds(to: socket.socket, pieces: Iterable[bytes], descriptors: Iterable[int]) -> int:
        sent = hand_over(to, list(pieces), list(descriptors))
        assert left.wait(10)
        return sent

    monkeypatch.setattr(socket, "send_fds", send_fds)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/agent")
        server.listen()
        agent = threading.Thread(target=answer, args=(server,))
        agent.start()
        listener.send(f"{tmp_path}/agent", 0, {"ociVersion": "1.0.0", "pid": 7}, "sea")
        agent.join()
    assert heard[0]["fds"] == ["seccompFd"]
    assert heard[0]["metadata"] == "sea"
