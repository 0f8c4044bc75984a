"""Clients of the streams of a CRI server: exec, attach and port-forward over WebSocket and SPDY/3.1."""

from conformance.harness.cri.streaming.forward import Forwarded, Tunnel, port_forward
from conformance.harness.cri.streaming.remote import NotStarted, Remote, attach
from conformance.harness.cri.streaming.upgrade import StreamRefused

__all__ = ["Forwarded", "NotStarted", "Remote", "StreamRefused", "Tunnel", "attach", "port_forward"]
