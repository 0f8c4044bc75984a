"""The report from places where little can be seen."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.probe.report import Report, parse

if TYPE_CHECKING:
    from tests.probe.conftest import Probe

IN_USER_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc")

#: Installs a seccomp filter of one instruction, "return SECCOMP_RET_ALLOW", and runs the words behind it: see prctl(2).
ALLOWING_FILTER = """
import ctypes, os, struct, sys
instruction = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
program = struct.pack("HxxxxxxP", 1, ctypes.addressof(instruction))
assert ctypes.CDLL(None).prctl(22, 2, program, 0, 0) == 0
os.execvp(sys.argv[1], sys.argv[1:])
"""


def test_without_proc_all_but_what_needs_it_is_told(probe: Probe) -> None:
    hide = ("unshare", "--mount", "sh", "-c", 'umount --lazy /proc && exec "$@"', "sh")
    report = probe("report", before=hide).report
    unknown = {name for name in Report.__struct_fields__ if getattr(report, name) is None}
    needs_proc = {
        *("exe", "label", "oom_score_adj", "cgroups", "namespaces", "uid_map", "gid_map", "setgroups"),
        *("timens_offsets", "mounts", "fds", "mems_allowed"),
    }
    assert unknown - {"memory_policy"} == needs_proc
    assert report.seccomp.mode == 0
    assert report.uid.real == 0


def test_masked_files_of_proc_are_unknown(probe: Probe) -> None:
    mask = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh")
    assert probe("report", before=mask).report.mounts is None


def test_a_user_namespace_is_told(probe: Probe) -> None:
    report = probe("report", before=IN_USER_NAMESPACE).report
    assert report.uid_map == [(0, 0, 1)]
    assert report.setgroups in {"allow", "deny"}
    assert (report.pid, report.ppid) == (1, 0)
    assert report.uid.real == 0


def test_a_chroot_of_nothing_is_told(probe: Probe) -> None:
    (probe.folder / "empty").mkdir()
    said = probe("chroot", "empty", "chdir", "/", "report")
    report = said.report
    assert report.dev is None
    assert report.cwd == "/"
    assert report.root.inode == (probe.folder / "empty").stat().st_ino


def test_a_read_only_root_is_told(probe: Probe) -> None:
    script = 'mount --bind . . && cd . && mount -o remount,bind,ro . && exec "$@"'
    before = ("unshare", "--mount", "sh", "-c", script, "sh")
    folder = str(probe.folder)
    assert probe("chroot", folder, "report", before=before).report.root.readonly
    assert not probe("chroot", folder, "report").report.root.readonly


def test_blanks_in_the_names_of_mounts_are_told_plainly(probe: Probe) -> None:
    odd = "a b\tc\\d\ne"
    (probe.folder / odd).mkdir()
    before = (
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'mount -t tmpfs -o size=8k,nosuid "so urce" "{odd}" && exec "$@"',
        "sh",
    )
    mount = probe("report", before=before).report.mount(str(probe.folder / odd))
    assert mount is not None
    assert (mount.source, mount.type) == ("so urce", "tmpfs")
    assert "nosuid" in mount.options
    assert "size=8k" in mount.super_options


def test_hundreds_of_mounts_are_told(probe: Probe) -> None:
    (probe.folder / "here").mkdir()
    script = 'for i in $(seq 300); do mount -t tmpfs "source-$i" here; done; exec "$@"'
    report = probe("report", before=("unshare", "--mount", "sh", "-c", script, "sh")).report
    sources = [mount.source for mount in report.mounts if mount.point == str(probe.folder / "here")]
    assert sources == [f"source-{number}" for number in range(1, 301)]
    top = report.mount(str(probe.folder / "here"))
    assert top is not None
    assert top.source == "source-300"


def test_propagation_is_told(probe: Probe) -> None:
    (probe.folder / "here").mkdir()
    script = 'mount -t tmpfs none here && mount --make-shared here && exec "$@"'
    mount = probe("report", before=("unshare", "--mount", "sh", "-c", script, "sh")).report.mount(
        str(probe.folder / "here")
    )
    assert mount is not None
    assert [tag.partition(":")[0] for tag in mount.propagation] == ["shared"]


def test_offsets_of_a_time_namespace_are_told(probe: Probe) -> None:
    if not Path("/proc/self/ns/time").exists():
        pytest.skip("not here: no time namespaces")
    before = ("unshare", "--time", "--monotonic", "5000", "--boottime", "-7", "--fork")
    report, here = probe("report", before=before).report, probe("report").report
    assert (report.timens_offsets["monotonic"].secs, report.timens_offsets["boottime"].secs) == (5000, -7)
    assert 4990 < report.clocks.monotonic - here.clocks.monotonic < 5010


def test_seccomp_filters_are_counted(probe: Probe) -> None:
    assert (probe("report").report.seccomp.mode, probe("report").report.seccomp.filters) == (0, 0)
    twice = (sys.executable, "-c", ALLOWING_FILTER) * 2
    seccomp = probe("report", before=twice).report.seccomp
    assert (seccomp.mode, seccomp.filters) == (2, 2)


@pytest.mark.parametrize("controlling", [True, False])
def test_a_terminal_is_told(probe: Probe, controlling: bool) -> None:
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    name = os.ttyname(side)
    before = ["setsid", "--wait", "--ctty"] if controlling else ["setsid", "--wait"]
    output = probe.folder / "output"
    command = [*before, "./probe", "to", str(output), "report", "winsize"]
    subprocess.run(command, stdin=side, stdout=side, stderr=subprocess.DEVNULL, cwd=probe.folder, check=True)
    found = os.fstat(side)
    os.close(side)
    os.close(main)
    report, (winsize,) = parse(output.read_bytes())
    assert report is not None
    assert sorted(report.tty) == ["0", "1"]
    told = report.tty["0"]
    assert (told.name, told.rows, told.columns) == (name, 33, 77)
    assert told.device == f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
    assert (told.mode, told.uid, told.gid) == (found.st_mode & 0o7777, found.st_uid, found.st_gid)
    assert report.controlling_tty == controlling
    assert (winsize.rows, winsize.columns) == (33, 77)


def test_a_report_is_whole_on_a_terminal(probe: Probe) -> None:
    main, side = pty.openpty()
    process = subprocess.Popen(["./probe", "report", "tag", "end"], stdout=side, cwd=probe.folder)
    os.close(side)
    output = b""
    while not output.endswith(b'{"tag":"end"}\r\n'):
        output += os.read(main, 4096)
    process.wait()
    os.close(main)
    report, _ = parse(output)
    assert report is not None
    assert report.tty["1"].rows == 0
