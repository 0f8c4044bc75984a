"""Ports of the host that lead into a sandbox: a small process of its own listens on them and passes on.

PYTHON -I -S …/ports.py    a JSON document on standard input; one line on standard output once it listens
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BLOCK = 65536
_DATAGRAM_PATIENCE = 60.0


def wanted(config: Any) -> list[dict[str, Any]]:
    """The mappings of a PodSandboxConfig that want a port of the host, in the words of the CNI plugin portmap."""
    names = ("tcp", "udp", "sctp")
    return [
        {
            "hostPort": mapping.host_port,
            "containerPort": mapping.container_port,
            "protocol": names[mapping.protocol],
            **({"hostIP": mapping.host_ip} if mapping.host_ip else {}),
        }
        for mapping in config.port_mappings
        if mapping.host_port
    ]


def start(mappings: list[dict[str, Any]], address: str, folder: str) -> int:
    """Starts the process; its number.  Failed when a port is taken."""
    from reference_runtime.cri.errors import Failed  # noqa: PLC0415  # the process itself is started without a path

    argv = [os.path.realpath(sys.executable), "-I", "-S", os.path.abspath(__file__)]
    with open(os.path.join(folder, "ports.log"), "wb") as log:
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    with process.stdin as given, process.stdout as told:  # type: ignore[union-attr]
        given.write(json.dumps({"mappings": mappings, "address": address}).encode())
        given.close()
        answer = told.read().decode()
    if answer != "ready\n":
        process.wait()
        raise Failed(f"port mappings: {answer.strip() or 'the forwarder broke down'}")
    threading.Thread(target=process.wait, daemon=True).start()
    return process.pid


def stop(pid: int) -> None:
    """Ends the process, if it is still the one that was started."""
    if not pid:
        return
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            ours = os.path.abspath(__file__).encode() in file.read()
        if ours:
            os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Listens until it is ended."""
    document = json.load(sys.stdin)
    try:
        servers = [(_listen(mapping), mapping) for mapping in document["mappings"]]
    except OSError as problem:
        os.write(1, f"{problem}\n".encode())
        return
    for server, mapping in servers:
        serve = _serve_datagrams if mapping["protocol"] == "udp" else _serve
        target = (document["address"], mapping["containerPort"])
        threading.Thread(target=serve, args=(server, target), daemon=True).start()
    os.write(1, b"ready\n")
    os.close(1)
    signal.pause()


def _listen(mapping: dict[str, Any]) -> socket.socket:
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}.get(mapping["protocol"])
    if kind is None:
        raise OSError(f"{mapping['protocol']} is not passed on")
    address = mapping.get("hostIP") or "0.0.0.0"  # noqa: S104  # as kubelet means an empty address
    server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((address, mapping["hostPort"]))
    except OSError as problem:
        raise OSError(f"port {mapping['hostPort']} of {address}: {problem.strerror}") from None
    if kind == socket.SOCK_STREAM:
        server.listen(64)
    return server


def _serve(server: socket.socket, target: tuple[str, int]) -> None:
    while True:
        client, _ = server.accept()
        threading.Thread(target=_join, args=(client, target), daemon=True).start()


def _join(client: socket.socket, target: tuple[str, int]) -> None:
    with client:
        try:
            inside = socket.create_connection(target, timeout=10)
        except OSError:
            return
        inside.settimeout(None)
        with inside:
            back = threading.Thread(target=_pass_on, args=(inside, client), daemon=True)
            back.start()
            _pass_on(client, inside)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(_BLOCK):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for side in (source, target):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


def _serve_datagrams(server: socket.socket, target: tuple[str, int]) -> None:
    known: dict[Any, socket.socket] = {}
    while True:
        piece, client = server.recvfrom(_BLOCK)
        if client not in known:
            inside = known[client] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            inside.connect(target)
            inside.settimeout(_DATAGRAM_PATIENCE)
            threading.Thread(target=_answer, args=(server, client, known), daemon=True).start()
        with contextlib.suppress(OSError):
            known[client].send(piece)


def _answer(server: socket.socket, client: Any, known: dict[Any, socket.socket]) -> None:
    try:
        while True:
            server.sendto(known[client].recv(_BLOCK), client)
    except OSError:
        known.pop(client).close()


if __name__ == "__main__":
    main()
