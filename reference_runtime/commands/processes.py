"""The command ``exec``."""

from __future__ import annotations

import os

from reference_runtime import documents, faults, lifecycle
from reference_runtime.commands.containers import preserved
from reference_runtime.creation import write_pid
from reference_runtime.errors import RuntimeFault, SpecError
from reference_runtime.options import Usage
from reference_runtime.run import Settings
from reference_runtime.store import Container
from reference_runtime.validate import PROCESS, complete
from reference_runtime.validate.rules import check_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Values = dict[str, Any]
    Process = dict[str, Any]

_EXTENDED_SETS = ("bounding", "effective", "permitted")


def execute(values: Values, words: list[str]) -> int:
    """``exec ID [ARGS…]``; in the foreground the exit status is the program's."""
    from reference_runtime.execution import start_process  # noqa: PLC0415  # needs what a mistyped command does not
    from reference_runtime.foreground import Terminal, wait_for  # noqa: PLC0415

    container = Container(values["root"], words[0]).load()
    wanted = ("running", "created", "paused") if values["ignore-paused"] else ("running", "created")
    lifecycle.demand(container, "exec", wanted)
    config = container.config()
    config["process"] = process_of(config, values, words[1:])
    for bug in faults.active.values():
        if bug.executed:
            bug.executed(config)
    settings = _settings(container, values)
    terminal = None if values["detach"] else Terminal(settings)
    if config["process"].get("terminal") and settings.console < 0:
        raise RuntimeFault("--tty: a detached terminal needs a --console-socket to be handed to")
    pid = start_process(container, config, settings, values["cgroup"])
    if values["pid-file"]:
        write_pid(os.path.abspath(values["pid-file"]), pid)
    code = wait_for(pid, terminal) if terminal else 0
    return 0 if faults.has("exec-exit-status-lost") else code


def _settings(container: Container, values: Values) -> Settings:
    settings = Settings(container.document["bundle"])
    settings.preserved = preserved(values["preserve-fds"])
    if values["console-socket"]:
        from reference_runtime.terminal import connect  # noqa: PLC0415  # few processes have a terminal

        settings.console = connect(values["console-socket"])
    return settings


def process_of(config: dict[str, Any], values: Values, args: list[str]) -> Process:
    """The process to execute: that of a file, or the container's own changed by the options."""
    if values["process"]:
        process = _from_file(values["process"])
        if faults.has("exec-document-ignored"):
            process = config["process"] | {"args": process["args"]}
    else:
        if not args:
            raise Usage("exec wants the words of a command line, or --process")
        process = config.get("process", {"user": {"uid": 0, "gid": 0}, "cwd": "/"})
        process = dict(process) if faults.has("exec-flags-ignored") else _changed(process, values)
        process["args"] = args
    PROCESS(process, "process")
    check_process(process)
    complete(process)
    return process


def _from_file(path: str) -> Process:
    try:
        process: Process = documents.read(path)
    except ValueError as problem:
        raise SpecError(f"{path}: {problem}") from None
    return process


def _changed(process: Process, values: Values) -> Process:
    process = dict(process, terminal=values["tty"], user=dict(process["user"]))
    process["env"] = _with_variables(process.get("env", []), values["env"])
    for option, name in (("cwd", "cwd"), ("apparmor", "apparmorProfile"), ("process-label", "selinuxLabel")):
        if values[option]:
            process[name] = values[option]
    if values["no-new-privs"]:
        process["noNewPrivileges"] = True
    if values["user"]:
        process["user"].update(_user(values["user"]))
    gids = [_id(word, "--additional-gids") for word in values["additional-gids"]]
    if gids:
        process["user"]["additionalGids"] = [*process["user"].get("additionalGids", []), *gids]
    if values["cap"]:
        process["capabilities"] = _extended(process.get("capabilities", {}), values["cap"])
    return process


def _with_variables(env: list[str], further: list[str]) -> list[str]:
    """Further variables take the places of those with the same names."""
    named = {entry.partition("=")[0] for entry in further}
    return [*(entry for entry in env if entry.partition("=")[0] not in named), *further]


def _user(words: str) -> dict[str, int]:
    uid, colon, gid = words.partition(":")
    return {"uid": _id(uid, "--user")} | ({"gid": _id(gid, "--user")} if colon else {})


def _id(word: str, option: str) -> int:
    if not (word.isascii() and word.isdigit()):
        raise Usage(f"{option} takes numbers, not {word!r}")
    return int(word)


def _extended(capabilities: dict[str, list[str]], further: list[str]) -> dict[str, list[str]]:
    added = {kind: [*capabilities.get(kind, []), *further] for kind in _EXTENDED_SETS}
    kept = [name for name in further if name in capabilities.get("inheritable", [])]
    if kept:
        added["ambient"] = [*capabilities.get("ambient", []), *kept]
    return capabilities | added
