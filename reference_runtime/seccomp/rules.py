"""``linux.seccomp`` read and checked: what a filter is compiled from (config-linux.md, "Seccomp")."""

from __future__ import annotations

from reference_runtime.errors import SpecError
from reference_runtime.seccomp.names import ACTIONS, ARCHITECTURES, FLAGS, GREATEST_ERRNO, OPERATORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# One comparison: index of the argument, operator without its prefix, value, valueTwo.
Match = tuple[int, str, int, int]

EPERM = 1
_WHERE = "linux.seccomp"
_ARGUMENTS = 6
_U64 = (1 << 64) - 1


class Rule:
    """One entry of ``syscalls``.

    ``names`` as written; ``returns`` is the value for the kernel; ``alternatives`` are conjunctions of matches of
    which one must hold, none at all meaning that the rule always applies.
    """

    __slots__ = ("alternatives", "names", "returns")

    def __init__(self, names: list[str], returns: int, alternatives: list[list[Match]]) -> None:
        self.names = names
        self.returns = returns
        self.alternatives = alternatives


class Profile:
    """A whole ``linux.seccomp``: the default's value for the kernel, names of architectures, flag bits, rules."""

    __slots__ = ("architectures", "default", "flags", "notifies", "rules")

    def __init__(
        self, default: int, architectures: list[str], flags: int, rules: list[Rule], *, notifies: bool
    ) -> None:
        self.default = default
        self.architectures = architectures
        self.flags = flags
        self.rules = rules
        self.notifies = notifies


def parse(seccomp: dict[str, Any]) -> Profile:
    """Check everything that the configuration says; SpecError names the first property that is wrong."""
    _object(seccomp, _WHERE)
    default = _returned(seccomp, "defaultAction", "defaultErrnoRet", _WHERE)
    architectures = _all_known(seccomp, "architectures", ARCHITECTURES)
    flags = 0
    for name in _all_known(seccomp, "flags", FLAGS):
        flags |= FLAGS[name]
    rules = [
        _rule(entry, f"{_WHERE}.syscalls[{position}]")
        for position, entry in enumerate(_list(seccomp, "syscalls", _WHERE))
    ]
    notifies = ACTIONS["SCMP_ACT_NOTIFY"] in {default, *(rule.returns for rule in rules)}
    _check_listener(seccomp, notifies)
    return Profile(default, architectures, flags, rules, notifies=notifies)


def _check_listener(seccomp: dict[str, Any], notifies: bool) -> None:
    for key in ("listenerPath", "listenerMetadata"):
        if not isinstance(seccomp.get(key, ""), str):
            raise SpecError(f"{_WHERE}.{key} must be a string")
    path = seccomp.get("listenerPath")
    if notifies and not path:
        raise SpecError(f"{_WHERE}.listenerPath must be set, since the action SCMP_ACT_NOTIFY is used")
    if seccomp.get("listenerMetadata") and not path:
        raise SpecError(f"{_WHERE}.listenerMetadata must not be set without listenerPath")


def _rule(entry: Any, where: str) -> Rule:
    _object(entry, where)
    names = _list(entry, "names", where)
    if not names:
        raise SpecError(f"{where}.names must contain at least one name")
    for name in names:
        if not isinstance(name, str) or not name:
            raise SpecError(f"{where}.names: {name!r} is not a name of a system call")
    matches = [_match(match, f"{where}.args[{position}]") for position, match in enumerate(_list(entry, "args", where))]
    return Rule(names, _returned(entry, "action", "errnoRet", where), _alternatives(matches))


def _alternatives(matches: list[Match]) -> list[list[Match]]:
    """Matches of different arguments must all hold; if one argument is matched twice, one match is enough.

    The second half is silent in the specification. It is what runc and crun do, as libseccomp can not compare one
    argument twice in a rule, and profiles list several accepted values of one argument this way.
    """
    if len({index for index, *_ in matches}) < len(matches):
        return [[match] for match in matches]
    return [matches] if matches else []


def _match(entry: Any, where: str) -> Match:
    _object(entry, where)
    index = _number(entry, "index", where, _ARGUMENTS - 1)
    operator = _known(entry, "op", where, OPERATORS)
    value = _number(entry, "value", where, _U64)
    second = _number(entry, "valueTwo", where, _U64) if "valueTwo" in entry else 0
    return index, operator.removeprefix("SCMP_CMP_"), value, second


def _returned(entry: dict[str, Any], action_key: str, errno_key: str, where: str) -> int:
    """The value that makes the kernel take an action, with its errno."""
    action = _known(entry, action_key, where, ACTIONS)
    greatest = GREATEST_ERRNO.get(action)
    if greatest is None:
        if errno_key in entry:
            raise SpecError(f"{where}.{errno_key} must not be set, since {action} returns no errno")
        return ACTIONS[action]
    errno = _number(entry, errno_key, where, greatest) if errno_key in entry else EPERM
    return ACTIONS[action] | errno


def _all_known(seccomp: dict[str, Any], key: str, known: Iterable[str]) -> list[str]:
    return [
        _one_of(value, f"{_WHERE}.{key}[{position}]", known)
        for position, value in enumerate(_list(seccomp, key, _WHERE))
    ]


def _known(entry: dict[str, Any], key: str, where: str, known: Iterable[str]) -> str:
    return _one_of(_required(entry, key, where), f"{where}.{key}", known)


def _one_of(value: Any, where: str, known: Iterable[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise SpecError(f"{where}: {value!r} is not known; known are {', '.join(known)}")
    return value


def _number(entry: dict[str, Any], key: str, where: str, greatest: int) -> int:
    value = _required(entry, key, where)
    if type(value) is not int or not 0 <= value <= greatest:
        raise SpecError(f"{where}.{key} must be an integer from 0 to {greatest}, not {value!r}")
    return value


def _required(entry: dict[str, Any], key: str, where: str) -> Any:
    if key not in entry:
        raise SpecError(f"{where}.{key} is missing")
    return entry[key]


def _list(entry: dict[str, Any], key: str, where: str) -> list[Any]:
    value = entry.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise SpecError(f"{where}.{key} must be an array")
    return value


def _object(value: Any, where: str) -> None:
    if not isinstance(value, dict):
        raise SpecError(f"{where} must be an object")
