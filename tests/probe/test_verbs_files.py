"""What the verbs about files tell and change."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.probe.conftest import Probe

IN_MOUNTS = ("unshare", "--mount")


def test_standard_input_is_read_to_its_end(probe: Probe) -> None:
    action = probe("stdin", stdin=b'two\nlines "\xff').action("stdin")
    assert (action.content, action.result) == ('two\nlines "\udcff', 12)


def test_lines_are_read_one_by_one(probe: Probe) -> None:
    said = probe("line", "line", "stdin", stdin=b"one\n\nrest\n")
    assert [action.content for action in said.actions] == ["one", "", "rest\n"]


@pytest.mark.parametrize("verb", ["stdin", "line"])
def test_a_folder_on_standard_input_can_not_be_read(probe: Probe, verb: str) -> None:
    descriptor = os.open(probe.folder, os.O_RDONLY)
    done = subprocess.run(["./probe", verb], stdin=descriptor, capture_output=True, cwd=probe.folder, check=True)
    os.close(descriptor)
    assert b'"result":-1,"errno":"EISDIR"' in done.stdout


def test_a_file_is_read(probe: Probe) -> None:
    (probe.folder / "file").write_bytes(b"caf\xc3\xa9\0\n")
    action = probe("read", "file").action("read")
    assert (action.content, action.result) == ("café\0\n", 7)
    assert probe("head", "file", "3").action("head").content == "caf"


def test_reading_ends_by_itself(probe: Probe) -> None:
    assert probe("read", "/dev/zero").action("read").result == 1 << 20


def test_files_are_written_and_appended_to(probe: Probe) -> None:
    said = probe("write", "file", "much text", "write", "file", "some", "append", "file", " more", "append", "new", "x")
    assert [action.result for action in said.actions] == [9, 4, 5, 1]
    assert (probe.folder / "file").read_text() == "some more"
    assert (probe.folder / "new").read_text() == "x"


def test_filling_stops_at_the_limit_of_a_file(probe: Probe) -> None:
    limited = ("prlimit", "--fsize=10000")
    told = probe("ignore", "XFSZ", "fill", "file", "50000", before=limited).action("fill")
    assert (told.result, told.errno) == (10000, "EFBIG")
    assert (probe.folder / "file").stat().st_size == 10000
    assert probe("fill", "file", "50000", before=limited).status == -25


def test_filling_stops_when_the_filesystem_is_full(probe: Probe) -> None:
    (probe.folder / "small").mkdir()
    said = probe("mount", "none", "small", "tmpfs", "0", "size=16k", "fill", "small/x", "99999", before=IN_MOUNTS)
    assert (said.action("fill").result, said.action("fill").errno) == (16384, "ENOSPC")


def test_what_a_file_is(probe: Probe) -> None:
    (probe.folder / "file").write_text("12345")
    os.chown(probe.folder / "file", 11, 12)
    (probe.folder / "file").chmod(0o4751)
    (probe.folder / "link").symlink_to("file")
    stat, lstat = probe("stat", "link", "lstat", "link").actions
    found = (probe.folder / "file").stat()
    assert (stat.type, stat.mode, stat.uid, stat.gid, stat.size) == ("f", 0o4751, 11, 12, 5)
    assert (stat.inode, stat.links, stat.modified) == (found.st_ino, 1, int(found.st_mtime))
    assert (lstat.type, lstat.size) == ("l", 4)


@pytest.mark.parametrize(
    ("kind", "number"), [("c", (1, 3)), ("b", (259, 70000)), ("p", (0, 0)), ("s", (0, 0)), ("f", (0, 0))]
)
def test_nodes_are_made_as_they_are_told(probe: Probe, kind: str, number: tuple[int, int]) -> None:
    said = probe("mknod", "made", kind, str(number[0]), str(number[1]), "stat", "made", umask=0o027)
    told = said.action("stat")
    assert (told.type, told.mode, told.major, told.minor) == (kind, 0o640, *number)
    found = (probe.folder / "made").stat().st_rdev
    assert (os.major(found), os.minor(found)) == number


def test_what_a_filesystem_is(probe: Probe) -> None:
    (probe.folder / "small").mkdir()
    options = ("mount", "none", "small", "tmpfs", "ro,nosuid,nodev,noexec", "size=64k,nr_inodes=33")
    told = probe(*options, "statfs", "small", before=IN_MOUNTS).action("statfs")
    assert (told.magic, told.size, told.inodes) == (0x01021994, 65536, 33)
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(told.flags)
    plain = probe("mount", "none", "small", "tmpfs", "0", "size=64k", "statfs", "small", before=IN_MOUNTS)
    assert not {"ro", "nosuid", "nodev", "noexec"} & set(plain.action("statfs").flags)


def test_links_and_names(probe: Probe) -> None:
    said = probe("mkdir", "d", "symlink", "where ever", "d/b", "mkdir", "d/a", "list", "d", "readlink", "d/b")
    assert said.action("list").names == ["a", "b"]
    assert (said.action("list").result, said.action("readlink").content) == (2, "where ever")
    moved = probe("unlink", "d/b", "rename", "d/a", "a", "list", "d", "rmdir", "d")
    assert moved.action("list").names == []
    assert (probe.folder / "a").is_dir()
    assert not (probe.folder / "d").exists()


def test_owners_and_modes_are_changed(probe: Probe) -> None:
    (probe.folder / "file").write_text("")
    probe("chown", "file", "11", "12", "chown", "file", "-1", "13", "chmod", "file", "0604")
    found = (probe.folder / "file").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (11, 13, 0o604)


@pytest.mark.parametrize("way", ["r", "w", "rw", "path"])
def test_a_way_to_open_is_refused_to_whom_it_is_not_for(probe: Probe, way: str) -> None:
    (probe.folder / "file").write_text("")
    (probe.folder / "file").chmod(0o600)
    mine, others = probe("open", "file", way), probe("open", "file", way, user=65534)
    assert mine.action("open").result >= 3
    assert others.action("open").errno == (None if way == "path" else "EACCES")


def test_a_mount_on_which_nothing_may_run(probe: Probe) -> None:
    (probe.folder / "here").mkdir()
    onto = ("mount", ".", "here", "", "bind", "", "mount", "", "here", "", "remount,bind,noexec", "")
    assert probe(*onto, "exec", "here/probe", before=IN_MOUNTS).action("exec").errno == "EACCES"
    control = probe(*onto[:6], "exec", "here/probe", "tag", "ran", before=IN_MOUNTS)
    assert control.action("tag").content == "ran"


def test_a_file_is_waited_for(probe: Probe) -> None:
    with probe.start("tag", "ready", "sleepuntil", "sign", "tag", "seen") as process:
        assert process.stdout is not None
        process.stdout.readline()
        (probe.folder / "sign").touch()
        assert b"seen" in process.stdout.read()


def test_a_descriptor_is_described(probe: Probe) -> None:
    (probe.folder / "file").write_text("content")
    with (probe.folder / "file").open() as file:
        done = subprocess.run(
            ["./probe", "fd", "0", "readfd", "0"], stdin=file, capture_output=True, cwd=probe.folder, check=True
        )
    assert b'"type":"f"' in done.stdout
    assert b'"access":"r","target":"%s"' % bytes(probe.folder / "file") in done.stdout
    assert b'"content":"content"' in done.stdout


def test_text_is_written_to_a_descriptor(probe: Probe) -> None:
    assert probe("writefd", "1", "text\n").output.startswith(b"text\n{")
