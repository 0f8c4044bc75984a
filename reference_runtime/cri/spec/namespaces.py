"""Namespaces: of the pod, of the container, of the node, of another container."""

from __future__ import annotations

from typing import Any

from cri_api.v1 import api_pb2

from reference_runtime.cri.errors import Invalid


def of_sandbox(options: Any, netns: str, userns: str) -> list[dict[str, str]]:
    """The namespaces that the pause process holds."""
    if options.network not in {api_pb2.POD, api_pb2.NODE}:
        raise Invalid("namespace_options.network of a sandbox is POD or NODE")
    found = [{"type": "mount"}]
    if userns:
        found.append({"type": "user", "path": userns})
    if options.network == api_pb2.POD:
        found += [{"type": "network", "path": netns}, {"type": "uts"}]
    if options.ipc != api_pb2.NODE:
        found.append({"type": "ipc"})
    if options.pid != api_pb2.NODE:
        found.append({"type": "pid"})
    return found


def of_container(options: Any, sandbox: Any, target: int) -> list[dict[str, str]]:
    """The namespaces of a container; ``target`` is the process of the container that it wants to see, or 0."""
    pause = f"/proc/{sandbox.pid}/ns"
    of_pod = sandbox.namespaces
    found = [{"type": "mount"}]
    if sandbox.userns:
        found.append({"type": "user", "path": sandbox.userns})
    if of_pod.network == api_pb2.POD:
        found += [{"type": "network", "path": sandbox.netns}, {"type": "uts", "path": f"{pause}/uts"}]
    if of_pod.ipc != api_pb2.NODE:
        found.append({"type": "ipc", "path": f"{pause}/ipc"})
    if options.pid == api_pb2.POD and of_pod.pid != api_pb2.NODE:
        found.append({"type": "pid", "path": f"{pause}/pid"})
    elif options.pid == api_pb2.CONTAINER:
        found.append({"type": "pid"})
    elif options.pid == api_pb2.TARGET:
        found.append({"type": "pid", "path": f"/proc/{target}/ns/pid"})
    return found
