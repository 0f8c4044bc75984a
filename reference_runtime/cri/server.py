"""The server: listens on a socket until it is told to end."""

from __future__ import annotations

import os
import resource
import signal
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

from reference_runtime import libc
from reference_runtime.cri import abandoned, faults
from reference_runtime.cri.errors import Unusable
from reference_runtime.cri.handlers import handlers
from reference_runtime.cri.parts import Parts
from reference_runtime.cri.runtime_service import RuntimeService
from reference_runtime.cri.settings import Settings
from reference_runtime.cri.stats_service import StatsService
from reference_runtime.cri.streams_service import StreamsService

#: Each stream of events has a thread while it is listened to.
_MOST_CALLS = 256
_MOST_REQUEST = 16 << 20
_OPTIONS = (
    ("grpc.max_receive_message_length", _MOST_REQUEST),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),
)
#: Calls that are being answered at the end get so many seconds.
_GRACE = 2.0
#: What a fault leaves of files and connections.
_FEW_FILES = 64


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT.  Unusable when it can not begin."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if faults.has("cri-few-connections"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (_FEW_FILES, _FEW_FILES))
    _free(settings.socket)
    libc.adopt_orphans()
    if settings.ephemeral and not faults.active:
        abandoned.remove()
    parts = Parts(settings)
    abandoned.note(settings)
    server = grpc.server(ThreadPoolExecutor(_MOST_CALLS), options=_OPTIONS)
    streams = StreamsService(parts)
    runtime = (RuntimeService(parts), StatsService(parts), streams)
    services = {"RuntimeService": runtime, "ImageService": (parts.images_service,)}
    server.add_generic_rpc_handlers(handlers(services))
    try:
        server.add_insecure_port(f"unix:{settings.socket}")
    except RuntimeError:
        raise Unusable(f"--listen unix://{settings.socket}: can not listen there") from None
    server.start()
    print(f"listening on unix://{settings.socket}", flush=True)
    ended.wait()
    server.stop(_GRACE).wait()
    streams.close()
    if os.path.exists(settings.socket):
        os.unlink(settings.socket)
    if settings.ephemeral:
        parts.remove_everything()


def _free(path: str) -> None:
    """Removes the socket that an earlier server left.  Unusable when something else is there, or somebody listens."""
    folder = os.path.dirname(path)
    if len(os.fsencode(path)) > 107:
        raise Unusable(f"--listen unix://{path}: the path of a socket has at most 107 bytes")
    try:
        os.makedirs(folder, exist_ok=True)
        if not os.path.lexists(path):
            return
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise Unusable(f"--listen unix://{path}: there is a file that is no socket")
    except OSError as problem:
        raise Unusable(f"--listen unix://{path}: {problem.strerror}: {folder}") from None
    if _is_served(path):
        raise Unusable(f"--listen unix://{path}: another server listens there")
    os.unlink(path)


def _is_served(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0
