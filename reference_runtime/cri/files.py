"""The files that a sandbox gives to each of its containers: names, resolver, shared memory."""

from __future__ import annotations

import os
import socket
from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime import libc

_SHM = "mode=1777,size=65536k"
_FLAGS = 2 | 4 | 8  # nosuid, nodev, noexec
_NAMES = ("hostname", "hosts", "resolv.conf")


def write(folder: str, sandbox: Any) -> None:
    """Writes them, and mounts the shared memory."""
    name = sandbox.config.hostname or socket.gethostname()
    address = sandbox.addresses[0] if sandbox.addresses else "127.0.1.1"
    hosts = f"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{address}\t{name}\n"
    root = sandbox.mapped.root if sandbox.mapped else (0, 0)
    texts = (f"{name}\n", hosts, _resolv_conf(sandbox.config))
    for file, text in zip(_NAMES, texts, strict=True):
        with open(os.path.join(folder, file), "w", encoding="utf-8") as target:
            target.write(text)
        os.chown(os.path.join(folder, file), *root)
    if sandbox.namespaces.ipc != api_pb2.NODE:
        os.mkdir(os.path.join(folder, "shm"))
        libc.mount("shm", os.path.join(folder, "shm"), "tmpfs", _FLAGS, f"{_SHM},uid={root[0]},gid={root[1]}")


def places(folder: str, sandbox: Any) -> dict[str, str]:
    """Place in a container -> path on the host."""
    found = {f"/etc/{name}": os.path.join(folder, name) for name in _NAMES}
    return found | {"/dev/shm": shm(folder, sandbox)}  # noqa: S108  # a place in the container


def shm(folder: str, sandbox: Any) -> str:
    """The shared memory of a sandbox: its own, or the host's."""
    shared = sandbox.namespaces.ipc == api_pb2.NODE
    return "/dev/shm" if shared else os.path.join(folder, "shm")  # noqa: S108  # the host's own


def _resolv_conf(config: Any) -> str:
    """The file that names the servers of a sandbox, resolv.conf(5); without any, the host's own."""
    dns = config.dns_config
    if not (dns.servers or dns.searches or dns.options):
        try:
            with open("/etc/resolv.conf", encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""
    lines = [f"search {' '.join(dns.searches)}"] if dns.searches else []
    lines += [f"nameserver {server}" for server in dns.servers]
    lines += [f"options {' '.join(dns.options)}"] if dns.options else []
    return "\n".join(lines) + "\n"
