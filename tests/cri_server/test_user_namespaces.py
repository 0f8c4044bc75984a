"""Pods with a user namespace of their own: whom files belong to, inside and on the host."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cri_api.v1 import api_pb2

from reference_runtime.cri import rootfs
from reference_runtime.cri.spec.mappings import Mappings, Range
from tests.cri_server.conftest import Server, pull, refused
from tests.cri_server.registry import Registry, layer

FIRST, LENGTH = 300000, 65536


def options(*mappings: tuple[int, int, int], mode: int = api_pb2.POD, **others: Any) -> api_pb2.NamespaceOption:
    """The wish for a user namespace with mappings: the first id inside, the first on the host, how many."""
    ids = [api_pb2.IDMapping(container_id=inside, host_id=host, length=length) for inside, host, length in mappings]
    userns = api_pb2.UserNamespace(mode=mode, uids=ids, gids=ids)  # type: ignore[arg-type]
    return api_pb2.NamespaceOption(userns_options=userns, **others)


def linux_of_pod(wanted: api_pb2.NamespaceOption) -> api_pb2.LinuxPodSandboxConfig:
    return api_pb2.LinuxPodSandboxConfig(security_context=api_pb2.LinuxSandboxSecurityContext(namespace_options=wanted))


@pytest.fixture
def mapped_pod(server: Server) -> Iterator[str]:
    sandbox = server.sandbox(linux=linux_of_pod(options((0, FIRST, LENGTH))))
    yield sandbox
    server.remove(sandbox)


def told(server: Server, container: str) -> list[dict[str, Any]]:
    """What the verbs of a probe have told, line by line."""
    server.ended(container)
    return [json.loads(line.split(b" ", 3)[3]) for line in server.log(container).splitlines()]


def test_files_belong_to_those_inside(server: Server, mapped_pod: str, registry: Registry) -> None:
    files: dict[str, bytes | str | None] = {"data": None, "data/file": b"x"}
    registry.image("volumes:1", [layer(files)])
    pull(server, f"{registry.address}/volumes:1")
    volume = api_pb2.Mount(
        container_path="/volume", readonly=True, image=api_pb2.ImageSpec(image=f"{registry.address}/volumes:1")
    )
    seen = ["/bin/probe", "/made", "/etc/hosts", "/dev/shm", "/volume/data/file", "/proc/self"]  # noqa: S108
    verbs = [word for path in seen for word in ("stat", path)]
    image = f"{registry.address}/probe:1"
    container = server.run(mapped_pod, image, "write", "/new", "x", *verbs, working_dir="/made/here", mounts=[volume])
    found = told(server, container)
    assert found[0]["errno"] is None
    assert [(each["uid"], each["gid"]) for each in found[1:]] == [(0, 0)] * len(seen)
    # An overlay keeps what is new below the server's root.
    new = server.folder / "root/containers" / container / "upper/new"
    assert (new.stat().st_uid, new.stat().st_gid) == (FIRST, FIRST)


def test_the_network_is_its_own(server: Server, mapped_pod: str, probe: str) -> None:
    container = server.run(mapped_pod, probe, "report")
    report = told(server, container)[0]["report"]
    assert report["uid_map"] == report["gid_map"] == [[0, FIRST, LENGTH]]
    assert "eth0" in json.dumps(report)


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(options((0, FIRST, 10), (10, 900000, 10)), id="two-ranges"),
        pytest.param(options((1, FIRST, LENGTH)), id="no-root"),
        pytest.param(options((0, FIRST, 0)), id="nothing"),
        pytest.param(options((0, 2**32 - 2, 100)), id="beyond-the-last-id"),
        pytest.param(options(mode=api_pb2.CONTAINER), id="a-mode-that-is-none"),
        pytest.param(options((0, FIRST, LENGTH), mode=api_pb2.NODE), id="mappings-of-the-node"),
        pytest.param(options((0, FIRST, LENGTH), pid=api_pb2.NODE), id="processes-of-the-node"),
    ],
)
def test_what_makes_no_sense_is_refused(server: Server, wanted: api_pb2.NamespaceOption) -> None:
    with refused("INVALID_ARGUMENT"):
        server.sandbox(linux=linux_of_pod(wanted))
    assert list((server.folder / "state").glob("userns/*")) == []


def test_a_container_has_the_pods_or_none(server: Server, pod: str, mapped_pod: str, probe: str) -> None:
    other = options((0, FIRST + 1, LENGTH))
    context = api_pb2.LinuxContainerSecurityContext(namespace_options=other)
    for sandbox in (pod, mapped_pod):
        with refused("INVALID_ARGUMENT"):
            server.create(sandbox, probe, linux=api_pb2.LinuxContainerConfig(security_context=context))


def test_copies_are_given_to_those_inside(tmp_path: Path) -> None:
    program = tmp_path / "folder/program"
    program.parent.mkdir()
    program.write_text("x")
    program.chmod(0o4755)
    os.link(program, tmp_path / "twin")
    (tmp_path / "link").symlink_to("nowhere")
    os.chown(tmp_path / "link", 70000, 5, follow_symlinks=False)
    rootfs.give(str(tmp_path), Mappings(Range(1000, 65536), Range(2000, 65536)))
    assert [(path.lstat().st_uid, path.lstat().st_gid) for path in (tmp_path, program.parent, program)] == [
        (1000, 2000)
    ] * 3
    assert program.stat().st_mode & 0o7777 == 0o4755
    link = (tmp_path / "link").lstat()
    assert (link.st_uid, link.st_gid) == (65534, 2005)
