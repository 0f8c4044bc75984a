"""Every verb does what it says, and says when it was refused."""

from __future__ import annotations

import os
import platform
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.probe.conftest import Probe

APART = ("unshare", "--mount", "--uts", "--ipc", "--net")
GETPID = {"x86_64": "39", "aarch64": "172"}.get(platform.machine(), "")
NOBODY = 65534

#: What root may do, by verb; the last words are the verb itself, those before it prepare.
ACCEPTED = {
    "to": "to said tag x",
    "tag": "tag x",
    "echo": "echo x",
    "verbs": "verbs",
    "report": "report",
    "stdin": "stdin",
    "line": "line",
    "read": "read file",
    "head": "head file 2",
    "write": "write file x",
    "append": "append file x",
    "fill": "fill file 100000",
    "stat": "stat link",
    "lstat": "lstat link",
    "statfs": "statfs file",
    "readlink": "readlink link",
    "list": "list folder",
    "open": "open file rw",
    "mkdir": "mkdir made",
    "unlink": "unlink file",
    "rmdir": "rmdir folder",
    "symlink": "symlink file made",
    "link": "link file made",
    "rename": "rename file made",
    "mknod": "mknod made c 1 3",
    "chown": "chown file 7 -1",
    "chmod": "chmod file 0640",
    "access": "access file rw",
    "chdir": "chdir folder",
    "sleepuntil": "sleepuntil file",
    "touch": "touch 1000000",
    "stack": "stack 1000000",
    "lock": "lock 8192",
    "fork": "fork 3",
    "threads": "threads 3",
    "fds": "fds 3",
    "queue": "queue 3",
    "burn": "burn 5",
    "burncpu": "burncpu 5",
    "setrlimit": "setrlimit RLIMIT_CORE 0 0",
    "nice": "nice 5",
    "schedule": "schedule 3 0",
    "trap": "trap SIGTERM",
    "ignore": "ignore 15",
    "kill": "kill 1 0",
    "raise": "ignore TERM raise TERM",
    "exec": "exec ./probe tag x",
    "setsid": "setsid",
    "setuid": "setuid 7",
    "setgid": "setgid 7",
    "setgroups": "setgroups 1,2",
    "mount": "mount none folder tmpfs nosuid,noexec size=8k",
    "umount": "mount none folder tmpfs 0 size=8k umount folder",
    "chroot": "chroot folder",
    "sethostname": "sethostname x",
    "setdomainname": "setdomainname x",
    "unshare": "unshare uts,mnt",
    "setns": "setns /proc/self/ns/uts",
    "personality": "personality 0",
    "prctl": "prctl 38 1 0",
    "syscall": f"syscall {GETPID} 0 0 0",
    "syscall6": f"syscall6 {GETPID} 0 0 0 0 0 0",
    "clock": "clock",
    "affinity": "affinity",
    "fd": "fd 0",
    "readfd": "readfd 0",
    "writefd": "writefd 2 x",
    "shm": "shm 4711",
    "shmfind": "shm 4711 shmfind 4711",
    "mq": "mq made",
    "mqfind": "mq made mqfind made",
    "abstract": "abstract made",
    "connect": "abstract made connect made",
}

#: What is refused, by verb, and why; words before the verb prepare.
REFUSED = {
    "to": ("to missing/x", "ENOENT"),
    "read": ("read missing", "ENOENT"),
    "head": ("head folder 2", "EISDIR"),
    "write": ("write folder x", "EISDIR"),
    "append": ("append missing/x x", "ENOENT"),
    "fill": ("fill folder 10", "EISDIR"),
    "stat": ("stat missing", "ENOENT"),
    "lstat": ("lstat file/x", "ENOTDIR"),
    "statfs": ("statfs missing", "ENOENT"),
    "readlink": ("readlink file", "EINVAL"),
    "list": ("list file", "ENOTDIR"),
    "open": ("open file new", "EEXIST"),
    "mkdir": ("mkdir folder", "EEXIST"),
    "unlink": ("unlink folder", "EISDIR"),
    "rmdir": ("rmdir file", "ENOTDIR"),
    "symlink": ("symlink file link", "EEXIST"),
    "link": ("link folder made", "EPERM"),
    "rename": ("rename file folder", "EISDIR"),
    "mknod": ("setuid 65534 mknod made c 1 3", "EPERM"),
    "chown": ("setuid 65534 chown file 7 7", "EPERM"),
    "chmod": ("setuid 65534 chmod file 0640", "EPERM"),
    "access": ("setuid 65534 access file w", "EACCES"),
    "chdir": ("chdir file", "ENOTDIR"),
    "sleepuntil": ("sleepuntil file/x", "ENOTDIR"),
    "touch": ("setrlimit AS 33554432 33554432 touch 67108864", "ENOMEM"),
    "lock": ("setrlimit MEMLOCK 65536 65536 setuid 65534 lock 1000000", "ENOMEM"),
    "fds": ("setrlimit NOFILE 20 20 fds 100", "EMFILE"),
    "setrlimit": ("setrlimit NOFILE 400 300", "EINVAL"),
    "nice": ("setuid 65534 nice -5", "EACCES"),
    "schedule": ("setuid 65534 schedule 1 5", "EPERM"),
    "trap": ("trap KILL", "EINVAL"),
    "ignore": ("ignore STOP", "EINVAL"),
    "kill": ("setuid 65534 kill 1 TERM", "EPERM"),
    "raise": ("raise 65", "EINVAL"),
    "exec": ("exec file", "EACCES"),
    "setsid": ("setsid setsid", "EPERM"),
    "setuid": ("setuid 65534 setuid 7", "EPERM"),
    "setgid": ("setuid 65534 setgid 7", "EPERM"),
    "setgroups": ("setuid 65534 setgroups 1,2", "EPERM"),
    "mount": ("setuid 65534 mount none folder tmpfs 0 size=8k", "EPERM"),
    "umount": ("umount folder", "EINVAL"),
    "chroot": ("setuid 65534 chroot folder", "EPERM"),
    "sethostname": ("setuid 65534 sethostname x", "EPERM"),
    "setdomainname": ("setuid 65534 setdomainname x", "EPERM"),
    "unshare": ("setuid 65534 unshare uts", "EPERM"),
    "setns": ("setns file", "EINVAL"),
    "prctl": ("prctl 9999 0 0", "EINVAL"),
    "syscall": ("syscall 9999 0 0 0", "ENOSYS"),
    "syscall6": ("syscall6 9999 0 0 0 0 0 0", "ENOSYS"),
    "fd": ("fd 99", "EBADF"),
    "readfd": ("readfd 99", "EBADF"),
    "writefd": ("writefd 99 x", "EBADF"),
    "winsize": ("winsize", "ENOTTY"),
    "shm": ("shm 4711 setuid 65534 shm 4711", "EACCES"),
    "shmfind": ("shmfind 4712", "ENOENT"),
    "mq": ("mq made setuid 65534 mq made", "EACCES"),
    "mqfind": ("mqfind missing", "ENOENT"),
    "abstract": ("abstract made abstract made", "EADDRINUSE"),
    "connect": ("connect missing", "ECONNREFUSED"),
    "tcp": ("tcp 9", "ENETUNREACH"),
    "listen": ("setuid 65534 listen 80", "EACCES"),
    "serve": ("setuid 65534 serve 80 x", "EACCES"),
}

#: Verbs whose tests have names of their own: in test_limits.py, test_signals.py and test_meeting.py.
ACCEPTED_ELSEWHERE = {"huge", "wait", "exit", "spawn", "daemon", "keyctl", "winsize", "listen", "tcp", "serve"}
REFUSED_ELSEWHERE = {"stdin", "line", "stack", "huge", "fork", "threads", "queue", "burn", "burncpu", "spawn", "daemon"}

#: Verbs that only talk or end, and calls that the kernel refuses to nobody.
NEVER_REFUSED = {"report", "tag", "echo", "verbs", "wait", "exit", "personality", "clock", "affinity", "keyctl"}


@pytest.fixture
def folder(probe: Probe) -> None:
    (probe.folder / "file").write_text("hello\n")
    (probe.folder / "folder").mkdir()
    (probe.folder / "link").symlink_to("file")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("verb", ACCEPTED)
def test_accepted(probe: Probe, verb: str) -> None:
    said = probe(*ACCEPTED[verb].split(), before=APART)
    assert said.status == 0
    assert [action.errno for action in said.actions] == [None] * len(said.actions)
    assert verb in {"report", "to", "echo", "exec", *(action.verb for action in said.actions)}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("verb", REFUSED)
def test_refused(probe: Probe, verb: str) -> None:
    words, errno = REFUSED[verb]
    said = probe(*words.split(), before=APART)
    action = said.actions[-1]
    assert (said.status, action.verb, action.errno) == (0, verb, errno)
    assert action.result == (17 if verb == "fds" else -1)


def test_every_verb_is_tried_both_ways(probe: Probe) -> None:
    verbs = {verb.name for verb in probe("verbs").action("verbs").verbs}
    assert ACCEPTED.keys() | ACCEPTED_ELSEWHERE == verbs
    assert REFUSED.keys() | REFUSED_ELSEWHERE | NEVER_REFUSED == verbs


def test_verbs_are_carried_out_in_order_up_to_the_dashes(probe: Probe) -> None:
    said = probe("tag", "1", "echo", "two  words", "tag", "3", "--", "tag", "4")
    assert said.output == b'{"tag":"1"}\ntwo  words\n{"tag":"3"}\n'


def test_an_unknown_verb_ends_the_probe(probe: Probe) -> None:
    said = probe("tag", "x", "fly", "tag", "y")
    assert said.status == 125
    assert said.output == b'{"tag":"x"}\n{"verb":"fly","error":"unknown"}\n'
    assert said.action("fly").error == "unknown"


@pytest.mark.parametrize(
    "words",
    [
        ("touch",),
        ("touch", ""),
        ("touch", "64M"),
        ("touch", "-1"),
        ("exit", "99999999999999999999"),
        ("chmod", "x", "888"),
        ("write", "x"),
        ("trap", "NONSENSE"),
        ("trap", "0"),
        ("setrlimit", "NONSENSE", "1", "1"),
        ("open", "x", "sideways"),
        ("access", "x", "q"),
        ("unshare", "uts,nonsense"),
        ("mknod", "x", "z", "1", "1"),
        ("listen", "65536"),
        ("serve", "port", "x"),
        ("connect", "x" * 108),
    ],
)
def test_arguments_that_make_no_sense_end_the_probe(probe: Probe, words: tuple[str, ...]) -> None:
    said = probe("tag", "x", *words)
    assert said.status == 125
    assert said.action(words[0]).error == "arguments"
    assert len(said.actions) == 2


def test_what_is_said_goes_to_a_file_and_back(probe: Probe) -> None:
    (probe.folder / "log").write_text("before\n")
    said = probe("tag", "1", "to", "log", "tag", "2", "mkdir", "log", "to", "-", "tag", "3")
    assert said.output == b'{"tag":"1"}\n{"tag":"3"}\n'
    lines = (probe.folder / "log").read_text().splitlines()
    assert lines[:2] == ["before", '{"tag":"2"}']
    assert '"EEXIST"' in lines[2]


def test_a_refused_file_leaves_the_output_where_it_was(probe: Probe) -> None:
    said = probe("to", "log", "to", "missing/log", "tag", "x")
    assert said.output == b""
    assert '{"tag":"x"}' in (probe.folder / "log").read_text()


def test_each_line_is_one_write(probe: Probe) -> None:
    reading, writing = os.pipe2(os.O_DIRECT)
    with os.fdopen(writing, "wb") as pipe:
        subprocess.run(["./probe", "tag", "x", "clock"], stdout=pipe, cwd=probe.folder, check=True)
    assert os.read(reading, 4096) == b'{"tag":"x"}\n'
    assert os.read(reading, 4096).endswith(b"}\n")
    os.close(reading)


def test_output_that_is_not_taken_at_once_is_not_lost(probe: Probe) -> None:
    reading, writing = os.pipe2(os.O_NONBLOCK)
    large = {b"V%d" % number: b"x" * 100_000 for number in range(10)}

    with subprocess.Popen(["./probe", "report"], stdout=writing, cwd=probe.folder, env=large) as process:
        os.close(writing)
        os.set_blocking(reading, True)
        with os.fdopen(reading, "rb") as pipe:
            output = pipe.read()
    assert process.returncode == 0
    assert len(output) > 1_000_000
    assert output.endswith(b"}}\n")
