"""config.md, Process: terminal and consoleSize, and the standard streams without a terminal."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance import musts, proved_by
from conformance.harness.console import Console
from conformance.harness.container import Container
from conformance.harness.observed import Program
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import edited
from strategies.edits import args, console_size, do, folder, mount, put, stat, stdin, tag, terminal, trap, wait

#: What a terminal needs besides the base config, for containers whose own process has none.
PTS = mount("/dev/pts", type="devpts", source="devpts", options=["newinstance", "ptmxmode=0666", "mode=0620"])


@contextmanager
def on_console(made: Container) -> Iterator[Console]:
    """A container that was created with a console socket, over which its terminal came."""
    with Console(made.bundle.folder / "tty") as console:
        made.create("--console-socket", str(console.path))
        console.receive()
        yield console


def program_on(console: Console, made: Container) -> Program:
    """What the program of a started container said on its terminal, until its end."""
    return Program(made.scene.journal, console.read_all(), "", None)


def run_on_console(made: Container) -> Program:
    """Run a container with a terminal to its end, and return what it said there."""
    with on_console(made) as console:
        made.start()
        program = program_on(console, made)
        made.wait()
    return program


@musts("process.terminal", "process.terminal.streams")
@proved_by("terminal-ignored", "terminal-input-only")
def test_the_standard_streams_are_the_terminal(container: MakeContainer) -> None:
    """With a terminal all three standard streams are one pseudoterminal, and it is one of the container's."""
    tty = run_on_console(container(terminal(), folder("/dev/pts"))).inside.tty
    assert set(tty) == {"0", "1", "2"}
    assert len({(each.device, each.name) for each in tty.values()}) == 1
    assert tty["0"].name == "/dev/pts/0"


@musts("process.terminal")
@proved_by("controlling-terminal-missing")
def test_the_terminal_controls_the_program(container: MakeContainer) -> None:
    """The terminal is the controlling terminal of the program, which leads its session."""
    inside = run_on_console(container(terminal())).inside
    assert (inside.controlling_tty, inside.sid) == (True, inside.pid)


@musts("process.terminal.streams")
@proved_by("terminal-ignored", "terminal-input-only", "stdin-empty")
def test_what_is_typed_arrives(container: MakeContainer) -> None:
    """What is typed at the other end of the terminal is the program's input, and its output is shown there."""
    made = container(terminal(), tag("listening"), do("line"), do("writefd", 2, "heard"))
    with on_console(made) as console:
        made.start()
        console.read_until('{"tag":"listening"}')
        console.write("ahoy\n")
        program = program_on(console, made)
        made.wait()
    assert program.action("line").content == "ahoy"
    assert "heard" in program.output


@musts("process.terminal.streams")
@proved_by("controlling-terminal-missing")
def test_the_interrupt_key_interrupts_the_program(container: MakeContainer) -> None:
    """The terminal's interrupt character sends SIGINT to the program."""
    made = container(terminal(), trap("INT"), wait())
    with on_console(made) as console:
        made.start()
        console.read_until('"verb":"wait"')
        console.write("\x03")
        assert console.read_until('{"signal":"')
        made.wait()


@musts("process.console-size", "process.console-size.height", "process.console-size.width")
@proved_by("console-size-ignored", "console-size-swapped")
@pytest.mark.parametrize(("height", "width"), [(25, 80), (300, 1000)], ids=["usual", "large"])
def test_the_terminal_has_the_configured_size(container: MakeContainer, height: int, width: int) -> None:
    """Rows and columns of the terminal are those of the config when the program starts, inside and outside."""
    made = container(terminal(), console_size(height, width))
    with on_console(made) as console:
        assert console.size() == (height, width)
        made.start()
        tty = program_on(console, made).inside.tty["0"]
        made.wait()
    assert (tty.rows, tty.columns) == (height, width)


@musts("process.terminal.default", "process.console-size.ignored")
@proved_by("terminal-always")
@pytest.mark.parametrize("value", [None, False], ids=["absent", "false"])
def test_without_a_terminal_there_is_none(run: Run, value: bool | None) -> None:
    """Without a terminal none of the streams is one, nothing controls the program, and a console size is ignored."""
    change = put("process.terminal", False) if value is False else console_size(10, 20)
    inside = run(change, console_size(30, 40))
    assert (inside.tty, inside.controlling_tty) == ({}, False)


@musts("devices.default.console")
@proved_by("console-not-bound", "terminal-ignored")
def test_the_console_is_the_terminal(container: MakeContainer, run: Run) -> None:
    """/dev/console is the terminal by a bind mount, and is there with a terminal only."""
    program = run_on_console(container(terminal(), stat("/dev/console")))
    console = program.action("stat")
    assert f"{console.major}:{console.minor}" == program.inside.tty["0"].device
    assert program.inside.mount("/dev/console") is not None
    assert run().device("console") is None


@musts("process.terminal.default")
@proved_by("stdin-empty", "stderr-is-stdout", "terminal-always")
def test_without_a_terminal_the_streams_are_the_callers(container: MakeContainer) -> None:
    """Without a terminal the program reads what the caller of create gave, and writes to where the caller said."""
    made = container(stdin(), do("writefd", 2, "to stderr"))
    made.prepare("printf 'one\\ntwo' >input")
    made.create(files={0: (str(made.bundle.folder / "input"), os.O_RDONLY)})
    made.start()
    program = made.wait()
    assert program.action("stdin").content == "one\ntwo"
    assert program.stderr == "to stderr"
    assert "to stderr" not in program.output.replace('"to stderr"', "")


@musts("process.terminal.default", needs="command.exec")
@proved_by("exec-stdin-empty", "exec-stderr-is-stdout")
def test_without_a_terminal_exec_has_the_streams_of_its_caller(bring: Bring) -> None:
    """Without a terminal a process executed later reads and writes what the caller of exec has given it."""
    running = bring("running")
    running.prepare("printf 'one\\ntwo' >input")
    stdio = {0: (str(running.bundle.folder / "input"), os.O_RDONLY)}
    program = running.exec("/probe", "report", "stdin", "writefd", "2", "to stderr", files=stdio)
    assert program.action("stdin").content == "one\ntwo"
    assert program.stderr == "to stderr"
    assert (program.inside.tty, program.inside.controlling_tty) == ({}, False)


@musts("process.terminal", "process.terminal.streams", needs="command.exec")
@proved_by("exec-terminal-dropped", "exec-flags-ignored")
def test_exec_can_have_a_terminal(bring: Bring) -> None:
    """A process executed with a terminal has one of its own, which controls it."""
    running = bring("running", PTS)
    with Console(running.bundle.folder / "tty") as console:
        running.call("exec", "--tty", "--detach", "--console-socket", str(console.path), running.id, "/probe", "report")
        inside = program_on(console, running).inside
    assert set(inside.tty) == {"0", "1", "2"}
    assert (inside.controlling_tty, inside.sid) == (True, inside.pid)


@musts("process.terminal", "process.console-size", needs="command.exec")
@proved_by("exec-console-size-dropped", "exec-document-ignored")
def test_exec_takes_the_terminal_of_its_document(bring: Bring) -> None:
    """With a process document exec gives its process the terminal that this asks for, in its size."""
    running = bring("running", PTS)
    document = running.bundle.folder / "process.json"
    late = args("/probe", "line", "winsize")
    document.write_text(json.dumps(edited(terminal(), console_size(33, 121), late)["process"]))
    with Console(running.bundle.folder / "tty") as console:
        words = ("--process", str(document), "--detach", "--console-socket", str(console.path))
        running.call("exec", *words, running.id)
        console.write("\n")
        size = program_on(console, running).action("winsize")
    assert (size.rows, size.columns) == (33, 121)
