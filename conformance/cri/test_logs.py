"""Log files: their format, partial lines, both streams, rotation."""

from __future__ import annotations

import threading
import time
from datetime import datetime

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.logs import read_log, text_of
from conformance.harness.cri.objects import EXITED, Sandbox
from conformance.harness.cri.scene import CriScene
from conformance.harness.errors import Violation
from strategies.edits import do

#: As the kubelet's limit is: longer lines come in parts.
LONG = 40000


@proved_by("cri-log-missing")
@musts("cri.log.file")
def test_what_is_printed_is_in_the_log(pod: Sandbox) -> None:
    """What a program prints is in the file that its config names, below the folder of its sandbox.

    The kubelet makes the folders that lead to it.
    """
    (pod.logs / "deep/er").mkdir(parents=True)
    container = pod.container(do("echo", "ahoy"), log_path="deep/er/attempt.log")
    container.start()
    container.until(EXITED)
    assert b"ahoy\n" in container.until_printed(b"ahoy\n")


@proved_by("cri-log-format-wrong", "cri-log-time-wrong")
@musts("cri.log.format")
def test_each_line_has_its_time_stream_and_tag(pod: Sandbox) -> None:
    """A line of the log begins with its time, now, its stream and the tag F."""
    container = pod.container(command=["/probe", "echo", "one", "echo", "two three"])
    before = time.time()
    container.start()
    container.until(EXITED)
    container.until_printed(b"three\n")
    lines = container.log()
    assert [(line.stream, line.tag, line.content) for line in lines] == [
        ("stdout", "F", b"one"),
        ("stdout", "F", b"two three"),
    ]
    for line in lines:
        assert before - 1 <= _seconds(line.time) <= time.time() + 1


@proved_by("cri-log-stderr-as-stdout")
@musts("cri.log.streams")
def test_both_streams_are_in_the_log(pod: Sandbox) -> None:
    """Standard output and error are in the log, each line with its stream."""
    container = pod.container(command=["/probe", "echo", "out", "to", "/dev/stderr", "echo", "err"])
    container.start()
    container.until(EXITED)
    container.until_printed(b"err\n", stream="stderr")
    assert container.printed("stdout") == b"out\n"
    assert container.printed("stderr").splitlines()[-1] == b"err"


@proved_by("cri-log-partial-as-full", "cri-log-long-truncated")
@musts("cri.log.partial")
def test_a_long_line_comes_in_parts(pod: Sandbox) -> None:
    """A line that is longer than a server keeps is told in parts with the tag P, and its end with F."""
    container = pod.container(command=["/probe", "echo", "x" * LONG, "echo", "next"])
    container.start()
    container.until(EXITED)
    assert container.until_printed(b"next\n") == b"x" * LONG + b"\nnext\n"


@proved_by("cri-log-unfinished-lost")
@musts("cri.log.partial")
def test_a_line_without_an_end_is_in_the_log(pod: Sandbox) -> None:
    """What a program prints last without a newline is in the log when the program has ended."""
    container = pod.container(command=["/probe", "echo", "full", "to", "/dev/null", "writefd", "1", "unfinished"])
    container.start()
    container.until(EXITED)
    assert container.until_printed(b"unfinished").rstrip(b"\n") == b"full\nunfinished"


@proved_by("cri-log-empty-lines-lost")
@musts("cri.log.format")
def test_an_empty_line_is_in_the_log(pod: Sandbox) -> None:
    """An empty line is a line of the log."""
    container = pod.container(command=["/probe", "echo", "", "echo", "end"])
    container.start()
    container.until(EXITED)
    assert container.until_printed(b"end\n") == b"\nend\n"


@proved_by("cri-log-bytes-changed")
@musts("cri.log.file")
def test_any_bytes_can_be_printed(pod: Sandbox) -> None:
    """Bytes that are no text are in the log as they were printed."""
    container = pod.container(command=["/probe", "echo", "ünï\tcödé \u2028 \x1b[0m"])
    container.start()
    container.until(EXITED)
    assert container.until_printed(b"[0m\n") == "ünï\tcödé \u2028 \x1b[0m\n".encode()


@proved_by("cri-log-disordered")
@musts("cri.log.order")
def test_lines_are_in_order(pod: Sandbox) -> None:
    """Many lines are in the log in their order, none is missing, and their times do not go back."""
    words = [word for number in range(300) for word in ("echo", f"line {number}")]
    container = pod.container(command=["/probe", *words])
    container.start()
    container.until(EXITED)
    expected = b"".join(f"line {number}\n".encode() for number in range(300))
    assert container.until_printed(b"line 299\n") == expected
    times = [_seconds(line.time) for line in container.log()]
    assert times == sorted(times)


@proved_by("cri-log-absent-path-refused")
@musts("cri.log.file")
def test_a_container_need_not_have_a_log(pod: Sandbox) -> None:
    """A container without a path for its log runs, and writes none."""
    container = pod.container(do("exit", 4), log_path=None)
    container.start()
    assert container.until(EXITED).exit_code == 4


@proved_by("cri-log-reopen-ignored")
@musts("cri.log.reopen")
def test_a_log_can_be_rotated(cri: CriScene, pod: Sandbox) -> None:
    """After its file was renamed and the log reopened, what is printed goes to a new file at the path."""
    container = pod.running(do("trap", "USR1"), do("echo", "before"), do("wait"), do("echo", "after"))
    rotated = container.log_path.with_suffix(".1")
    container.log_path.rename(rotated)
    cri.call("ReopenContainerLog", container_id=container.id)
    assert container.log_path.exists()
    container.probe("kill", 1, "USR1")
    assert b"after\n" in container.until_printed(b"after\n")
    assert b"before\n" in text_of(read_log(rotated))
    assert b"after\n" not in text_of(read_log(rotated))


@proved_by("cri-log-reopen-loses-lines")
@musts("cri.log.reopen.complete")
def test_no_line_is_lost_when_a_log_is_rotated(cri: CriScene, pod: Sandbox) -> None:
    """A program that prints all the time loses no line while its log is rotated three times."""
    words = [word for number in range(60) for word in ("echo", f"line {number}", "burn", "5")]
    container = pod.container(command=["/probe", *words, "echo", "end"])
    container.start()
    files = []
    for turn in range(3):
        container.until_printed(b"line")
        rotated = container.log_path.with_suffix(f".{turn}")
        container.log_path.rename(rotated)
        files.append(rotated)
        if not cri.attempt("ReopenContainerLog", {"container_id": container.id}).good:
            rotated.rename(container.log_path)
            files.pop()
            break
    container.until(EXITED)
    container.until_printed(b"end\n")
    found = b"".join(text_of(read_log(path)) for path in [*files, container.log_path])
    assert found == b"".join(f"line {number}\n".encode() for number in range(60)) + b"end\n" or _burns(found)


def _burns(found: bytes) -> bool:
    """Whether every line is there, among what the probe says of its burning."""
    lines = [line for line in found.splitlines() if not line.startswith(b"{")]
    return lines == [*(f"line {number}".encode() for number in range(60)), b"end"]


@proved_by("cri-log-reopen-refused-makes-file")
@musts("cri.log.reopen.exited")
@pytest.mark.parametrize("state", ["created", "exited"])
def test_a_refused_reopening_makes_no_file(cri: CriScene, pod: Sandbox, state: str) -> None:
    """The log of a container that does not run may be reopened or not: if it is refused there is no new file."""
    container = pod.container()
    if state == "exited":
        container.start()
        container.until(EXITED)
        container.log_path.unlink(missing_ok=True)
    before = container.log_path.exists()
    answer = cri.attempt("ReopenContainerLog", {"container_id": container.id})
    assert container.log_path.exists() is (before or answer.good)


@proved_by("cri-log-reopen-absent-accepted")
@musts("cri.log.reopen")
def test_the_log_of_an_absent_container_can_not_be_reopened(cri: CriScene, pod: Sandbox) -> None:
    """ReopenContainerLog of a container that is not there is an error."""
    container = pod.container()
    container.remove()
    assert not cri.attempt("ReopenContainerLog", {"container_id": container.id}).good


@proved_by("cri-log-tty-missing")
@musts("cri.log.streams", "cri.container.tty")
def test_a_terminal_is_logged_as_standard_output(pod: Sandbox) -> None:
    """What a program with a terminal prints is in the log as standard output."""
    container = pod.container(command=["/probe", "echo", "ahoy", "to", "/dev/stderr", "echo", "err"], tty=True)
    container.start()
    container.until(EXITED)
    container.until_printed(b"ahoy")
    assert {line.stream for line in container.log()} == {"stdout"}


@proved_by("cri-log-slow-reader-blocks")
@musts("cri.log.order")
def test_containers_of_a_pod_log_each_for_themselves(pod: Sandbox) -> None:
    """Containers that print at once have each its own lines in its own log."""
    containers = [
        pod.container(command=["/probe", *[word for _ in range(100) for word in ("echo", f"from {number}")]])
        for number in range(3)
    ]
    threads = [threading.Thread(target=container.start) for container in containers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, container in enumerate(containers):
        container.until(EXITED)
        assert container.until_printed(f"from {number}\n".encode() * 100) == f"from {number}\n".encode() * 100


def _seconds(text: str) -> float:
    whole, _, rest = text.partition(".")
    digits = rest.rstrip("Z")[:9].partition("+")[0].partition("-")[0] if rest else "0"
    zone = text[19 + len(digits) + 1 :] if rest else text[19:]
    try:
        return datetime.fromisoformat(whole[:19] + zone).timestamp() + float(f"0.{digits}")
    except ValueError:
        raise Violation(f"a time of the log is no time: {text}") from None
