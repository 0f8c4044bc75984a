"""Mounts and devices of containers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.configs import Document
from conformance.harness.cri.found import first
from conformance.harness.cri.objects import Sandbox
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.scene import CriScene, spec
from conformance.harness.guardian import MS_BIND, mount
from strategies.edits import do, read, write

MS_SHARED = 1 << 20


@pytest.fixture
def folder(cri: CriScene) -> Path:
    """A folder of the host with a file in it."""
    made = cri.folder / "volume"
    made.mkdir()
    (made / "file").write_text("cargo")
    return made


@pytest.fixture
def shared(cri: CriScene, folder: Path) -> Iterator[Path]:
    """A folder of the host that is a shared mount, as folders of volumes are."""
    if cri.server.pid and not _same_mounts(cri.server.pid):
        pytest.skip("not here: the server is in another mount namespace")
    mount(str(folder), str(folder), None, MS_BIND)
    mount("none", str(folder), None, MS_SHARED)
    (folder / "below").mkdir()
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-R", "-l", folder], check=True)


def _same_mounts(pid: int) -> bool:
    return Path(f"/proc/{pid}/ns/mnt").stat().st_ino == Path("/proc/self/ns/mnt").stat().st_ino


def volume(path: Path, **more: object) -> list[Document]:
    """A mount of a host's path at /mnt."""
    return [{"container_path": "/mnt", "host_path": str(path), **more}]


@proved_by("cri-mounts-dropped")
@musts("cri.container.mounts")
def test_a_mount_shows_the_hosts_folder(pod: Sandbox, folder: Path) -> None:
    """What is in the folder of the host is in the container, and what the program writes there is on the host."""
    inside = pod.run(read("/mnt/file"), write("/mnt/new", "tea"), mounts=volume(folder))
    assert inside.action("read").content == "cargo"
    assert (folder / "new").read_text() == "tea"


@proved_by("cri-mounts-dropped")
@musts("cri.container.mounts")
def test_a_single_file_can_be_mounted(pod: Sandbox, folder: Path) -> None:
    """A file of the host can be mounted at a path that the image lacks."""
    mounts = [{"container_path": "/etc/a/b.conf", "host_path": str(folder / "file")}]
    assert pod.run(read("/etc/a/b.conf"), mounts=mounts).action("read").content == "cargo"


@proved_by("cri-mounts-unordered")
@musts("cri.container.mounts")
def test_mounts_may_lie_in_each_other(cri: CriScene, pod: Sandbox, folder: Path) -> None:
    """A mount below another one is seen there, in whatever order they are given."""
    inner = cri.folder / "inner"
    inner.mkdir()
    (inner / "file").write_text("inner")
    outer = {"container_path": "/mnt", "host_path": str(folder)}
    (folder / "deep").mkdir()
    deeper = {"container_path": "/mnt/deep", "host_path": str(inner)}
    for mounts in ([outer, deeper], [deeper, outer]):
        assert pod.run(read("/mnt/deep/file"), mounts=mounts).action("read").content == "inner"


@proved_by("cri-mounts-absent-accepted")
@musts("cri.container.mounts.absent")
def test_a_mount_of_a_path_that_is_not_there_is_refused(cri: CriScene, pod: Sandbox) -> None:
    """A mount of a path that the host has not is an error, at the latest when the container is started."""
    with refused(cri):
        container = pod.container(mounts=volume(cri.folder / "absent"))
        try:
            container.start()
        finally:
            container.remove()


@proved_by("cri-mounts-symlink-kept")
@musts("cri.container.mounts.symlink")
def test_a_symbolic_link_is_followed(cri: CriScene, pod: Sandbox, folder: Path) -> None:
    """A mount of a symbolic link shows what it leads to."""
    link = cri.folder / "link"
    link.symlink_to(folder)
    assert pod.run(read("/mnt/file"), mounts=volume(link)).action("read").content == "cargo"


@proved_by("cri-mounts-readonly-ignored")
@musts("cri.container.mounts.readonly")
def test_a_mount_can_be_read_only(pod: Sandbox, folder: Path) -> None:
    """A read-only mount can not be written, another one can."""
    assert pod.run(write("/mnt/a", "x"), mounts=volume(folder)).action("write").errno is None
    inside = pod.run(write("/mnt/b", "x"), mounts=volume(folder, readonly=True))
    assert inside.action("write").errno == "EROFS"


@proved_by("cri-status-mounts-lost")
@musts("cri.container.status.mounts")
def test_the_status_has_the_mounts(pod: Sandbox, folder: Path) -> None:
    """The status of a container has its mounts with their settings."""
    container = pod.container(mounts=volume(folder, readonly=True))
    found = [(each.container_path, each.host_path, each.readonly) for each in container.status().mounts]
    assert ("/mnt", str(folder), True) in found


@proved_by("cri-propagation-private-ignored")
@musts("cri.container.mounts.propagation.private")
def test_a_private_mount_stays_as_it_is(pod: Sandbox, shared: Path) -> None:
    """What the host mounts later does not show in the container, with propagation private."""
    container = pod.running(mounts=volume(shared, propagation="PROPAGATION_PRIVATE"))
    _mount_tmpfs(shared / "below")
    assert container.probe("access", "/mnt/below/new", "").action("access").errno == "ENOENT"


@proved_by("cri-propagation-slave-ignored")
@musts("cri.container.mounts.propagation.slave")
def test_mounts_of_the_host_can_show_in_the_container(pod: Sandbox, shared: Path) -> None:
    """What the host mounts later shows in the container, with propagation from host to container."""
    container = pod.running(mounts=volume(shared, propagation="PROPAGATION_HOST_TO_CONTAINER"))
    _mount_tmpfs(shared / "below")
    assert container.probe("access", "/mnt/below/new", "").action("access").errno is None


@proved_by("cri-propagation-shared-ignored")
@musts("cri.container.mounts.propagation.shared")
def test_mounts_of_the_container_can_show_on_the_host(cri: CriScene, shared: Path) -> None:
    """What a container mounts shows on the host with bidirectional propagation, and not without it."""
    privileged: Document = {"security_context": {"privileged": True}}
    sandbox = cri.sandbox(linux=privileged)
    make = (do("mount", "none", "/mnt/below", "tmpfs", 0, "size=64k"), write("/mnt/below/new", "x"))
    for mode, shows in (("PROPAGATION_HOST_TO_CONTAINER", False), ("PROPAGATION_BIDIRECTIONAL", True)):
        inside = sandbox.running(*make, mounts=volume(shared, propagation=mode), linux=privileged)
        assert b'"errno":null' in inside.printed()
        assert (shared / "below/new").exists() is shows


@proved_by("cri-mounts-recursive-read-only-ignored")
@musts("cri.container.mounts.recursive-read-only")
def test_a_read_only_mount_can_be_recursive(cri: CriScene, pod: Sandbox, shared: Path) -> None:
    """A recursive read-only mount is read-only below, too; one that is not recursive need not be."""
    _needs_recursive(cri)
    _mount_tmpfs(shared / "below")
    mounts = volume(shared, readonly=True, recursive_read_only=True)
    inside = pod.run(write("/mnt/below/x", "x"), mounts=mounts)
    assert inside.action("write").errno == "EROFS"
    assert pod.run(write("/mnt/below/x", "x"), mounts=volume(shared)).action("write").errno is None


@proved_by("cri-mounts-recursive-read-only-unchecked")
@musts("cri.container.mounts.recursive-read-only.readonly")
def test_recursive_read_only_wants_read_only_and_private(cri: CriScene, pod: Sandbox, folder: Path) -> None:
    """Recursive read-only is refused for a mount that is writable, and for one with propagation."""
    _needs_recursive(cri)
    for more in ({}, {"readonly": True, "propagation": "PROPAGATION_HOST_TO_CONTAINER"}):
        with refused(cri):
            pod.container(mounts=volume(folder, recursive_read_only=True, **more))


@proved_by("cri-image-mount-ignored", "cri-image-mount-writable")
@musts("cri.container.mounts.image")
def test_an_image_can_be_mounted(cri: CriScene, pod: Sandbox) -> None:
    """A mount of an image shows its files, and they can not be written."""
    _needs_image_mounts(cri)
    mounts = [{"container_path": "/mnt", "image": spec(cri.image("layers")), "readonly": True}]
    inside = pod.run(read("/mnt/kept"), write("/mnt/kept", "x"), mounts=mounts)
    assert inside.action("read").content == "2"
    assert inside.action("write").errno == "EROFS"


@proved_by("cri-image-sub-path-ignored")
@musts("cri.container.mounts.image-sub-path")
def test_a_folder_of_an_image_can_be_mounted(cri: CriScene, pod: Sandbox) -> None:
    """A mount of a path in an image shows that path; one that the image has not is an error."""
    _needs_image_mounts(cri)
    image = {"container_path": "/mnt", "image": spec(cri.image("layers")), "readonly": True}
    assert pod.run(read("/mnt/c"), mounts=[image | {"image_sub_path": "hold"}]).action("read").content == "2"
    with refused(cri):
        container = pod.container(mounts=[image | {"image_sub_path": "not/there"}])
        try:
            container.start()
        finally:
            container.remove()


@proved_by("cri-mount-options-ignored")
@musts("cri.container.mounts.options")
def test_a_mount_can_have_options(cri: CriScene, pod: Sandbox, folder: Path) -> None:
    """Options of a mount, such as noexec, are applied."""
    if not cri.call("Status").features.mount_options:
        pytest.skip("unsupported: Status does not say that mounts have options")
    inside = pod.run(mounts=volume(folder, mount_options=["noexec", "nodev"]))
    options = first((each.options for each in inside.mounts or [] if each.point == "/mnt"), "mount at /mnt")
    assert {"noexec", "nodev"} <= set(options)


@proved_by("cri-devices-dropped")
@musts("cri.container.devices")
def test_a_device_of_the_host_can_be_given(pod: Sandbox) -> None:
    """A device of the host is at its path in the container, and can be used there."""
    devices = [{"container_path": "/dev/cargo", "host_path": "/dev/zero", "permissions": "rwm"}]
    inside = pod.run(do("stat", "/dev/cargo"), do("head", "/dev/cargo", 3), devices=devices)
    node = inside.action("stat")
    assert (node.type, node.major, node.minor) == ("c", 1, 5)
    assert inside.action("head").content == "\0\0\0"


@proved_by("cri-device-permissions-ignored")
@musts("cri.container.devices.permissions")
def test_a_device_can_be_used_as_permitted(pod: Sandbox) -> None:
    """A device that may be read only can not be opened for writing."""
    path = next((name for name in ("/dev/loop-control", "/dev/kmsg", "/dev/fuse") if Path(name).exists()), "")
    if not path:
        pytest.skip("not here: the host has no device that containers are not given anyway")
    devices = [{"container_path": "/dev/cargo", "host_path": path, "permissions": "r"}]
    inside = pod.run(do("open", "/dev/cargo", "r"), do("open", "/dev/cargo", "w"), devices=devices)
    assert inside.action("open").errno != "EPERM"
    assert inside.action("open", 1).errno == "EPERM"


@proved_by("cri-devices-absent-accepted")
@musts("cri.container.devices")
def test_a_device_that_is_not_there_is_refused(cri: CriScene, pod: Sandbox) -> None:
    """A device that the host has not is an error, at the latest when the container is started."""
    with refused(cri):
        container = pod.container(
            devices=[{"container_path": "/dev/x", "host_path": "/dev/not-there", "permissions": "r"}]
        )
        try:
            container.start()
        finally:
            container.remove()


def _mount_tmpfs(path: Path) -> None:
    mount("seatrial", str(path), "tmpfs", 0, "size=64k")
    (path / "new").touch()


def _needs_recursive(cri: CriScene) -> None:
    features = {each.name: each.features for each in cri.call("Status").runtime_handlers}
    handler = cri.node.settings.handler
    if handler not in features or not features[handler].recursive_read_only_mounts:
        pytest.skip("unsupported: the handler does not say that it has recursive read-only mounts")


def _needs_image_mounts(cri: CriScene) -> None:
    if cri.server.claims and cri.server.profile.claimed_spec(cri.server.version) < "1.31":
        pytest.skip(f"unsupported: {cri.server.kind} {cri.server.version} claims CRI {cri.server.claims}")
