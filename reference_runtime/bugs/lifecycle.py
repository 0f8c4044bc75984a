"""Faults in the order of things: operations, exit statuses, hooks."""

from __future__ import annotations

import os

from reference_runtime.bugs.bend import add, all_but_last, change, drop, first, keep, put, reverse
from reference_runtime.bugs.registry import Bug
from reference_runtime.constants import HOOKS
from reference_runtime.errors import SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Config = dict[str, Any]

_ILLEGAL = {
    "start": ("running", "stopped", "paused", "missing"),
    "kill": ("stopped", "missing"),
    "delete": ("created", "running", "paused", "missing"),
    "state": ("missing",),
    "exec": ("stopped", "paused"),
    "pause": ("paused", "stopped"),
    "resume": ("running", "stopped"),
}
_LEGAL = {
    "start": ("created",),
    "kill": ("created", "running"),
    "delete": ("stopped",),
    "exec": ("running",),
    "pause": ("running",),
    "resume": ("paused",),
}

_TRANSITIONS = [
    *(
        Bug(f"{operation}-accepts-{status}", f"{operation} of a {status} container is no error")
        for operation, statuses in _ILLEGAL.items()
        for status in statuses
    ),
    *(
        Bug(f"{operation}-refuses-{status}", f"{operation} of a {status} container is an error")
        for operation, statuses in _LEGAL.items()
        for status in statuses
    ),
]

_OPERATIONS = [
    Bug("args-reread-at-start", "start takes process.args from the bundle, as it is then"),
    *(
        Bug(f"concurrent-{operation}-accepted", f"of two {operation}s of one container at once, none is an error")
        for operation in ("create", "start")
    ),
    Bug("config-reread", "start and delete take everything but process from the bundle, as it is then"),
    Bug("create-accepts-taken-id", "create with the id of another container is no error"),
    Bug("create-runs-program", "create runs the program at once"),
    Bug("delete-keeps-cgroup", "delete leaves the control groups behind"),
    Bug("delete-keeps-directory", "delete leaves the state directory behind, and the id taken"),
    Bug("delete-removes-config", "delete removes the bundle's config.json"),
    Bug("errors-exit-0", "every error ends with exit status 0"),
    Bug("errors-without-message", "errors are not explained"),
    Bug("failed-create-keeps-everything", "a create that fails leaves all behind that was made until then"),
    Bug("force-keeps-cgroup", "delete --force leaves the control groups behind"),
    Bug("force-kills-others", "delete --force kills the processes of other containers"),
    Bug("ids-unchecked", "any word is a valid id"),
    Bug("kill-does-nothing", "kill sends no signal"),
    Bug("kill-sends-kill", "kill sends KILL whatever is asked for", signal=9),
    Bug("kill-sends-term", "kill sends TERM whatever is asked for", signal=15),
    Bug("killed-create-keeps-cgroup", "delete --force after a create that was killed leaves the control groups behind"),
    Bug("pid-file-failure-ignored", "create does not mind when it can not write the pid file"),
    Bug("pid-file-missing", "create writes no pid file"),
    Bug("pid-file-wrong", "the pid file holds the runtime's own process id"),
    Bug("signals-unchecked", "kill takes a signal that there is not for none"),
    Bug("start-needs-no-process", "start without a process is no error"),
]


def _refuse_unknown(config: Config) -> None:
    known = {"ociVersion", "root", "mounts", "process", "hostname", "domainname", "hooks", "annotations", "linux"}
    for name in config:
        if name not in known:
            raise SpecError(f"{name}: it is not known")


_DOCUMENT = [
    Bug("unknown-properties-refused", "a property that is not known is an error", config=_refuse_unknown),
    Bug("version-unchecked", "any ociVersion will do", skips=("version",)),
    Bug(
        "relative-paths-accepted", "a relative path is no error where an absolute one is demanded", skips=("absolute",)
    ),
    Bug("types-unchecked", "the types of properties are not looked at", skips=("types",)),
]


def _move_hooks(source: str, target: str) -> Any:
    def bend(config: Config) -> None:
        hooks = config.get("hooks", {})
        hooks[target] = [*hooks.get(target, []), *hooks.pop(source, [])]

    return bend


def _swap_prestart(config: Config) -> None:
    """Prestart hooks run when createRuntime hooks are due, after them."""
    _move_hooks("prestart", "createRuntime")(config)


def _with_environment(hook: Config) -> Config:
    inherited = [f"{name}={value}" for name, value in os.environ.items()]
    return hook | {"env": [*hook.get("env", []), *inherited]}


_HOOKS = [
    *(Bug(f"hooks-{kind}-dropped", f"{kind} hooks do not run", config=drop(f"hooks.{kind}")) for kind in HOOKS),
    Bug("hooks-reversed", "hooks run in reverse order", config=reverse("hooks.*")),
    Bug("hooks-first-only", "only the first hook of each kind runs", config=first("hooks.*")),
    Bug("hooks-last-dropped", "the last hook of each kind does not run", config=all_but_last("hooks.*")),
    Bug("hooks-args-dropped", "hooks get no arguments", config=drop("hooks.*.*.args")),
    Bug("hooks-args-last-dropped", "hooks miss their last argument", config=all_but_last("hooks.*.*.args")),
    Bug("hooks-env-dropped", "hooks get no environment", config=drop("hooks.*.*.env")),
    Bug(
        "hooks-env-inherited", "hooks get the runtime's environment too", config=change("hooks.*.*", _with_environment)
    ),
    Bug("hooks-timeout-ignored", "hooks may run for ever", config=drop("hooks.*.*.timeout")),
    Bug("hooks-failure-ignored", "a hook that fails is no error"),
    Bug("hooks-stdin-empty", "hooks get no state on their standard input"),
    Bug("hooks-status-wrong", "hooks are told the status running, whatever it is", told=put("status", "running")),
    Bug("hooks-pid-wrong", "hooks are told a process id that is off by one", told=add("pid", 1)),
    Bug("hooks-pid-missing", "hooks are told no process id", told=drop("pid")),
    Bug("hooks-id-missing", "hooks are told no id", told=drop("id")),
    Bug("hooks-bundle-missing", "hooks are told no bundle", told=drop("bundle")),
    Bug("hooks-annotations-missing", "hooks are told no annotations", told=drop("annotations")),
    Bug("prestart-after-create-runtime", "prestart hooks run after createRuntime hooks", config=_swap_prestart),
    Bug(
        "create-container-in-runtime-namespace",
        "createContainer hooks run in the runtime's namespaces",
        config=_move_hooks("createContainer", "createRuntime"),
    ),
    Bug(
        "start-container-at-create",
        "startContainer hooks run at create, before the root is entered",
        config=_move_hooks("startContainer", "createContainer"),
    ),
    Bug("poststart-at-create", "poststart hooks run at create", config=_move_hooks("poststart", "createRuntime")),
    Bug("poststop-before-delete", "poststop hooks run while the container is still there"),
    Bug("poststop-stops-at-failure", "after a poststop hook that fails the others do not run"),
    Bug("failed-start-keeps-container", "a failing hook of start does not end the container"),
]

_ANNOTATIONS = [
    Bug("annotations-dropped", "annotations are forgotten", config=drop("annotations")),
    Bug("annotations-first-only", "only the first annotation is remembered", config=first("annotations")),
    Bug(
        "annotations-empty-dropped",
        "annotations with an empty value are forgotten",
        config=lambda config: keep("annotations", lambda name: config["annotations"][name] != "")(config),
    ),
    Bug(
        "annotations-invented",
        "there are annotations nobody asked for",
        config=put("annotations.org.seatrial", "invented"),
    ),
]

BUGS = [*_TRANSITIONS, *_OPERATIONS, *_DOCUMENT, *_HOOKS, *_ANNOTATIONS]
