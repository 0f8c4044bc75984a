"""Images: pull, list, status, remove, and what is in them."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.found import first
from conformance.harness.cri.objects import Sandbox
from conformance.harness.cri.protocol import Message, is_json
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.scene import CriScene, spec
from conformance.harness.images import registry
from conformance.harness.images.samples import variant
from strategies.edits import do, read, write

SECOND = 10**9
PASSWORD = {"username": registry.USER, "password": registry.PASSWORD}


def status(cri: CriScene, reference: str, *, verbose: bool = False) -> Message:
    """The answer of ImageStatus."""
    return cri.call("ImageStatus", image=spec(reference), verbose=verbose)


def image_of(cri: CriScene, reference: str) -> Message:
    """An image that must be there."""
    found = status(cri, reference)
    assert found.HasField("image"), f"there is no image {reference}"
    return found.image


def is_listed(cri: CriScene, id: str) -> bool:
    """Whether an image is in the list of all of them."""
    return id in [each.id for each in cri.call("ListImages").images]


def digest_of(cri: CriScene, reference: str) -> str:
    """The digest of an image that the suite's registry serves under a name."""
    name, _, tag = reference.removeprefix(f"{cri.node.supply.registry}/").rpartition(":")
    return (Path(cri.node.supply.folder) / "tags" / name / tag).read_text()


@proved_by("cri-pull-ignored")
@musts("cri.image.pull", "cri.image.status", "cri.image.list")
def test_a_pulled_image_is_there(cri: CriScene) -> None:
    """An image is not there before it is pulled, and then it has a status and is listed."""
    reference = cri.unique("probe")
    assert not status(cri, reference).HasField("image")
    cri.pull(reference)
    assert is_listed(cri, image_of(cri, reference).id)


@proved_by("cri-pull-answers-digest")
@musts("cri.image.pull.ref", "cri.image.id")
def test_pulling_answers_the_id(cri: CriScene) -> None:
    """What PullImage answers is the id that the status and the list of images have."""
    reference = cri.unique("probe")
    answered = cri.pull(reference)
    assert answered == image_of(cri, reference).id
    assert is_listed(cri, answered)


@proved_by("cri-pull-ref-unusable")
@musts("cri.image.pull", "cri.image.status.by-id")
def test_what_pulling_answers_can_be_used(cri: CriScene, pod: Sandbox) -> None:
    """A container can be created from what PullImage answers, as the kubelet does it, and its status found by it."""
    wanted = cri.unique("probe")
    answered = cri.pull(wanted)
    assert image_of(cri, answered).id
    assert pod.run(image={"image": answered, "user_specified_image": wanted}).pid == 1


@proved_by("cri-pull-again-refused")
@musts("cri.image.pull")
def test_an_image_can_be_pulled_again(cri: CriScene) -> None:
    """Pulling an image that is there is no error, and answers the same."""
    reference = cri.unique("probe")
    assert cri.pull(reference) == cri.pull(reference)


@proved_by("cri-pull-tag-not-moved")
@musts("cri.image.pull")
def test_a_tag_can_move_to_another_image(cri: CriScene) -> None:
    """Once the registry has another image under a tag, pulling it anew gets that one."""
    reference = cri.unique("probe", mark=f"moving-{cri.node.run}-{cri.node.next_number()}")
    first = cri.pull(reference)
    tag = reference.rpartition(":")[2]
    cri.node.supply.add(variant("probe", f"moved-{tag}"), tag)
    second = cri.pull(reference)
    assert first != second
    assert image_of(cri, reference).id == image_of(cri, second).id
    cri.call("RemoveImage", image=spec(first))


@proved_by("cri-pull-absent-accepted")
@musts("cri.image.pull.absent")
@pytest.mark.parametrize("what", ["tag", "repository", "nonsense", "empty"])
def test_an_image_that_is_not_there_can_not_be_pulled(cri: CriScene, what: str) -> None:
    """Pulling an image that the registry has not, or by a name that is none, is an error."""
    cri.needs_registry()
    address = cri.node.supply.registry
    references = {
        "tag": f"{address}/seatrial/probe:no-such-tag",
        "repository": f"{address}/seatrial/no-such-image:1",
        "nonsense": f"{address}/UPPER CASE//:",
        "empty": "",
    }
    with refused(cri):
        cri.call("PullImage", image=spec(references[what]))


@proved_by("cri-auth-dropped")
@musts("cri.image.pull.auth", "cri.image.pull.auth.encoded")
@pytest.mark.parametrize("encoded", [False, True], ids=["plain", "encoded"])
@pytest.mark.parametrize("guard", ["basic", "token"])
def test_credentials_are_used(cri: CriScene, guard: str, encoded: bool) -> None:
    """An image behind credentials can be pulled with them, given as user and password or as one word."""
    reference = cri.unique("probe", guard=guard)
    word = base64.b64encode(f"{registry.USER}:{registry.PASSWORD}".encode()).decode()
    cri.pull(reference, auth={"auth": word} if encoded else PASSWORD)
    assert image_of(cri, reference).id


@proved_by("cri-auth-registry-token-dropped")
@musts("cri.image.pull.registry-token")
def test_a_token_for_the_registry_is_sent(cri: CriScene) -> None:
    """An image behind a token can be pulled with that token, and not with another one."""
    reference = cri.unique("probe", guard="token")
    with refused(cri):
        cri.call("PullImage", image=spec(reference), auth={"registry_token": "wrong"})
    cri.pull(reference, auth={"registry_token": registry.TOKEN})
    assert image_of(cri, reference).id


@proved_by("cri-auth-remembered")
@musts("cri.image.pull.auth.wrong")
@pytest.mark.parametrize("guard", ["basic", "token"])
def test_without_the_right_credentials_there_is_no_image(cri: CriScene, guard: str) -> None:
    """An image behind credentials can not be pulled without them, or with wrong ones; with them it can."""
    reference = cri.unique("probe", guard=guard)
    for auth in ({}, {"username": registry.USER, "password": "wrong"}):
        with refused(cri):
            cri.call("PullImage", image=spec(reference), auth=auth)
    assert not status(cri, reference).HasField("image")
    cri.pull(reference, auth=PASSWORD)
    assert status(cri, reference).HasField("image")


@proved_by("cri-pull-by-digest-refused")
@musts("cri.image.pull.digest", "cri.image.digests")
def test_an_image_can_be_pulled_by_its_digest(cri: CriScene, pod: Sandbox) -> None:
    """An image can be pulled by its digest, is found by it, tells it, and can be run by it."""
    reference = cri.unique("probe")
    by_digest = f"{reference.rpartition(':')[0]}@{digest_of(cri, reference)}"
    cri.pull(by_digest)
    assert by_digest in image_of(cri, by_digest).repo_digests
    assert pod.run(image=spec(by_digest)).pid == 1


@proved_by("cri-pull-index-wrong-machine")
@musts("cri.image.pull.index", "cri.image.odd")
def test_of_an_index_the_image_for_this_machine_is_pulled(cri: CriScene, pod: Sandbox) -> None:
    """From an index of several machines the image of this one is pulled, and runs."""
    reference = cri.unique("index")
    cri.pull(reference)
    assert pod.run(image=spec(reference)).pid == 1


@proved_by("cri-image-tags-lost")
@musts("cri.image.tags", "cri.image.digests")
def test_an_image_has_its_names(cri: CriScene) -> None:
    """An image has the tag it was pulled by, and its digest."""
    reference = cri.unique("probe")
    cri.pull(reference)
    image = image_of(cri, reference)
    assert list(image.repo_tags) == [reference]
    assert f"{reference.rpartition(':')[0]}@{digest_of(cri, reference)}" in image.repo_digests


@proved_by("cri-image-two-tags-two-images")
@musts("cri.image.tags", "cri.image.id")
def test_two_tags_of_one_image_are_one_image(cri: CriScene) -> None:
    """An image that was pulled by two tags is one image with two tags."""
    first = cri.unique("probe", mark=f"twice-{cri.node.run}-{cri.node.next_number()}")
    tag = first.rpartition(":")[2]
    second = cri.node.supply.add(variant("probe", tag), f"{tag}-too")
    cri.pull(first)
    cri.pull(second)
    assert image_of(cri, first).id == image_of(cri, second).id
    assert sorted(image_of(cri, first).repo_tags) == sorted([first, second])


@proved_by("cri-image-size-zero")
@musts("cri.image.size")
def test_an_image_has_a_size(cri: CriScene) -> None:
    """The size of an image is above 0, and of the order of what the registry serves."""
    size = image_of(cri, cri.image("probe")).size
    assert 10_000 < size < 10_000_000


@proved_by("cri-image-uid-lost", "cri-image-uid-and-username")
@musts("cri.image.uid", "cri.image.username", "cri.image.uid.exclusive")
@pytest.mark.parametrize(
    ("name", "uid", "username"),
    [
        ("user-number", 1000, ""),
        ("user-numbers", 1000, ""),
        ("user-name", None, "mate"),
        ("user-group", None, "mate"),
        ("probe", None, ""),
    ],
)
def test_an_image_tells_its_user(cri: CriScene, name: str, uid: int | None, username: str) -> None:
    """The user of an image is told as a number or as a name, never as both; a group is no part of it."""
    image = image_of(cri, cri.image(name))
    told = image.uid.value if image.HasField("uid") else None
    if name == "probe":
        assert told in {None, 0}
    else:
        assert (told, image.username) == (uid, username)


@proved_by("cri-image-info-always")
@musts("cri.image.info.verbose", "cri.image.info.json")
def test_the_status_is_terse_unless_asked(cri: CriScene) -> None:
    """An image's status has extra information only when it is asked for, and that is JSON."""
    reference = cri.image("probe")
    assert dict(status(cri, reference).info) == {}
    for text in status(cri, reference, verbose=True).info.values():
        assert is_json(text)


@proved_by("cri-image-absent-refused")
@musts("cri.image.status.absent")
def test_the_status_of_an_absent_image_is_none(cri: CriScene) -> None:
    """The status of an image that is not there is no error, and has no image."""
    assert not status(cri, "localhost/seatrial/no-such-image:1").HasField("image")


@proved_by("cri-image-by-id-missing")
@musts("cri.image.status.by-id")
def test_an_image_is_found_by_each_of_its_names(cri: CriScene) -> None:
    """An image is found by its id, its tag and its digest, and it is the same."""
    reference = cri.unique("probe")
    cri.pull(reference)
    image = image_of(cri, reference)
    for name in [image.id, *image.repo_tags, *image.repo_digests]:
        assert image_of(cri, name).id == image.id


@proved_by("cri-image-filter-ignored")
@musts("cri.image.list.filter")
def test_images_can_be_listed_by_name(cri: CriScene) -> None:
    """A filter leaves the image that it names, and nothing for a name that no image has."""
    reference = cri.image("probe")
    found = cri.call("ListImages", filter={"image": spec(reference)}).images
    assert [each.id for each in found] == [image_of(cri, reference).id]
    absent = {"image": spec("localhost/seatrial/no-such-image:1")}
    assert list(cri.call("ListImages", filter=absent).images) == []


@proved_by("cri-image-remove-ignored")
@musts("cri.image.remove", "cri.image.remove.next-list")
@pytest.mark.parametrize("how", ["tag", "id", "digest"])
def test_a_removed_image_is_gone(cri: CriScene, how: str) -> None:
    """An image that was removed by its tag, id or digest is in no list and has no status."""
    reference = cri.unique("probe")
    cri.pull(reference)
    image = image_of(cri, reference)
    names = {"tag": reference, "id": image.id, "digest": first(image.repo_digests, "digest of the image")}
    cri.call("RemoveImage", image=spec(names[how]))
    assert not is_listed(cri, image.id)
    assert not status(cri, reference).HasField("image")


@proved_by("cri-image-remove-twice-refused")
@musts("cri.image.remove.idempotent")
def test_an_image_can_be_removed_again(cri: CriScene) -> None:
    """Removing an image that is gone, or never was, is no error."""
    reference = cri.unique("probe")
    cri.pull(reference)
    for _ in range(2):
        cri.call("RemoveImage", image=spec(reference))
    cri.call("RemoveImage", image=spec("localhost/seatrial/no-such-image:1"))


@proved_by("cri-image-remove-one-tag")
@musts("cri.image.remove.all-tags")
def test_an_image_is_removed_with_all_its_tags(cri: CriScene) -> None:
    """Removing an image by one of its tags takes the others away, too."""
    first = cri.unique("probe", mark=f"all-{cri.node.run}-{cri.node.next_number()}")
    tag = first.rpartition(":")[2]
    second = cri.node.supply.add(variant("probe", tag), f"{tag}-too")
    id = cri.pull(first)
    cri.pull(second)
    cri.call("RemoveImage", image=spec(first))
    assert not status(cri, second).HasField("image")
    assert not is_listed(cri, id)


@proved_by("cri-image-remove-breaks-container")
@musts("cri.image.remove")
def test_a_running_container_outlives_its_image(cri: CriScene, pod: Sandbox) -> None:
    """A container goes on when its image is removed, or the removal is refused."""
    reference = cri.unique("probe")
    cri.pull(reference)
    container = pod.running(image=spec(reference))
    cri.attempt("RemoveImage", {"image": spec(reference)})
    assert container.probe("read", "/etc/passwd").action("read").content


@proved_by("cri-container-image-ref-lost")
@musts("cri.container.status.image-ref", "cri.container.status.image")
def test_a_container_tells_its_image(cri: CriScene, pod: Sandbox) -> None:
    """The status of a container has an image, and a reference by digest by which it is found."""
    told = pod.container().status()
    assert told.image.image
    assert "sha256:" in told.image_ref
    assert image_of(cri, told.image_ref).id == image_of(cri, cri.image("probe")).id


@proved_by("cri-container-image-id-lost")
@musts("cri.container.status.image-id", "cri.list.containers.image-id")
def test_a_container_tells_the_id_of_its_image(cri: CriScene, pod: Sandbox) -> None:
    """The image id of a container is what PullImage answers, in its status and in the list."""
    reference = cri.unique("probe")
    answered = cri.pull(reference)
    container = pod.container(image=spec(reference))
    listed = cri.call("ListContainers", filter={"id": container.id}).containers
    assert [container.status().image_id, *(each.image_id for each in listed)] == [answered, answered]


@proved_by("cri-image-fs-info-empty")
@musts("cri.image.fs-info", "cri.image.fs-info.timestamp", "cri.image.fs-info.mountpoint", "cri.image.fs-info.used")
def test_the_filesystem_of_images_is_told(cri: CriScene) -> None:
    """ImageFsInfo tells when it looked, at which mount point that is there, and how much is used."""
    cri.image("probe")
    filesystems = cri.call("ImageFsInfo").image_filesystems
    assert filesystems
    root = Path(f"/proc/{cri.server.pid}/root" if cri.server.pid else "/")
    for each in filesystems:
        assert 0 < each.timestamp < time.time_ns() + SECOND
        assert (root / each.fs_id.mountpoint.lstrip("/")).is_dir()
        assert each.HasField("used_bytes")


@proved_by("cri-layers-disordered", "cri-whiteouts-kept")
@musts("cri.image.layers", "cri.image.whiteouts")
def test_layers_lie_one_over_the_other(cri: CriScene, pod: Sandbox) -> None:
    """A later layer replaces files of an earlier one, and what it takes away is gone, single or as a whole folder."""
    looks = (do("list", "/hold"), read("/kept"), do("access", "/gone", ""), do("readlink", "/link"), do("list", "/"))
    inside = pod.run(*looks, image=spec(cri.image("layers")))
    assert inside.action("list").names == ["c", "d"]
    assert inside.action("read").content == "2"
    assert inside.action("access").errno == "ENOENT"
    assert inside.action("readlink").content == "kept"
    assert [name for name in inside.action("list", 1).names if name.startswith(".wh.")] == []


@proved_by("cri-rootfs-shared")
@musts("cri.image.layers")
def test_containers_of_one_image_have_files_of_their_own(pod: Sandbox) -> None:
    """What one container writes, another one of the same image does not see."""
    assert pod.run(write("/written", "x")).action("write").errno is None
    assert pod.run(do("access", "/written", "")).action("access").errno == "ENOENT"


@proved_by("cri-image-volumes-dropped")
@musts("cri.image.volumes")
def test_a_volume_of_an_image_can_be_written(cri: CriScene, pod: Sandbox) -> None:
    """A volume of the image can be written, also when the root filesystem is read-only."""
    linux = {"security_context": {"readonly_rootfs": True}}
    looks = (write("/data/new", "x"), write("/new", "x"))
    inside = pod.run(*looks, image=spec(cri.image("volumes")), linux=linux)
    assert (inside.action("write").errno, inside.action("write", 1).errno) == (None, "EROFS")


@proved_by("cri-odd-images-refused")
@musts("cri.image.odd")
@pytest.mark.parametrize(
    "name", ["no-history", "no-media-type", "empty-layer", "uncompressed", "docker", "annotations", "stop-signal"]
)
def test_odd_and_valid_images_can_be_run(cri: CriScene, pod: Sandbox, name: str) -> None:
    """Images that are unlike most others and valid can be pulled and run."""
    assert pod.run(image=spec(cri.image(name))).pid == 1


@proved_by("cri-image-unknown-user-accepted")
@musts("cri.security.image-user")
def test_an_image_whose_user_is_unknown_can_not_be_run(cri: CriScene, pod: Sandbox) -> None:
    """A container of an image whose user is not in its /etc/passwd is refused, unless its config has another."""
    image = spec(cri.image("user-unknown"))
    with refused(cri):
        container = pod.container(image=image)
        try:
            container.start()
        finally:
            container.remove()
    assert pod.run(image=image, linux={"security_context": {"run_as_user": {"value": 7}}}).uid.real == 7


@proved_by("cri-pull-serialized")
@musts("cri.image.pull")
def test_one_image_can_be_pulled_many_times_at_once(cri: CriScene) -> None:
    """Pulls of one image at the same time all succeed, and there is one image afterwards."""
    reference = cri.unique("probe")
    request = cri.request("PullImage", image=spec(reference))
    pending = [cri.node.client.begin("PullImage", request) for _ in range(4)]
    answers = {cri.accepted(cri.node.client.finish("PullImage", each, 60)).image_ref for each in pending}
    assert len(answers) == 1
    listed = [each for each in cri.call("ListImages").images if reference in each.repo_tags]
    assert len(listed) == 1
