"""Exec, attach and port-forward: the HTTP server that the URLs of a CRI server lead to.

The CRI service makes one ``StreamingServer`` with a ``Backend`` of its own, and answers the calls Exec, Attach and
PortForward with what ``url_for_exec`` and its sisters return::

    streams = StreamingServer(backend)
    response = ExecResponse(url=streams.url_for_exec(request))

Spoken are WebSocket (v5.channel.k8s.io and older, SPDY/3.1+portforward.k8s.io) and SPDY/3.1.
"""

from reference_runtime.cri.streaming.backend import Backend, Process, StreamFailed
from reference_runtime.cri.streaming.bugs import BUGS
from reference_runtime.cri.streaming.server import StreamingServer

__all__ = ["BUGS", "Backend", "Process", "StreamFailed", "StreamingServer"]
