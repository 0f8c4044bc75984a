"""Two probes meet where their namespaces are one, and nowhere else."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from conformance.probe.report import binary

if TYPE_CHECKING:
    from tests.probe.conftest import Probe

NAME = f"seatrial-{os.getpid()}"
OTHER_IPC, OTHER_NET = ("unshare", "--ipc"), ("unshare", "--net")


@pytest.mark.parametrize(("make", "find", "name"), [("shm", "shmfind", "5150"), ("mq", "mqfind", "x")])
def test_objects_of_an_ipc_namespace_are_found_in_it(probe: Probe, make: str, find: str, name: str) -> None:
    said = probe(make, name, find, name, "unshare", "ipc", find, name, before=OTHER_IPC)
    assert said.action(find).errno is None
    assert said.action(find, 1).errno == "ENOENT"


def test_an_abstract_socket_is_found_in_its_network(probe: Probe) -> None:
    with probe.start("abstract", NAME, "wait") as server:
        assert server.stdout is not None
        server.stdout.readline()
        assert probe("connect", NAME).action("connect").errno is None
        assert probe("connect", NAME, before=OTHER_NET).action("connect").errno == "ECONNREFUSED"


def test_a_port_is_found_in_its_network(probe: Probe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert probe("tcp", port).action("tcp").errno is None
        assert probe("tcp", port, before=OTHER_NET).action("tcp").errno == "ENETUNREACH"
        assert probe("listen", port).action("listen").errno == "EADDRINUSE"
    assert probe("tcp", port).action("tcp").errno == "ECONNREFUSED"


def test_a_port_is_listened_on(probe: Probe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    assert [action.errno for action in probe("listen", port, "tcp", port).actions] == [None, None]


def test_a_server_answers_by_http_and_udp(probe: Probe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    serving = subprocess.Popen([binary(), "serve", str(port), "ahoy"], stdout=subprocess.PIPE)
    assert serving.stdout is not None
    try:
        assert b'"errno":null' in serving.stdout.readline()
        assert probe("serve", str(port), "x").action("serve").errno == "EADDRINUSE"
        with socket.create_connection(("127.0.0.1", port), timeout=5) as stream, stream.makefile("rb") as answer:
            stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert answer.read().endswith(b"\r\n\r\nahoy")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.settimeout(5)
            datagrams.sendto(b"x", ("127.0.0.1", port))
            assert datagrams.recv(100) == b"ahoy"
    finally:
        serving.kill()
        serving.communicate()
