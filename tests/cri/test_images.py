"""Images are what other tools take them for, and the same bytes whenever they are made."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.harness.images import registry
from conformance.harness.images.archive import export, write_archive
from conformance.harness.images.layer import File, Layer, digest_of, gzipped, opaque, whiteout
from conformance.harness.images.registry import Registry
from conformance.harness.images.samples import NAMES, sample, variant


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 200000])
def test_what_is_packed_is_unpacked(size: int) -> None:
    content = b"x" * size
    assert gzip.decompress(gzipped(content)) == content
    assert gzipped(content) == gzipped(content)


def test_a_layer_is_a_tar_archive() -> None:
    layer = Layer((File("a", b"1", 0o600, 5, 6), whiteout("etc/b"), opaque("c")))
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.blob))) as archive:
        first, second, third = archive.getmembers()
    assert (first.name, first.mode, first.uid, first.gid, first.mtime) == ("a", 0o600, 5, 6, 0)
    assert (second.name, third.name) == ("etc/.wh.b", "c/.wh..wh..opq")
    assert layer.diff_id == digest_of(gzip.decompress(layer.blob))


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_leads_to_its_blobs(name: str) -> None:
    image = sample(name)
    blobs = {digest_of(blob): len(blob) for blob in image.blobs()}
    manifest = json.loads(image.manifest)
    found = {each["digest"]: each["size"] for each in [manifest["config"], *manifest["layers"]]}
    assert found == blobs
    config = json.loads(image.config)
    assert len(config["rootfs"]["diff_ids"]) == len(manifest["layers"])


def test_a_variant_shares_layers_and_has_an_id_of_its_own() -> None:
    first, second = variant("probe", "a"), variant("probe", "b")
    assert first.id != second.id != sample("probe").id
    assert first.layers == second.layers == sample("probe").layers


def test_an_archive_is_an_oci_layout_and_a_docker_archive(tmp_path: Path) -> None:
    path = tmp_path / "images.tar"
    write_archive(path, [("localhost/seatrial/layers:1", sample("layers"))])
    with tarfile.open(path) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    entry = json.loads(files["index.json"])["manifests"][0]
    assert entry["annotations"]["io.containerd.image.name"] == "localhost/seatrial/layers:1"
    manifest = json.loads(files["blobs/" + entry["digest"].replace(":", "/")])
    assert all("blobs/" + layer["digest"].replace(":", "/") in files for layer in manifest["layers"])
    docker = json.loads(files["manifest.json"])[0]
    assert all(name in files for name in [docker["Config"], *docker["Layers"]])


def test_all_images_are_exported_under_their_names(tmp_path: Path) -> None:
    names = export(tmp_path / "images.tar", "registry.k8s.io/pause:3.9")
    assert names[-1] == "registry.k8s.io/pause:3.9"
    assert {f"localhost/seatrial/{name}:1" for name in NAMES} < set(names)


@pytest.fixture
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    made = Registry(tmp_path, guard=getattr(request, "param", ""))
    made.store.add(sample("layers"), "some/layers")
    yield made
    made.close()


def ask(served: Registry, path: str, authorization: str = "") -> tuple[int, bytes, str]:
    """Status, body and challenge of an answer."""
    request = urllib.request.Request(f"http://{served.address}{path}")  # on loopback
    if authorization:
        request.add_header("Authorization", authorization)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # as above
            return answer.status, answer.read(), ""
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read(), problem.headers.get("WWW-Authenticate", "")


def test_an_image_is_served_by_tag_and_digest(served: Registry) -> None:
    image = sample("layers")
    by_tag = ask(served, "/v2/some/layers/manifests/1")
    assert by_tag[:2] == (200, image.manifest)
    assert ask(served, f"/v2/some/layers/manifests/{image.digest}") == by_tag
    assert ask(served, f"/v2/some/layers/blobs/{image.id}")[:2] == (200, image.config)


@pytest.mark.parametrize(
    "path", ["/v2/some/layers/manifests/2", "/v2/none/manifests/1", "/v2/some/layers/blobs/../x", "/"]
)
def test_what_is_not_there_is_not_found(served: Registry, path: str) -> None:
    assert ask(served, path)[0] == 404


@pytest.mark.parametrize("served", ["basic"], indirect=True)
def test_credentials_are_wanted(served: Registry) -> None:
    word = base64.b64encode(f"{registry.USER}:{registry.PASSWORD}".encode()).decode()
    assert ask(served, "/v2/") == (401, ask(served, "/v2/some/layers/manifests/1")[1], 'Basic realm="seatrial"')
    assert ask(served, "/v2/some/layers/manifests/1", "Basic d3Jvbmc6d3Jvbmc=")[0] == 401
    assert ask(served, "/v2/some/layers/manifests/1", f"Basic {word}")[0] == 200


@pytest.mark.parametrize("served", ["token"], indirect=True)
def test_a_token_is_given_for_credentials(served: Registry) -> None:
    word = base64.b64encode(f"{registry.USER}:{registry.PASSWORD}".encode()).decode()
    status, _, challenge = ask(served, "/v2/some/layers/manifests/1")
    assert status == 401
    assert challenge.startswith(f'Bearer realm="http://{served.address}/token"')
    assert ask(served, "/token")[0] == 401
    token = json.loads(ask(served, "/token", f"Basic {word}")[1])["token"]
    assert ask(served, "/v2/some/layers/manifests/1", f"Bearer {token}")[0] == 200
