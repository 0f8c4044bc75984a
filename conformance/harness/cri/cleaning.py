"""What killed trials of CRI servers have left: servers that the suite started, sandboxes, images, cgroups, folders."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.harness.cri.claim import abandoned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.harness.cri.claim import Claim
    from conformance.harness.cri.client import Client

NODE, REFERENCE, REGISTRY = "seatrial-cri-", "seatrial-reference-", "seatrial-registry-"
CGROUPS = Path("/sys/fs/cgroup")
#: How long a server may take to end, and to answer one call, in seconds.
PATIENCE = 20.0


def clean() -> list[str]:
    """Remove what nobody uses any more, and only that; returns what was removed."""
    done: list[str] = []
    for prefix, end in ((REFERENCE, _end_server), (NODE, _end_run), (REGISTRY, _end_registry)):
        for claim in abandoned(prefix):
            done += end(claim)
            claim.release()
            done.append(f"folder {claim.folder}")
    return done


def _end_server(claim: Claim) -> Iterator[str]:
    """End a reference server, and start it once more, so that it removes what it had when it is stopped."""
    from conformance.harness.cri.reference import Reference  # noqa: PLC0415  # only when there is one to end

    if pid := _listening(f"unix://{claim.folder}/cri.sock"):
        _end(pid)
        yield f"process {pid}, a reference server"
    if (claim.folder / "root").exists():
        Reference(heritage=claim).stop()
        yield "what a reference server had"


def _end_run(claim: Claim) -> Iterator[str]:
    """Remove the sandboxes of a run from the server that it tried, and their cgroups."""
    from conformance.harness.cri import protocol  # noqa: PLC0415  # grpc is slow to load
    from conformance.harness.cri.configs import RUN_LABEL  # noqa: PLC0415

    note = claim.read()
    run, address = str(note.get("run", "")), str(note.get("address", ""))
    for client in _connected(address) if run else ():
        wanted = {"filter": {"label_selector": {RUN_LABEL: run}}}
        listed = client.call("ListPodSandbox", protocol.message("ListPodSandboxRequest", wanted))
        for sandbox in listed.message.items if listed.good else ():
            for method in ("StopPodSandbox", "RemovePodSandbox"):
                client.call(method, protocol.message(f"{method}Request", {"pod_sandbox_id": sandbox.id}))
            yield f"sandbox {sandbox.id} of {address}"
    yield from _remove_cgroups(run)


def _end_registry(claim: Claim) -> Iterator[str]:
    """Remove the images that servers have from the registry of a run."""
    from conformance.harness.cri.supply import remove_images  # noqa: PLC0415

    note = claim.read()
    for address in note.get("servers", ()):
        for client in _connected(str(address)):
            yield from (f"image {name} of {address}" for name in remove_images(client, list(note["registries"])))


def _connected(address: str) -> Iterator[Client]:
    """A connection to a server, if it is still there."""
    if not _listening(address):
        return
    from conformance.harness.cri.client import Client  # noqa: PLC0415

    client = Client(address, PATIENCE)
    try:
        yield client
    finally:
        client.close()


def _listening(address: str) -> int:
    """The process that listens on a socket; 0 when nobody does."""
    from conformance.harness.cri.server import listener  # noqa: PLC0415
    from conformance.harness.errors import WrongUse  # noqa: PLC0415

    try:
        return listener(address.removeprefix("unix://"), address)
    except WrongUse:
        return 0


def _end(pid: int) -> None:
    """End a process, gently first, and wait until it is gone."""
    with suppress(ProcessLookupError):
        ending = os.pidfd_open(pid)
        try:
            for number in (signal.SIGTERM, signal.SIGKILL):
                signal.pidfd_send_signal(ending, number)
                if select.select([ending], [], [], PATIENCE)[0]:
                    return
        finally:
            os.close(ending)


def _remove_cgroups(name: str) -> Iterator[str]:
    """Remove the cgroup of a run, as far as nothing is in it."""
    for root in [CGROUPS, *(path for path in CGROUPS.iterdir() if path.is_dir() and not path.is_symlink())]:
        if name and (root / name).is_dir():
            for path, _, _ in os.walk(root / name, topdown=False):
                with suppress(OSError):
                    Path(path).rmdir()
            if not (root / name).exists():
                yield f"cgroup {root / name}"
