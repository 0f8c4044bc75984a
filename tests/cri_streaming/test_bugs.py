"""Each deliberate fault of the streaming server shows, and only where it should."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from conformance.harness.cri.streaming import NotStarted, Remote, StreamRefused, attach, port_forward
from conformance.harness.errors import Hung, Violation
from reference_runtime.cri.streaming import BUGS, StreamingServer

Serve = Callable[..., StreamingServer]
Command = Callable[..., Any]
BOTH = "import os; os.write(1, b'out'); os.write(2, b'err'); os._exit(3)"
SIZES = (
    "import fcntl, os, signal, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "signal.signal(signal.SIGWINCH, lambda *_: os.write(1, b'%d %d!' % tuple(os.get_terminal_size(0))))\n"
    "os.write(1, b'ready')\nos.read(0, 9)"
)


@pytest.fixture
def broken(serve: Serve, command: Command) -> Callable[..., Remote]:
    """A program at the other end of a server with a fault."""

    def start(bug: str, code: str, **fields: Any) -> Remote:
        assert bug in BUGS
        fields = {"stderr": not fields.get("tty")} | fields
        return attach(serve(bug).url_for_exec(command(code, **fields)), timeout=1, **fields)

    return start


def test_outputs(broken: Callable[..., Remote]) -> None:
    with broken("cri-stream-stderr-mixed", BOTH) as remote:
        assert remote.wait() == 3
        assert (sorted(remote.stdout), remote.stderr) == (sorted(b"outerr"), b"")
    with broken("cri-stream-stdout-lost", BOTH) as remote:
        assert remote.wait() == 3
        assert (remote.stdout, remote.stderr) == (b"", b"err")
    with broken("cri-stream-truncated", "print('x' * 100000)") as remote:
        assert remote.wait() == 0
        assert remote.size() == 1 << 16


def test_status(broken: Callable[..., Remote], serve: Serve, command: Command) -> None:
    with broken("cri-stream-status-zero", BOTH) as remote:
        assert remote.wait() == 0
    with broken("cri-stream-status-missing", BOTH) as remote, pytest.raises(Violation, match="without a status"):
        remote.wait()
    request = command("")
    request.cmd = ["/no/such/program"]
    with attach(serve("cri-stream-error-missing").url_for_exec(request)) as remote:
        assert remote.wait() == 0
    with attach(serve().url_for_exec(request)) as remote, pytest.raises(NotStarted):
        remote.wait()


def test_input(broken: Callable[..., Remote]) -> None:
    with broken("cri-stream-stdin-kept-open", "import os; os.read(0, 9); os.read(0, 9)", stdin=True) as remote:
        remote.send(b"x")
        remote.close_stdin()
        with pytest.raises(Hung):
            remote.wait(0.3)
    with broken("cri-stream-stdin-ignored", "import os; os.write(1, os.read(0, 9))", stdin=True) as remote:
        remote.send(b"x")
        with pytest.raises(Hung):
            remote.wait(0.3)
    code = "import os\nwhile os.read(0, 9): pass\nos.write(1, b'late')"
    with broken("cri-stream-stdin-closes-all", code, stdin=True) as remote:
        remote.close_stdin()
        assert remote.wait() == 0
        assert remote.stdout == b""


def test_terminals(broken: Callable[..., Remote]) -> None:
    with broken("cri-stream-resize-ignored", SIZES, stdin=True, tty=True) as remote:
        remote.until(b"ready")
        remote.resize(80, 24)
        with pytest.raises(Hung):
            remote.until(b"!", seconds=0.3)
    with broken("cri-stream-resize-swapped", SIZES, stdin=True, tty=True) as remote:
        remote.until(b"ready")
        remote.resize(80, 24)
        remote.until(b"24 80!")
    with broken("cri-stream-tty-ignored", "import os; os.write(1, b'%d' % os.isatty(1))", tty=True) as remote:
        assert remote.wait() == 0
        assert remote.stdout == b"0"


def test_urls(serve: Serve, command: Command) -> None:
    url = serve("cri-stream-token-reusable").url_for_exec(command(BOTH))
    for _ in range(2):
        with attach(url) as remote:
            assert remote.wait() == 3
    url = serve().url_for_exec(command(BOTH))
    with attach(url) as remote:
        assert remote.wait() == 3
    with pytest.raises(StreamRefused):
        attach(url)


def test_requests(serve: Serve, command: Command) -> None:
    server = serve("cri-stream-nothing-required")
    assert server.url_for_exec(command("", stdout=False, stderr=False))
    assert server.url_for_attach(command("", stdout=False, stderr=False))
    server = serve("cri-stream-tty-with-stderr")
    assert server.url_for_exec(command("", tty=True))
    assert server.url_for_attach(command("", tty=True))


def test_attach(serve: Serve, command: Command) -> None:
    request = command("", stdin=True)
    with attach(serve("cri-attach-silent").url_for_attach(request), stdin=True) as remote:
        remote.send(b"sea")
        with pytest.raises(Hung):
            remote.until(b"sea", seconds=0.3)
    with attach(serve("cri-attach-silent").url_for_exec(command(BOTH))) as remote:
        assert remote.wait() == 3
        assert remote.stdout == b"out"


def test_forwarding(serve: Serve, ports: Command, echo: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    with port_forward(serve("cri-forward-next-port").url_for_port_forward(ports(echo - 1))) as tunnel:
        assert tunnel.connect(echo - 1).receive() == b"from %d\n" % echo
    with (
        port_forward(serve("cri-forward-error-missing").url_for_port_forward(ports(free))) as tunnel,
        pytest.raises(Hung),
    ):
        tunnel.connect(free).error(0.3)
    with port_forward(serve("cri-forward-half-close-lost").url_for_port_forward(ports(echo))) as tunnel:
        connection = tunnel.connect(echo)
        connection.finish()
        with pytest.raises(Hung):
            connection.read_all(0.3)
    with port_forward(serve("cri-forward-truncated").url_for_port_forward(ports(echo))) as tunnel:
        connection = tunnel.connect(echo)
        connection.send(bytes(200_000))
        assert len(connection.read_all()) < 200_000
    request = ports(echo)
    with port_forward(serve("cri-forward-host").url_for_port_forward(request)) as tunnel:
        assert tunnel.connect(echo).receive()
