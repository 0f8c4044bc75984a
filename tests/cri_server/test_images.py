"""Pulling, unpacking and naming images."""

from __future__ import annotations

import ctypes
import io
import os
import tarfile
from pathlib import Path

import pytest
from cri_api.v1 import api_pb2

from reference_runtime.cri.errors import Failed, Forbidden, Invalid
from reference_runtime.cri.images import layers
from reference_runtime.cri.images.reference import as_id, parse
from reference_runtime.cri.images.registry import Login
from reference_runtime.cri.images.store import ImageStore
from tests.cri_server.conftest import Server, pull, refused
from tests.cri_server.registry import Registry, digest, layer


def nothing() -> None:
    """Somebody still wants the image."""


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("sea", "docker.io/library/sea:latest"),
        ("deep/sea:1", "docker.io/deep/sea:1"),
        ("localhost/sea", "localhost/sea:latest"),
        ("127.0.0.1:5000/deep/sea:1", "127.0.0.1:5000/deep/sea:1"),
        (f"a.example/sea:1@sha256:{'0' * 64}", f"a.example/sea@sha256:{'0' * 64}"),
    ],
)
def test_names_are_made_whole(name: str, whole: str) -> None:
    assert str(parse(name)) == whole


@pytest.mark.parametrize("name", ["", "Sea", "sea:", "sea@sha256:0", "a b", "-sea", "http://sea"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        parse(name)


def test_ids_are_told_from_names() -> None:
    assert as_id("0" * 64) == as_id(f"sha256:{'0' * 64}") == f"sha256:{'0' * 64}"
    assert as_id("sea") == ""


def apply(folder: Path, *archives: bytes) -> Path:
    root = folder / "root"
    root.mkdir(exist_ok=True)
    for archive in archives:
        (folder / "layer").write_bytes(archive)
        layers.apply(str(folder / "layer"), str(root))
    return root


def test_layers_are_laid_over_each_other(tmp_path: Path) -> None:
    lower = layer({"a": b"1", "d": None, "d/x": b"1", "d/y": b"1", "e": None, "e/z": b"1", "f": None, "f/g": b"1"})
    upper = layer({"a": b"2", "d/.wh.x": b"", "e/new": b"2", "e/.wh..wh..opq": b"", "f": b"file"})
    root = apply(tmp_path, lower, upper)
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert found == {"a": b"2", "d/y": b"1", "e/new": b"2", "f": b"file"}


def test_links_lead_out_of_no_root(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = apply(tmp_path, layer({"out": str(outside), "up": "../../.."}), layer({"up/a": b"1", "../b": b"2"}))
    assert [(root / name).read_bytes() for name in ("a", "b")] == [b"1", b"2"]
    with pytest.raises(Failed):
        apply(tmp_path, layer({"out/a": b"1"}))
    assert list(outside.iterdir()) == [] and not (tmp_path / "b").exists()


def test_modes_owners_and_times_are_kept(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        entry = tarfile.TarInfo("a")
        entry.mode, entry.uid, entry.gid, entry.mtime = 0o4750, 12, 34, 1_000_000_000
        archive.addfile(entry)
    found = (apply(tmp_path, target.getvalue()) / "a").stat()
    assert (found.st_mode & 0o7777, found.st_uid, found.st_gid, found.st_mtime) == (0o4750, 12, 34, 1_000_000_000)


def compressed(content: bytes) -> bytes:
    """One frame of zstd."""
    library = ctypes.CDLL("libzstd.so.1")
    target = bytearray(len(content) + 4096)
    room = (ctypes.c_char * len(target)).from_buffer(target)
    size = library.ZSTD_compress(room, ctypes.c_size_t(len(target)), content, ctypes.c_size_t(len(content)), 3)
    return bytes(target[:size])


def test_layers_may_be_compressed_with_zstd(tmp_path: Path) -> None:
    whole = layer({"zeros": bytes(3 << 20), "noise": os.urandom(1 << 20)})
    # Two frames after each other are one content, too.
    packed = compressed(whole[: 1 << 20]) + compressed(whole[1 << 20 :])
    archive = tmp_path / "layer"
    archive.write_bytes(packed)
    assert layers.apply(str(archive), str(tmp_path)) == digest(whole)
    assert (tmp_path / "zeros").stat().st_size == 3 << 20
    archive.write_bytes(packed[:-100])
    with pytest.raises(Failed, match="broken"):
        layers.apply(str(archive), str(tmp_path))
    archive.write_bytes(packed[:4] + b"x" * 100)
    with pytest.raises(Failed, match="broken"):
        layers.apply(str(archive), str(tmp_path))


def test_what_is_no_layer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failed):
        apply(tmp_path, b"no archive, though it is long enough to be one" * 20)


@pytest.mark.parametrize("kind", ["basic", "token"])
def test_a_login_is_needed_and_enough(tmp_path: Path, kind: str) -> None:
    with Registry((kind, "me", "secret")) as registry:
        made = registry.image("sea:1", [layer({"a": b"1"})])
        store, name = ImageStore(str(tmp_path), {}), parse(f"{registry.address}/sea:1")
        for login in (Login(), Login("me", "wrong")):
            with pytest.raises(Forbidden):
                store.pull(name, login, nothing)
        assert store.pull(name, Login("me", "secret"), nothing).id == made


@pytest.mark.parametrize(("compress", "index"), [(True, False), (False, True)])
def test_images_of_every_form_are_pulled(tmp_path: Path, compress: bool, index: bool) -> None:
    with Registry() as registry:
        made = registry.image("sea:1", [layer({"a": b"1"}), layer({"b": b"2"})], compress=compress, index=index)
        image = ImageStore(str(tmp_path), {}).pull(parse(f"{registry.address}/sea:1"), Login(), nothing)
        assert image.id == made and {path.name for path in Path(image.rootfs).iterdir()} == {"a", "b"}


def test_a_mirror_serves_other_registries(tmp_path: Path) -> None:
    with Registry() as registry:
        made = registry.image("deep/sea:1", [layer({"a": b"1"})])
        store = ImageStore(str(tmp_path), {"far.example": f"http://{registry.address}"})
        image = store.pull(parse("far.example/deep/sea:1"), Login(), nothing)
        assert (image.id, image.tags) == (made, ["far.example/deep/sea:1"])


def test_a_changed_layer_is_noticed(tmp_path: Path) -> None:
    with Registry() as registry:
        registry.image("sea:1", [layer({"a": b"1"})])
        for name in registry.blobs:
            registry.blobs[name] += b" "
        with pytest.raises(Failed):
            ImageStore(str(tmp_path), {}).pull(parse(f"{registry.address}/sea:1"), Login(), nothing)


def test_a_store_remembers_and_forgets(tmp_path: Path) -> None:
    with Registry() as registry:
        for version in ("1", "2"):
            registry.image(f"sea:{version}", [layer({"a": b"1"})])
        store = ImageStore(str(tmp_path), {})
        for version in ("1", "2"):
            image = store.pull(parse(f"{registry.address}/sea:{version}"), Login(), nothing)
    again = ImageStore(str(tmp_path), {})
    assert again.all() == [image] and len(image.tags) == 2
    assert again.find(image.id) == again.find(image.tags[0]) == again.find(image.digests[0]) == image
    again.remove(image.tags[0])
    again.clean(set())
    assert again.all() == [] and not Path(image.rootfs).exists()


def test_the_calls_about_images(server: Server, registry: Registry) -> None:
    made = registry.image("other:1", [layer({"a": b"1"})], User="1000:1000")
    name = f"{registry.address}/other:1"
    assert pull(server, name) == made
    status = server.images.ImageStatus(api_pb2.ImageStatusRequest(image=api_pb2.ImageSpec(image=name)))
    assert (status.image.uid.value, list(status.image.repo_tags)) == (1000, [name])
    server.images.RemoveImage(api_pb2.RemoveImageRequest(image=api_pb2.ImageSpec(image=name)))
    status = server.images.ImageStatus(api_pb2.ImageStatusRequest(image=api_pb2.ImageSpec(image=name)))
    assert not status.HasField("image")
    with refused("NOT_FOUND"):
        pull(server, f"{registry.address}/none:1")
