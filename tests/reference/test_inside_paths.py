"""Paths inside of a root never lead out of it, whatever links its files are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_runtime import paths


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    folder = tmp_path / "rootfs"
    folder.mkdir()
    return folder


@pytest.fixture
def root(rootfs: Path) -> Iterator[int]:
    descriptor = os.open(rootfs, os.O_PATH)
    yield descriptor
    os.close(descriptor)


def placed(root: int, path: str, *, directory: bool = True) -> str:
    descriptor = paths.place(root, path, directory)
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("path", ["/a/b/c", "a/b/c", "//a/./b//c/", "/x/../a/b/c"])
def test_what_is_missing_is_made(root: int, rootfs: Path, path: str) -> None:
    (rootfs / "x").mkdir()
    assert placed(root, path) == str(rootfs / "a/b/c")


def test_a_file_is_made_for_a_file(root: int, rootfs: Path) -> None:
    placed(root, "/etc/hosts", directory=False)
    assert (rootfs / "etc/hosts").is_file()


@pytest.mark.parametrize("link", ["{outside}", "../outside", "../../../../..{outside}"])
def test_links_stay_inside(root: int, rootfs: Path, outside: Path, link: str) -> None:
    (rootfs / "link").symlink_to(link.format(outside=outside))
    assert placed(root, "/link/made").startswith(f"{rootfs}/")
    assert not list(outside.iterdir())


def test_the_target_of_a_dangling_link_is_made(root: int, rootfs: Path) -> None:
    (rootfs / "var").mkdir()
    (rootfs / "var/run").symlink_to("/run/deep")
    assert placed(root, "/var/run/me") == str(rootfs / "run/deep/me")


def test_a_circle_of_links_is_an_error(root: int, rootfs: Path) -> None:
    (rootfs / "one").symlink_to("two")
    (rootfs / "two").symlink_to("one")
    with pytest.raises(OSError, match="one"):
        placed(root, "/one/file")


def test_a_file_in_the_way_is_an_error(root: int, rootfs: Path) -> None:
    (rootfs / "file").touch()
    with pytest.raises(NotADirectoryError):
        placed(root, "/file/below")
