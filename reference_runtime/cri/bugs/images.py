"""Faults of images."""

from __future__ import annotations

from typing import Any

from reference_runtime.cri.bugs.bend import Bend, change, clear, each, once, put
from reference_runtime.cri.errors import Failed
from reference_runtime.cri.faults import Bug

_NOTHING = f"sha256:{'0' * 64}"
_once_image, _once_pull = once("image"), once("image")


def _told(name: str, summary: str, bend: Bend) -> Bug:
    """A fault in what is told of images, one by one and in the list."""

    def bend_status(answer: Any) -> None:
        if answer.HasField("image"):
            bend(answer.image)

    return Bug(name, summary, answers={"ImageStatus": bend_status, "ListImages": each("images", bend)})


def _no_digests(request: Any) -> None:
    if "@" in request.image.image:
        raise Failed("images are not pulled by digest")


def _one_for_each_tag(answer: Any) -> None:
    for image in list(answer.images):
        for tag in list(image.repo_tags)[1:]:
            image.repo_tags.remove(tag)
            copy = answer.images.add()
            copy.CopyFrom(image)
            copy.id = image.id[:-8] + "00000000"
            del copy.repo_tags[:]
            copy.repo_tags.append(tag)


def _first_tag(answer: Any) -> None:
    del answer.image.repo_tags[1:]


def _number_and_name(image: Any) -> None:
    image.username, image.uid.value = image.username or "someone", image.uid.value or 1


def _other_user(image: Any) -> None:
    image.ClearField("username")
    image.uid.value = 4711


def _ids_mean_nothing(request: Any) -> None:
    if request.image.image.startswith("sha256:"):
        request.image.image = _NOTHING


def _numbers_only(image: Any) -> None:
    if not str(image.get("User") or "").partition(":")[0].isdigit():
        image.pop("User", None)


BUGS = [
    Bug("cri-pull-ignored", "pulling does nothing", pretends=("PullImage",)),
    Bug("cri-pull-refused", "no image can be pulled", refuses=("PullImage",)),
    Bug("cri-pull-answers-digest", "PullImage answers another id", answers={"PullImage": put("image_ref", _NOTHING)}),
    Bug("cri-pull-ref-unusable", "PullImage answers nothing usable", answers={"PullImage": put("image_ref", "-")}),
    Bug(
        "cri-pull-again-refused",
        "an image can be pulled only once",
        requests={"PullImage": lambda request: _once_pull(request.image)},
    ),
    Bug("cri-pull-tag-not-moved", "a tag stays with its first image"),
    Bug("cri-pull-absent-accepted", "an image need not be there", accepts=("PullImage",)),
    Bug("cri-pull-by-digest-refused", "images are not pulled by digest", requests={"PullImage": _no_digests}),
    Bug("cri-pull-index-wrong-machine", "the image of another machine is pulled"),
    Bug("cri-pull-serialized", "of several pulls only one succeeds", exclusive=("PullImage",)),
    Bug("cri-pull-layers-again", "layers that are here are pulled again"),
    Bug("cri-auth-dropped", "credentials are not used", requests={"PullImage": clear("auth")}),
    Bug(
        "cri-auth-registry-token-dropped",
        "tokens for registries are not sent",
        requests={"PullImage": clear("auth.registry_token")},
    ),
    Bug("cri-auth-remembered", "credentials are kept for others"),
    _told("cri-image-tags-lost", "images have no tags", clear("repo_tags")),
    _told("cri-image-digests-lost", "images have no digests", clear("repo_digests")),
    _told("cri-image-id-wrong", "images have another id", change("id", lambda name: name[::-1])),
    _told("cri-image-size-zero", "images take no room", clear("size")),
    _told("cri-image-uid-lost", "images have another user", _other_user),
    _told("cri-image-uid-and-username", "images have a number and a name of a user", _number_and_name),
    Bug(
        "cri-image-two-tags-two-images",
        "an image is listed once for each of its tags",
        answers={"ListImages": _one_for_each_tag, "ImageStatus": _first_tag},
    ),
    Bug("cri-image-absent-refused", "the status of an absent image is an error"),
    Bug(
        "cri-image-info-always",
        "the status of an image is always verbose",
        requests={"ImageStatus": put("verbose", True)},
    ),
    Bug("cri-image-by-id-missing", "no image is found by its id", requests={"ImageStatus": _ids_mean_nothing}),
    Bug("cri-image-filter-ignored", "ListImages shows everything", requests={"ListImages": clear("filter")}),
    Bug("cri-image-remove-ignored", "removing an image does nothing", pretends=("RemoveImage",)),
    Bug("cri-image-remove-one-tag", "removing an image by a tag removes only the tag"),
    Bug(
        "cri-image-remove-twice-refused",
        "an image can be removed only once",
        requests={"RemoveImage": lambda request: _once_image(request.image)},
    ),
    Bug("cri-image-remove-breaks-container", "with an image go its containers"),
    Bug(
        "cri-image-fs-info-empty",
        "there is no filesystem of images",
        answers={"ImageFsInfo": clear("image_filesystems")},
    ),
    Bug(
        "cri-image-fs-info-zero",
        "images take no room on the disk",
        answers={"ImageFsInfo": each("image_filesystems", clear("used_bytes", "inodes_used"))},
    ),
    Bug("cri-layers-disordered", "the first layer is laid over the last"),
    Bug("cri-whiteouts-kept", "what a layer removes stays"),
    Bug("cri-rootfs-shared", "containers write into their image"),
    Bug("cri-odd-images-refused", "no image is usual enough", refuses=("PullImage",)),
    Bug("cri-image-unknown-user-accepted", "a user of an image need not be in it", image=_numbers_only),
]
