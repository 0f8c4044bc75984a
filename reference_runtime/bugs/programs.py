"""Faults in how a program is found, who it is, what it may do, and what it finds open (config.md, "Process")."""

from __future__ import annotations

import os

from reference_runtime import capabilities
from reference_runtime.bugs.bend import all_but_last, around, change, drop, forgiving, put, swap
from reference_runtime.bugs.registry import Bug
from reference_runtime.constants import CAPABILITIES
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from reference_runtime.compiler import Plan
    from reference_runtime.ops.program import Execute

    Config = dict[str, Any]


def _search(places: Callable[[Execute], list[str]]) -> Callable[[Plan], None]:
    """The program is looked for in other places."""

    def execute(op: Execute) -> None:
        op.candidates = places(op)
        op.execute()

    return around("execute", execute)


def _name_by_place(op: Execute) -> None:
    op.args = [op.candidates[-1], *op.args[1:]]
    op.execute()


def _in_path(op: Execute) -> list[str]:
    folders = [folder for entry in op.env if entry.startswith("PATH=") for folder in entry[5:].split(":")]
    return [f"{folder}/{os.path.basename(op.args[0])}" for folder in folders]


def _redirect(*streams: tuple[int, str | int]) -> Callable[[Plan], None]:
    """Standard streams are other files, or copies of each other, when the program begins."""

    def execute(op: Execute) -> None:
        for stream, target in streams:
            os.dup2(os.open(target, os.O_RDWR) if isinstance(target, str) else target, stream)
        op.execute()

    return around("execute", execute)


def _before_process(function: Callable[[Config], Any]) -> Callable[[Config], None]:
    """Repairs ``process``, or breaks it, before it is judged."""

    def bend(config: Config) -> None:
        if isinstance(config.get("process"), dict):
            function(config["process"])

    return bend


def _default_cwd(process: Config) -> None:
    if not str(process.get("cwd", "")).startswith("/"):
        process["cwd"] = "/"


def _default_args(process: Config) -> None:
    if not process.get("args") or not isinstance(process["args"], list):
        process["args"] = [process.get("args") or "/probe"]


def _default_path(process: Config) -> Config:
    return process if "env" in process else process | {"env": ["PATH=/usr/bin:/bin", "TERM=dumb"]}


def _grantable(name: str) -> str:
    if name in CAPABILITIES and not capabilities.held_here(False) >> CAPABILITIES.index(name) & 1:
        raise RuntimeFault(f"process.capabilities: {name} can not be granted")
    return name


_PROGRAM = [
    Bug("args-cut", "arguments end after 4 KiB", config=change("process.args.*", lambda arg: arg[:4096])),
    Bug("args-defaulted", "process.args may be a string, empty or missing", before=_before_process(_default_args)),
    Bug("argv0-resolved", "the program's first argument is where it was found", plan=around("execute", _name_by_place)),
    Bug("path-ignored", "the program is not looked for in PATH", plan=_search(lambda op: [op.args[0]])),
    Bug("path-reversed", "the last folder of PATH comes first", plan=_search(lambda op: op.candidates[::-1])),
    Bug("path-first-only", "only the first folder of PATH counts", plan=_search(lambda op: op.candidates[:1])),
    Bug("path-with-slash", "names with a slash are looked for in PATH too", plan=_search(_in_path)),
    Bug(
        "path-with-cwd",
        "the working directory counts as the last folder of PATH",
        plan=_search(lambda op: [*op.candidates, f"./{op.args[0]}"]),
    ),
    Bug(
        "program-missing-accepted", "another program runs instead", plan=_search(lambda op: [*op.candidates, "/probe"])
    ),
    Bug("env-default-added", "without an environment there is one", config=change("process", _default_path)),
    Bug(
        "env-cut-at-equals",
        "values in the environment end at an equals sign",
        config=change("process.env.*", lambda entry: "=".join(entry.split("=")[:2])),
    ),
    Bug("cwd-defaulted", "an impossible working directory becomes /", before=_before_process(_default_cwd)),
    Bug("cwd-through-descriptors", "the working directory can be one of the runtime's descriptors"),
]

_USER = [
    Bug("ids-swapped", "user and group are mixed up", config=swap("process.user", "uid", "gid")),
    Bug(
        "ids-cut-to-16-bits",
        "ids have 16 bits",
        config=change("process.user", lambda user: user | {name: user[name] & 0xFFFF for name in ("uid", "gid")}),
    ),
    Bug(
        "gids-last-dropped", "the last additional group is missing", config=all_but_last("process.user.additionalGids")
    ),
    Bug(
        "gids-root-added",
        "group 0 is there too",
        config=change("process.user", lambda user: user | {"additionalGids": [*user.get("additionalGids", []), 0]}),
    ),
]

_LIMITS = [
    Bug("rlimits-first-dropped", "the first limit is not set", config=change("process.rlimits", lambda all_: all_[1:])),
    Bug(
        "rlimits-cut-to-32-bits",
        "limits have 32 bits",
        config=change(
            "process.rlimits.*", lambda limit: limit | {name: limit[name] & 0xFFFFFFFF for name in ("soft", "hard")}
        ),
    ),
    Bug(
        "rlimits-others-changed",
        "with any limit there is one on open files too",
        config=change("process.rlimits", lambda all_: [{"type": "RLIMIT_NOFILE", "soft": 99, "hard": 99}, *all_]),
    ),
    Bug(
        "rlimits-failure-ignored",
        "limits that can not be set are left out",
        skips=("rlimits",),
        plan=forgiving("rlimit-room", "rlimit"),
    ),
]

_PRIVILEGES = [
    Bug(
        "capabilities-cut-to-32",
        "capabilities from the 33rd on are lost",
        config=change("process.capabilities.*", lambda names: [name for name in names if name in CAPABILITIES[:32]]),
    ),
    Bug(
        "capabilities-last-dropped",
        "the last capability of each set is lost",
        config=all_but_last("process.capabilities.*"),
    ),
    Bug(
        "capabilities-unknown-drops-all",
        "sets with an unknown capability are empty",
        config=change("process.capabilities.*", lambda names: names if {*names} <= {*CAPABILITIES} else []),
    ),
    Bug(
        "capabilities-missing-refused",
        "a capability that can not be granted is an error",
        config=change("process.capabilities.*.*", _grantable),
    ),
    Bug(
        "oom-score-adj-zero-ignored",
        "oomScoreAdj 0 is taken for none",
        config=change(
            "process",
            lambda process: {name: item for name, item in process.items() if (name, item) != ("oomScoreAdj", 0)},
        ),
    ),
]

_SCHEDULING = [
    Bug(
        "scheduler-deadline-is-period",
        "the deadline is the period",
        config=change("process.scheduler", lambda value: value | {"deadline": value.get("period", 0)}),
    ),
    Bug(
        "scheduler-nice-inherited",
        "without a nice value the runtime's stays",
        config=change("process.scheduler", lambda value: {"nice": os.getpriority(os.PRIO_PROCESS, 0)} | value),
    ),
    Bug("scheduler-failure-ignored", "a scheduler that can not be is left out", plan=forgiving("scheduler")),
]

_NAMES = [
    Bug("hostname-cut", "the host name has at most 63 characters", config=change("hostname", lambda name: name[:63])),
    Bug("hostname-failure-ignored", "a host name that can not be is left out", plan=forgiving("hostname")),
    Bug("domainname-failure-ignored", "a domain name that can not be is left out", plan=forgiving("domainname")),
]

_STREAMS = [
    Bug("terminal-always", "there is a terminal, unasked", config=put("process.terminal", True)),
    Bug("terminal-input-only", "only standard input is the terminal", plan=_redirect((1, "/dev/null"), (2, 1))),
    Bug("stdin-empty", "there is nothing on standard input", plan=_redirect((0, "/dev/null"))),
    Bug("stderr-is-stdout", "standard error is standard output", plan=_redirect((2, 1))),
    Bug("descriptors-inherited", "the program has the descriptors of the runtime's caller"),
    Bug("descriptors-preserved-dropped", "no descriptors are passed on"),
]

_EXEC = [
    Bug("exec-flags-ignored", "the options of exec that change the process are ignored"),
    Bug("exec-document-ignored", "of the document of exec only the arguments count"),
    Bug("exec-stdin-empty", "there is nothing on the standard input of exec"),
    Bug("exec-stderr-is-stdout", "the standard error of exec is its standard output"),
    Bug("exec-descriptors-inherited", "exec has the descriptors of the runtime's caller"),
    Bug("exec-outside-uts-namespace", "exec is not in the UTS namespace"),
    Bug("exec-terminal-dropped", "exec has no terminal", executed=put("process.terminal", False)),
    Bug("exec-console-size-dropped", "the terminal of exec has no size", executed=drop("process.consoleSize")),
    Bug("exec-io-priority-dropped", "exec has no I/O priority", executed=drop("process.ioPriority")),
    Bug("exec-scheduler-dropped", "exec has no scheduling policy", executed=drop("process.scheduler")),
    Bug(
        "exec-affinity-initial-stays",
        "without execCPUAffinity.final the initial one stays",
        executed=change("process.execCPUAffinity", lambda value: {"final": value.get("initial", "")} | value),
    ),
    Bug(
        "exec-affinity-unchecked",
        "an impossible execCPUAffinity is ignored",
        skips=("affinity",),
        executed=drop("process.execCPUAffinity"),
    ),
]

_VALUES = [
    Bug("invalid-values-ignored", "properties of the wrong type or beyond their bounds are ignored"),
]

BUGS = [*_PROGRAM, *_USER, *_LIMITS, *_PRIVILEGES, *_SCHEDULING, *_NAMES, *_STREAMS, *_EXEC, *_VALUES]
