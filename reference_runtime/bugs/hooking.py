"""Faults in what hooks are given and how they are run (config.md, "POSIX-platform Hooks")."""

from __future__ import annotations

from reference_runtime.bugs.bend import change, put
from reference_runtime.bugs.registry import Bug
from reference_runtime.constants import HOOKS
from reference_runtime.errors import SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Config = dict[str, Any]

_OF_RUNTIME = ("prestart", "createRuntime", "poststart", "poststop")


def _refuse_empty(config: Config) -> None:
    if "hooks" in config and not any(config["hooks"].get(kind) for kind in HOOKS):
        raise SpecError("hooks: there are none")


def _refuse_without_args(hook: Config) -> Config:
    if not hook.get("args"):
        raise SpecError("hooks: a hook has no arguments")
    return hook


def _named_by_path(hook: Config) -> Config:
    return hook | {"args": [hook["path"], *hook.get("args", [])[1:]]}


def _move_into_container(config: Config) -> None:
    hooks = config.get("hooks", {})
    for kind in _OF_RUNTIME:
        hooks["createContainer"] = [*hooks.get("createContainer", []), *hooks.pop(kind, [])]


BUGS = [
    Bug("hooks-empty-refused", "a config whose hooks are none is an error", config=_refuse_empty),
    Bug(
        "hooks-args-required",
        "a hook without arguments is an error",
        config=change("hooks.*.*", _refuse_without_args),
    ),
    Bug(
        "hooks-named-by-path",
        "the first argument of a hook is its path",
        config=change("hooks.*.*", _named_by_path),
    ),
    Bug(
        "hooks-path-elsewhere",
        "the path of a hook is looked for below another folder",
        config=change("hooks.*.*.path", lambda path: "/rootfs" + path),
    ),
    Bug("hooks-version-wrong", "hooks are told a version that there is none", told=put("ociVersion", "1.0")),
    Bug("hooks-status-paused", "hooks are told the status paused, whatever it is", told=put("status", "paused")),
    Bug(
        "hooks-timeout-in-milliseconds",
        "the timeout of a hook is counted in milliseconds",
        config=change("hooks.*.*.timeout", lambda seconds: seconds / 1000),
    ),
    Bug(
        "runtime-hooks-in-container",
        "all hooks of create run in the container's namespaces",
        config=_move_into_container,
    ),
]
