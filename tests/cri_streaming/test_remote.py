"""Exec and attach: our client on our server, over each protocol."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.harness.cri.streaming import NotStarted, Remote, StreamRefused, attach
from conformance.harness.cri.streaming.remote import PROTOCOLS
from conformance.harness.errors import Hung, Violation
from reference_runtime.cri.streaming import StreamFailed, StreamingServer

Execute = Callable[..., Remote]
CAT = "import os\nwhile data := os.read(0, 65536): os.write(1, data)"
BIG = "import os, sys\nfor _ in range(int(sys.argv[1])): sys.stdout.buffer.write(bytes(range(256)) * 4096)"
MEGABYTE = bytes(range(256)) * 4096


CLOSING = pytest.mark.parametrize("protocol", ["spdy:v4.channel.k8s.io", "websocket:v5.channel.k8s.io"])


def test_output_and_status_come(execute: Execute, protocol: str) -> None:
    remote = execute(protocol, "import os; os.write(1, b'out'); os.write(2, b'err'); os._exit(3)")
    assert remote.wait() == 3
    assert (remote.stdout, remote.stderr) == (b"out", b"err")
    assert protocol.endswith(remote.protocol)


def test_success_is_status_0(execute: Execute, protocol: str) -> None:
    remote = execute(protocol, "")
    assert remote.wait() == 0
    assert b'"Success"' in remote.error


def test_a_signal_is_128_and_its_number(execute: Execute, protocol: str) -> None:
    assert execute(protocol, "import os; os.kill(os.getpid(), 9)").wait() == 137


def test_input_reaches_the_program(execute: Execute, protocol: str) -> None:
    remote = execute(protocol, "import os; os.write(1, os.read(0, 99).upper())", stdin=True)
    remote.send(b"sea")
    assert remote.wait() == 0
    assert remote.stdout == b"SEA"


@CLOSING
def test_the_end_of_input_reaches_the_program(execute: Execute, protocol: str) -> None:
    remote = execute(protocol, CAT, stdin=True)
    remote.send(b"one ")
    assert remote.until(b"one ")
    remote.send(b"two")
    remote.close_stdin()
    assert remote.wait() == 0
    assert remote.stdout == b"one two"


def test_input_without_its_end_keeps_the_program(execute: Execute, protocol: str) -> None:
    remote = execute(protocol, CAT, stdin=True)
    remote.send(b"one")
    remote.until(b"one")
    with pytest.raises(Hung):
        remote.wait(0.1)


def test_close_frames_mean_nothing_to_v4(execute: Execute) -> None:
    remote: Any = execute("websocket:v4.channel.k8s.io", CAT, stdin=True)
    remote.carrier.socket.send(b"\xff\x00")
    remote.send(b"still there")
    remote.until(b"still there")


def test_streams_that_were_not_asked_for_stay_silent(execute: Execute, protocol: str) -> None:
    code = "import os; os.write(1, b'out'); os.write(2, b'err'); os.write(1, b'%d' % len(os.read(0, 9)))"
    remote = execute(protocol, code, stdout=True, stderr=False)
    assert remote.wait() == 0
    assert (remote.stdout, remote.stderr) == (b"out0", b"")


def test_a_terminal_has_one_output_and_a_size(execute: Execute, protocol: str) -> None:
    code = (
        "import fcntl, os, signal, termios\n"
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        "def tell(*_): os.write(1, b'[%d %d]' % tuple(os.get_terminal_size(0)))\n"
        "signal.signal(signal.SIGWINCH, tell)\n"
        "os.write(2, b'ready %d\\n' % (os.isatty(0) and os.isatty(1) and os.isatty(2)))\n"
        "os.write(1, os.read(0, 99))\n"
    )
    remote = execute(protocol, code, stdin=True, tty=True)
    remote.until(b"ready 1\r\n")
    remote.resize(80, 24)
    remote.until(b"[80 24]")
    remote.resize(132, 43)
    remote.until(b"[132 43]")
    remote.send(b"sea\n")
    assert remote.wait() == 0
    assert remote.stdout.endswith(b"sea\r\nsea\r\n")  # the echo of the terminal, then the program
    assert remote.stderr == b""


@pytest.mark.parametrize(
    ("protocol", "window"), [("spdy:v4.channel.k8s.io", 1 << 18), *((name, 0) for name in PROTOCOLS)]
)
def test_large_output_comes_whole_to_a_slow_reader(execute: Execute, protocol: str, window: int) -> None:
    size = 4 if "base64" in protocol else 64
    remote = execute(protocol, BIG, size, window=window)
    remote.pull()
    time.sleep(0.2)  # a slow reader: the server must wait, not drop
    assert remote.wait(60) == 0
    assert remote.stdout == MEGABYTE * size


def test_a_slow_reader_holds_the_program_up(execute: Execute, protocol: str, tmp_path: Path) -> None:
    code = "import os, sys\nwith open(sys.argv[1], 'r+') as told:\n for n in range(1024):\n"
    code += "  os.write(1, b'x' * 65536); os.pwrite(told.fileno(), b'%04d' % n, 0)"
    written = tmp_path / "written"
    written.write_text("0000")
    remote = execute(protocol, code, written)
    remote.pull()
    before, now = "", written.read_text()
    while before != now:
        time.sleep(0.3)
        before, now = now, written.read_text()
    assert int(now) < 512
    assert remote.wait(60) == 0
    assert remote.size() == 1 << 26


@CLOSING
def test_large_input_is_echoed(execute: Execute, protocol: str) -> None:
    remote = execute(protocol, CAT, stdin=True)
    for _ in range(16):
        remote.send(MEGABYTE)
    remote.close_stdin()
    assert remote.wait(60) == 0
    assert remote.stdout == MEGABYTE * 16


def test_flow_control_lets_large_input_through(execute: Execute) -> None:
    remote = execute("spdy:v4.channel.k8s.io", CAT, stdin=True, window=1 << 15)
    for number in range(64):
        remote.send(MEGABYTE[: 1 << 15])
        while remote.size() < (number + 1) << 15:
            remote.pull()
    remote.close_stdin()
    assert remote.wait(60) == 0
    assert remote.stdout == MEGABYTE[: 1 << 15] * 64


def test_flow_control_stops_at_the_window(execute: Execute) -> None:
    remote: Any = execute("spdy:v4.channel.k8s.io", BIG, 1, window=1000)
    spdy = remote.carrier.spdy
    spdy._window = 0  # take without granting more
    with pytest.raises(Hung):
        remote.wait(0.3)
    assert remote.size() == 1000


def test_input_that_nobody_reads_does_not_hold_up_output(execute: Execute, protocol: str) -> None:
    remote = execute(protocol, "import os; os.close(0); os.write(1, b'out'); os.read(os.pipe()[0], 1)", stdin=True)
    for _ in range(4):
        remote.send(MEGABYTE)
    remote.until(b"out")


def test_output_of_an_orphan_does_not_hold_up_the_end(execute: Execute, protocol: str) -> None:
    code = "import os, time\nif os.fork(): os.write(1, b'parent'); os._exit(4)\ntime.sleep(20)"
    remote = execute(protocol, code)
    assert remote.wait(10) == 4
    assert remote.stdout == b"parent"


def test_a_client_that_leaves_ends_the_session(execute: Execute, protocol: str, backend: Any) -> None:
    remote = execute(protocol, CAT, stdin=True)
    remote.send(b"x")
    remote.until(b"x")
    remote.close()
    assert backend.programs[0].closed.wait(10)


def test_the_last_words_of_a_client_arrive(execute: Execute, protocol: str, backend: Any, tmp_path: Any) -> None:
    heard = tmp_path / "heard"
    code = "import os, sys\nos.write(1, b'ready')\nopen(sys.argv[1], 'w').write(sys.stdin.readline())"
    remote = execute(protocol, code, heard, stdin=True)
    remote.until(b"ready")
    remote.send(b"farewell\n")
    remote.close()
    assert backend.programs[0].popen.wait(10) == 0
    assert backend.programs[0].closed.wait(10)
    assert heard.read_text() == "farewell\n"


def test_many_streams_at_once(server: StreamingServer, command: Callable[..., Any], protocol: str) -> None:
    found: list[bool] = []

    def one(number: int) -> None:
        request = command("import os, sys; os.write(1, b'x' * 300000); os._exit(int(sys.argv[1]))", number % 100)
        with attach(server.url_for_exec(request), protocol) as remote:
            found.append(remote.wait(60) == number % 100 and remote.stdout == b"x" * 300000)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 40


def test_what_can_not_be_started_is_told(server: StreamingServer, command: Callable[..., Any], protocol: str) -> None:
    request = command("")
    request.cmd = ["/no/such/program"]
    with attach(server.url_for_exec(request), protocol) as remote, pytest.raises(NotStarted) as caught:
        remote.wait()
    assert caught.value.status["reason"] == "InternalError"
    assert "/no/such/program" in caught.value.message


def test_attach_tells_no_exit_status(server: StreamingServer, command: Callable[..., Any], backend: Any) -> None:
    request = command("", stdin=True)
    with attach(server.url_for_attach(request), stdin=True) as remote:
        remote.send(b"sea")
        remote.until(b"sea")
        backend.programs[0].popen.kill()
        assert remote.wait() == 0


def test_old_protocols_tell_errors_as_text(server: StreamingServer, command: Callable[..., Any]) -> None:
    for protocol in ("websocket:channel.k8s.io", "websocket:", "spdy:v2.channel.k8s.io"):
        url = server.url_for_exec(command("raise SystemExit(3)"))
        with attach(url, protocol) as remote, pytest.raises(NotStarted, match="3"):
            remote.wait()
        with attach(server.url_for_exec(command("")), protocol) as remote:
            assert remote.wait() == 0


def test_the_client_chooses_the_protocol(server: StreamingServer, command: Callable[..., Any]) -> None:
    url = server.url_for_exec(command(""))
    with attach(url, "websocket:v9.channel.k8s.io,v4.channel.k8s.io,v5.channel.k8s.io") as remote:
        assert remote.protocol == "v4.channel.k8s.io"


@pytest.mark.parametrize("protocol", ["websocket:v9.channel.k8s.io", "spdy:v9.channel.k8s.io", "spdy:"])
def test_no_protocol_in_common_is_refused(server: StreamingServer, command: Callable[..., Any], protocol: str) -> None:
    with pytest.raises(StreamRefused, match="no protocol in common") as caught:
        attach(server.url_for_exec(command("")), protocol)
    assert caught.value.status == 403


def test_an_url_serves_once(server: StreamingServer, command: Callable[..., Any], protocol: str) -> None:
    url = server.url_for_exec(command(""))
    with attach(url, protocol) as remote:
        assert remote.wait() == 0
    for wrong in (url, url + "x", url.replace("/exec/", "/attach/"), url.rpartition("/")[0] + "/"):
        with pytest.raises(StreamRefused) as caught:
            attach(wrong, protocol)
        assert caught.value.status == 404


def test_an_url_serves_its_kind_only(server: StreamingServer, command: Callable[..., Any]) -> None:
    with pytest.raises(StreamRefused):
        attach(server.url_for_exec(command("")).replace("/exec/", "/attach/"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tty": True, "stderr": True}, "tty and stderr"),
        ({"stdout": False, "stderr": False}, "one of stdin, stdout and stderr"),
    ],
)
def test_requests_that_contradict_themselves(
    server: StreamingServer, command: Callable[..., Any], fields: dict[str, bool], message: str
) -> None:
    for method in (server.url_for_exec, server.url_for_attach):
        with pytest.raises(ValueError, match=message):
            method(command("", **fields))


def test_too_many_urls_are_refused(server: StreamingServer, command: Callable[..., Any]) -> None:
    for _ in range(1000):
        server.url_for_exec(command(""))
    with pytest.raises(StreamFailed, match="too many"):
        server.url_for_exec(command(""))


def test_closing_the_server_ends_all_streams(
    server: StreamingServer, execute: Execute, protocol: str, backend: Any
) -> None:
    remote = execute(protocol, CAT, stdin=True)
    remote.send(b"x")
    remote.until(b"x")
    server.close()
    with pytest.raises(Violation):
        remote.wait()
    assert backend.programs[0].closed.wait(10)
