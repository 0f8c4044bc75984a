"""The command line ``seatrial-runtime [global options] COMMAND [options] …``: the words that runc's users type."""

from __future__ import annotations

import os
import sys

from reference_runtime import faults, messages
from reference_runtime.errors import Missing, Pretended, RuntimeFault, SpecError
from reference_runtime.link import explain
from reference_runtime.options import Option, Usage, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Values = dict[str, Any]

VERSION = "0.1.0"

GLOBAL = (
    Option("--root", "text", "where the state of containers is kept", "/run/seatrial-runtime"),
    Option("--log", "text", "a file that messages are appended to"),
    Option("--log-format", "text", "text or json", "text"),
    Option("--debug", "flag", "show where an unexpected error came from"),
    Option("--systemd-cgroup", "flag", "refused: control groups are made directly"),
    Option("--rootless", "text", "ignored: what the user may do is found out", "auto"),
    Option("--bug", "list", "break the runtime in one way, by name; may be repeated"),
    Option("--bugs", "flag", "list the ways to break it"),
    Option("--plan", "flag", "print what create or run would do, and do nothing"),
    Option("--version -v", "flag", "print the version"),
    Option("--help -h", "flag", "print this help"),
)

_BUNDLE = Option("--bundle -b", "text", "the folder with config.json", ".")
_PID_FILE = Option("--pid-file", "text", "where the process id is written to")
_CONSOLE = Option("--console-socket", "text", "the socket that gets the terminal")
_PRESERVE = Option("--preserve-fds", "number", "pass this many more descriptors on, from 3", 0)
_CREATE = (
    _BUNDLE,
    _CONSOLE,
    _PID_FILE,
    Option("--no-pivot", "flag", "enter the root by chroot"),
    Option("--no-new-keyring", "flag", "keep the session keyring"),
    _PRESERVE,
)
_FORMAT = Option("--format -f", "text", "table or json", "table")


class Command:
    """A command: the module and the function that it is, its options, its other words, and what it is for.

    ``words`` names the other words; one in brackets may be missing, ``…`` stands for any number, which are then not
    looked at for options.
    """

    __slots__ = ("function", "help", "module", "options", "words")

    def __init__(self, place: str, words: str, help_: str, *options: Option) -> None:
        self.module, _, self.function = place.partition(":")
        self.words = words.split()
        self.help = help_
        self.options = options


COMMANDS = {
    "create": Command("containers:create", "ID", "create a container, which waits for start", *_CREATE),
    "start": Command("containers:start", "ID", "run the program of a created container"),
    "run": Command(
        "containers:run",
        "ID",
        "create and start a container, and delete it at its end",
        *_CREATE,
        Option("--detach -d", "flag", "do not wait for its end"),
        Option("--keep", "flag", "do not delete it at its end"),
        Option("--no-subreaper", "flag", "do not adopt orphans of the container"),
    ),
    "state": Command("queries:state", "ID", "print the state of a container"),
    "kill": Command(
        "containers:kill",
        "ID [SIGNAL]",
        "send a signal to the process of a container, TERM unless told",
        Option("--all -a", "flag", "send it to every process of the container"),
    ),
    "delete": Command(
        "containers:delete", "ID", "delete a stopped container", Option("--force -f", "flag", "kill it if it runs")
    ),
    "list": Command("queries:list_all", "", "list the containers", _FORMAT, Option("--quiet -q", "flag", "ids only")),
    "ps": Command("queries:ps", "ID [OPTIONS…]", "list the processes of a container", _FORMAT),
    "pause": Command("containers:pause", "ID", "stop every process of a container for a while"),
    "resume": Command("containers:resume", "ID", "let a paused container go on"),
    "exec": Command(
        "processes:execute",
        "ID [ARGS…]",
        "run another program in a container",
        Option("--process -p", "text", "a file with the process as config.json has it"),
        Option("--cwd", "text", "its working directory"),
        Option("--env -e", "list", "NAME=value; may be repeated"),
        Option("--tty -t", "flag", "give it a terminal"),
        Option("--user -u", "text", "UID[:GID]"),
        Option("--additional-gids -g", "list", "a further group; may be repeated"),
        Option("--cap -c", "list", "a further capability; may be repeated"),
        Option("--no-new-privs", "flag", "it gains no new privileges"),
        Option("--cgroup", "text", "a group below the container's own"),
        Option("--detach -d", "flag", "do not wait for its end"),
        Option("--apparmor", "text", "its AppArmor profile"),
        Option("--process-label", "text", "its SELinux label"),
        Option("--ignore-paused", "flag", "do it even if the container is paused"),
        _PID_FILE,
        _CONSOLE,
        _PRESERVE,
    ),
    "events": Command(
        "resources:events",
        "ID",
        "print how much a container uses, and when it runs out of memory",
        Option("--stats", "flag", "once, and no more"),
        Option("--interval", "text", "how often", "5s"),
    ),
    "update": Command(
        "resources:update",
        "ID",
        "change the limits of a container",
        Option("--resources -r", "text", "a file with linux.resources; - is the standard input"),
        Option("--blkio-weight", "number", "relative share of block I/O"),
        Option("--cpu-period", "number", "period of the CPU quota in microseconds"),
        Option("--cpu-quota", "number", "CPU time within a period in microseconds"),
        Option("--cpu-burst", "number", "what may be saved up for later periods in microseconds"),
        Option("--cpu-share", "number", "relative share of CPU time"),
        Option("--cpu-rt-period", "number", "period of real-time scheduling in microseconds"),
        Option("--cpu-rt-runtime", "number", "real-time CPU time within a period in microseconds"),
        Option("--cpu-idle", "number", "1 for a group that runs only when nobody else does"),
        Option("--cpuset-cpus", "text", "processors, such as 0-3,7"),
        Option("--cpuset-mems", "text", "memory nodes"),
        Option("--memory", "text", "limit of memory in bytes, or with a suffix K, M, G"),
        Option("--memory-reservation", "text", "limit of memory when it is scarce"),
        Option("--memory-swap", "text", "limit of memory and swap together"),
        Option("--pids-limit", "number", "number of processes"),
    ),
    "spec": Command(
        "documents_made:spec",
        "",
        "write an example of a config.json",
        Option("--bundle -b", "text", "where to", "."),
        Option("--rootless", "flag", "for a user other than root"),
    ),
    "features": Command("documents_made:features", "", "print what the runtime supports"),
}


def main(words: list[str]) -> int:
    """Runs a command line; returns the exit status.  Every failure is one line on the standard error."""
    try:
        return _run(words)
    except Pretended:
        return 0
    except (RuntimeFault, SpecError, OSError) as problem:
        if isinstance(problem, Missing) and any(faults.has(f"{word}-accepts-missing") for word in words):
            return 0
        if not faults.has("errors-without-message"):
            messages.error(explain(problem))
        return 0 if faults.has("errors-exit-0") else 1
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        if "--debug" in words:
            raise
        messages.error(f"internal error, see it with --debug: {explain(problem)}")
        return 1


def _run(words: list[str]) -> int:
    values, rest = parse(words, GLOBAL, everything=False)
    _settle(values)
    if values["bugs"]:
        return _list_bugs()
    if values["version"]:
        print(f"seatrial-runtime version {VERSION}\nspec: {_spec_version()}")
        return 0
    if values["help"] or not rest or rest[0] in {"help", "h"}:
        print(_help())
        return 0 if values["help"] or rest else 1
    name, *others = rest
    if name not in COMMANDS:
        raise Usage(f"there is no command {name}: see --help")
    return _call(name, COMMANDS[name], values, others)


def _settle(values: Values) -> None:
    """The global options that every command obeys."""
    if values["log-format"] not in {"text", "json"}:
        raise Usage(f"--log-format is text or json, not {values['log-format']!r}")
    messages.log_to(values["log"], values["log-format"])
    if values["systemd-cgroup"]:
        raise RuntimeFault("--systemd-cgroup is not supported: this runtime makes its control groups directly")
    values["root"] = os.path.abspath(values["root"])
    if values["bug"]:
        from reference_runtime.bugs import find  # noqa: PLC0415  # a healthy run needs no register of faults

        faults.active.update({name: find(name) for name in values["bug"]})


def _call(name: str, command: Command, general: Values, words: list[str]) -> int:
    greedy = any(word.endswith("…]") for word in command.words)
    values, rest = parse(words, (*command.options, GLOBAL[-1]), everything=not greedy)
    if values["help"]:
        print(_help_on(name, command))
        return 0
    if greedy and rest and rest[0].startswith("-"):
        raise Usage(f"{name}: there is no option {rest[0]}")
    least = sum(not word.startswith("[") for word in command.words)
    if len(rest) < least or (len(rest) > len(command.words) and not greedy):
        raise Usage(f"{name} wants {' '.join(command.words) or 'no further words'}: see {name} --help")
    module = __import__(f"reference_runtime.commands.{command.module}", fromlist=[command.function])
    function: Callable[[Values, list[str]], int | None] = getattr(module, command.function)
    return function(general | values, rest) or 0


def _spec_version() -> str:
    from reference_runtime.constants import OCI_VERSION  # noqa: PLC0415  # not for every command

    return OCI_VERSION


def _list_bugs() -> int:
    from reference_runtime.bugs import BUGS  # noqa: PLC0415  # a healthy run needs no register of faults

    width = max(map(len, BUGS))
    for name, bug in sorted(BUGS.items()):
        print(f"{name:{width}}  {bug.summary}")
    return 0


def _help() -> str:
    commands = [f"  {name:10} {command.help}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: seatrial-runtime [global options] COMMAND [options] …",
            "",
            "An OCI runtime that follows the runtime specification to the letter.",
            "",
            "commands:",
            *commands,
            "",
            "global options:",
            *_option_lines(GLOBAL),
        ]
    )


def _help_on(name: str, command: Command) -> str:
    usage = " ".join(["usage: seatrial-runtime", name, "[options]", *command.words])
    return "\n".join([usage, "", command.help, "", "options:", *_option_lines(command.options)])


def _option_lines(options: tuple[Option, ...]) -> list[str]:
    lines = []
    for option in options:
        names = ", ".join(option.names) + ("" if option.kind == "flag" else " VALUE")
        lines.append(f"  {names:30} {option.help}")
    return lines


def run() -> None:
    """The entry of the program."""
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Nothing is left to tidy up, and the interpreter's own way out would take a millisecond.
    sys.stderr.flush()
    os._exit(code)
