"""Faults in what the process is (config.md, "Process")."""

from __future__ import annotations

import os
import resource

from reference_runtime.bugs.bend import (
    add,
    all_but_last,
    around,
    both,
    change,
    drop,
    first,
    keep,
    lose,
    put,
    reverse,
    swap,
    without,
)
from reference_runtime.bugs.registry import Bug
from reference_runtime.constants import CAPABILITIES, CAPABILITY_SETS, RLIMITS
from reference_runtime.errors import SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Config = dict[str, Any]

_EVERYTHING = list(CAPABILITIES)


def _env_inherited(config: Config) -> None:
    inherited = [f"{name}={value}" for name, value in os.environ.items()]
    if "process" in config:
        config["process"]["env"] = [*config["process"].get("env", []), *inherited]


def _env_with_home(config: Config) -> None:
    if "process" in config:
        config["process"]["env"] = [*config["process"].get("env", []), "HOME=/root"]


def _known(name: str) -> str:
    if name not in CAPABILITIES:
        raise SpecError(f"process.capabilities: {name} is not known")
    return name


def _soft_only(op: Any) -> None:
    number, soft = RLIMITS[op.subject], op.arguments[0]["soft"]
    hard = resource.getrlimit(number)[1]
    resource.setrlimit(number, (min(soft, hard) if hard >= 0 else soft, hard))


_PROGRAM = [
    Bug(
        "args-last-dropped",
        "the last argument is lost",
        config=change("process.args", lambda args: args[:1] + args[1:-1]),
    ),
    Bug("args-first-only", "the program gets its name and no arguments", config=first("process.args")),
    Bug(
        "args-split",
        "arguments are split at blanks",
        config=change("process.args", lambda args: [word for arg in args for word in (arg.split() or [""])]),
    ),
    Bug("args-empty-dropped", "empty arguments are lost", config=keep("process.args", bool)),
    Bug("args-doubled", "the program gets its name twice", config=change("process.args", lambda args: args[:1] + args)),
    Bug("args-empty-accepted", "process.args may be empty", skips=("args",)),
    Bug("env-dropped", "the environment is empty", config=drop("process.env")),
    Bug("env-inherited", "the runtime's environment is there too", config=_env_inherited),
    Bug("env-home-added", "HOME is in the environment, unasked", config=_env_with_home),
    Bug("env-last-dropped", "the last entry of the environment is lost", config=all_but_last("process.env")),
    Bug("env-reversed", "the environment is in reverse order", config=reverse("process.env")),
    Bug(
        "env-empty-dropped",
        "entries with an empty value are lost",
        config=keep("process.env", lambda entry: not entry.endswith("=")),
    ),
    Bug("cwd-ignored", "the working directory is /", config=put("process.cwd", "/")),
    Bug("terminal-ignored", "there is no terminal", config=drop("process.terminal")),
    Bug("console-size-ignored", "the terminal has no size", config=drop("process.consoleSize")),
    Bug("console-size-swapped", "width and height are mixed up", config=swap("process.consoleSize", "width", "height")),
    Bug("console-not-bound", "there is no /dev/console", plan=without("console")),
    Bug("controlling-terminal-missing", "the terminal is not the session's own"),
    Bug("descriptors-leaked", "the program has a descriptor of the runtime's"),
]

_USER = [
    Bug("uid-ignored", "the process is root", config=put("process.user.uid", 0)),
    Bug("gid-ignored", "the process is in group 0", config=put("process.user.gid", 0)),
    Bug(
        "gid-is-uid",
        "the process is in the group of its uid",
        config=change("process.user", lambda user: user | {"gid": user["uid"]}),
    ),
    Bug("additional-gids-dropped", "there are no additional groups", config=drop("process.user.additionalGids")),
    Bug(
        "additional-gids-first-only",
        "only the first additional group is there",
        config=first("process.user.additionalGids"),
    ),
    Bug("additional-gids-inherited", "the runtime's groups are there instead", plan=without("groups")),
    Bug("umask-ignored", "the umask is the runtime's", config=drop("process.user.umask")),
    Bug(
        "umask-zero-ignored",
        "a umask of 0 is taken for none",
        config=change(
            "process.user", lambda user: {key: value for key, value in user.items() if (key, value) != ("umask", 0)}
        ),
    ),
    Bug(
        "umask-always-set",
        "without a configured umask it is 022",
        config=change("process.user", lambda user: {"umask": 0o022} | user),
    ),
    Bug(
        "umask-inverted",
        "the umask is what it should let pass",
        config=change("process.user.umask", lambda umask: umask ^ 0o777),
    ),
]

_CAPABILITIES = [
    Bug("capabilities-dropped", "there are no capabilities", config=drop("process.capabilities")),
    Bug(
        "capabilities-full",
        "the process has all capabilities, configured or not",
        config=put("process.capabilities", {kind: _EVERYTHING for kind in CAPABILITY_SETS if kind != "ambient"}),
    ),
    *(
        Bug(f"capabilities-{kind}-dropped", f"the {kind} set is empty", config=drop(f"process.capabilities.{kind}"))
        for kind in CAPABILITY_SETS
    ),
    *(
        Bug(
            f"capabilities-{kind}-first-only",
            f"the {kind} set has only its first capability",
            config=first(f"process.capabilities.{kind}"),
        )
        for kind in CAPABILITY_SETS
    ),
    Bug(
        "capabilities-bounding-full",
        "the bounding set is full",
        config=put("process.capabilities.bounding", _EVERYTHING),
    ),
    Bug(
        "capabilities-inheritable-filled",
        "what is permitted is inheritable too",
        config=change("process.capabilities", lambda sets: sets | {"inheritable": sets.get("permitted", [])}),
    ),
    Bug(
        "capabilities-unknown-refused",
        "a capability that is not known is an error",
        config=change("process.capabilities.*.*", _known),
    ),
    Bug("no-new-privileges-dropped", "new privileges can be gained", config=drop("process.noNewPrivileges")),
    Bug(
        "no-new-privileges-always",
        "no new privileges can be gained, unasked",
        config=put("process.noNewPrivileges", True),
    ),
]

_RLIMITS = [
    Bug("rlimits-dropped", "no limit is set", config=drop("process.rlimits")),
    Bug("rlimits-soft-only", "the hard limit is the runtime's", plan=around("rlimit", _soft_only)),
    Bug(
        "rlimits-hard-only",
        "the soft limit is the hard one",
        config=change("process.rlimits.*", lambda limit: limit | {"soft": limit["hard"]}),
    ),
    Bug(
        "rlimits-hard-is-soft",
        "the hard limit is the soft one",
        config=change("process.rlimits.*", lambda limit: limit | {"hard": limit["soft"]}),
    ),
    Bug("rlimits-first-only", "only the first limit is set", config=first("process.rlimits")),
    Bug("rlimits-last-dropped", "the last limit is not set", config=all_but_last("process.rlimits")),
    Bug("rlimits-zero-dropped", "limits of 0 are not set", config=keep("process.rlimits", lambda limit: limit["soft"])),
    Bug("rlimits-duplicates-accepted", "a limit that is there twice is no error", skips=("rlimits-once",)),
    Bug(
        "rlimits-unknown-accepted",
        "a limit that is not known is no error",
        skips=("resource limit",),
        config=keep("process.rlimits", lambda limit: limit["type"] in RLIMITS),
    ),
    *(
        Bug(
            f"rlimits-{name[7:].lower()}-dropped",
            f"the limit {name} is not set",
            config=lose("process.rlimits", name, "type"),
        )
        for name in RLIMITS
    ),
]

_SCHEDULING = [
    Bug("oom-score-adj-dropped", "oom_score_adj is not set", config=drop("process.oomScoreAdj")),
    Bug("oom-score-adj-off-by-one", "oom_score_adj is one too low", config=add("process.oomScoreAdj", -1)),
    Bug(
        "oom-score-adj-zeroed",
        "without a wish oom_score_adj is 0",
        config=change("process", lambda process: {"oomScoreAdj": 0} | process),
    ),
    Bug("scheduler-dropped", "the scheduling policy is not set", config=drop("process.scheduler")),
    Bug(
        "scheduler-policy-other",
        "the scheduling policy is SCHED_OTHER",
        config=change("process.scheduler", lambda value: value | {"policy": "SCHED_OTHER", "priority": 0}),
    ),
    Bug("scheduler-nice-dropped", "the nice value is 0", config=drop("process.scheduler.nice")),
    Bug("scheduler-flags-dropped", "scheduling flags are lost", config=drop("process.scheduler.flags")),
    Bug("io-priority-dropped", "the I/O priority is not set", config=drop("process.ioPriority")),
    Bug(
        "io-priority-class-wrong",
        "the I/O class is best effort",
        config=put("process.ioPriority.class", "IOPRIO_CLASS_BE"),
    ),
    Bug(
        "io-priority-level-dropped",
        "the I/O priority is always 0",
        config=change("process.ioPriority", lambda value: value | {"priority": 0}),
    ),
    Bug("personality-dropped", "the personality is not set", config=drop("linux.personality")),
    Bug("memory-policy-dropped", "the memory policy is not set", config=drop("linux.memoryPolicy")),
    Bug("apparmor-dropped", "the AppArmor profile is ignored", config=drop("process.apparmorProfile")),
    Bug("selinux-dropped", "the SELinux label is ignored", config=drop("process.selinuxLabel", "linux.mountLabel")),
]

_EXEC = [
    Bug("exec-cwd-ignored", "the working directory of exec is /", executed=put("process.cwd", "/")),
    Bug("exec-env-dropped", "the environment of exec is empty", executed=drop("process.env")),
    Bug("exec-user-ignored", "exec is root", executed=both(put("process.user.uid", 0), put("process.user.gid", 0))),
    Bug("exec-gids-dropped", "exec has no additional groups", executed=drop("process.user.additionalGids")),
    Bug("exec-umask-ignored", "exec has the runtime's umask", executed=drop("process.user.umask")),
    Bug(
        "exec-capabilities-full",
        "exec has all capabilities",
        executed=put("process.capabilities", {kind: _EVERYTHING for kind in CAPABILITY_SETS if kind != "ambient"}),
    ),
    Bug("exec-capabilities-dropped", "exec has no capabilities", executed=drop("process.capabilities")),
    Bug("exec-rlimits-dropped", "exec has no limits", executed=drop("process.rlimits")),
    Bug("exec-no-new-privileges-dropped", "exec can gain privileges", executed=drop("process.noNewPrivileges")),
    Bug("exec-affinity-dropped", "execCPUAffinity is ignored", executed=drop("process.execCPUAffinity")),
    Bug(
        "exec-affinity-initial-only", "execCPUAffinity.final is ignored", executed=drop("process.execCPUAffinity.final")
    ),
    Bug(
        "exec-args-last-dropped",
        "exec loses its last argument",
        executed=change("process.args", lambda args: args[:1] + args[1:-1]),
    ),
    Bug("exec-outside-cgroup", "exec is not in the control groups"),
    Bug("exec-outside-pid-namespace", "exec is not in the PID namespace"),
    Bug("exec-seccomp-dropped", "exec is not filtered", executed=drop("linux.seccomp")),
    Bug("exec-exit-status-lost", "exec always ends with exit status 0"),
]

BUGS = [*_PROGRAM, *_USER, *_CAPABILITIES, *_RLIMITS, *_SCHEDULING, *_EXEC]
