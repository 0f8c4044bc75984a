"""``linux.resources.devices``: which devices a container may use (config-linux.md, "Allowed Device list").

The meaning is the same for both versions: of the rules that match a device, the last that names an access decides on
that access, and what no rule decides is refused.
"""

from __future__ import annotations

from reference_runtime.cgroups import values
from reference_runtime.errors import RuntimeFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    # Type, major and minor number, where None stands for all.
    Key = tuple[str, int | None, int | None]

MKNOD, READ, WRITE = 1, 2, 4
ALL_ACCESS = MKNOD | READ | WRITE
_LETTERS = {"r": READ, "w": WRITE, "m": MKNOD}
_TYPES = ("a", "b", "c")


class Rule:
    """Whether some accesses to some devices are allowed.

    ``devices`` are type (``a``, ``b`` or ``c``), major and minor number. ``yields`` marks a rule that is the runtime's
    own choice.
    """

    __slots__ = ("access", "allow", "kind", "major", "minor", "yields")

    def __init__(self, allow: bool, devices: Key, access: int, *, yields: bool = False) -> None:
        self.allow = allow
        self.kind, self.major, self.minor = devices
        self.access = access
        self.yields = yields

    @property
    def everything(self) -> bool:
        """Whether the rule decides on every access to every device."""
        return (self.kind, self.major, self.minor, self.access) == ("a", None, None, ALL_ACCESS)

    def kinds(self) -> list[Key]:
        """Character and block devices apart."""
        return [(kind, self.major, self.minor) for kind in (("b", "c") if self.kind == "a" else self.kind)]


DENY_ALL = Rule(False, ("a", None, None), ALL_ACCESS)

# What every container may use: any node may be made, and the devices that the specification has the runtime supply.
DEFAULT_RULES: list[dict[str, Any]] = [
    {"allow": True, "type": "c", "access": "m"},
    {"allow": True, "type": "b", "access": "m"},
    *(
        {"allow": True, "type": "c", "major": major, "minor": minor, "access": "rwm"}
        for major, minor in ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2))
    ),
    {"allow": True, "type": "c", "major": 136, "access": "rwm"},
]


def parse(entries: Any, *, yields: bool = False) -> list[Rule]:
    """Check the array of the configuration, or the runtime's own of the same shape."""
    listed = values.array({"devices": entries}, "devices", "devices")
    return [_rule(entry, f"devices[{position}]", yields=yields) for position, entry in enumerate(listed)]


def combined(defaults: Iterable[Rule], rules: Iterable[Rule]) -> list[Rule]:
    """All rules in order, from a beginning where only the defaults are allowed.

    A rule that refuses everything leads back to this beginning: it is how configurations begin that list the devices
    they want, and without the devices that every container has, no container would be of use.
    """
    start = [DENY_ALL, *defaults]
    order = list(start)
    for rule in rules:
        if rule.everything:
            order = [rule] if rule.allow else list(start)
        else:
            order.append(rule)
    return order


def version_1(rules: Iterable[Rule]) -> list[tuple[str, str]]:
    """File and line of the writes that bring a group of version 1 to the meaning of the rules."""
    exceptions = _Exceptions()
    for rule in rules:
        exceptions.add(rule)
    allow, refuse = "devices.allow", "devices.deny"
    first, others = (allow, refuse) if exceptions.allow else (refuse, allow)
    return [(first, "a"), *((others, _line(key, access)) for key, access in _joined(exceptions.held).items() if access)]


class _Exceptions:
    """What the kernel keeps for a group of version 1: whether it allows all or refuses all, but for exceptions.

    So it can not refuse part of what a listed exception allows, or the reverse: RuntimeFault says so. An exception that
    is the runtime's own choice is then given up as a whole.
    """

    def __init__(self) -> None:
        self.allow = False
        self.held: dict[Key, int] = {}
        self._yielding: dict[Key, int] = {}

    def add(self, rule: Rule) -> None:
        if rule.everything:
            self.allow = rule.allow
            self.held.clear()
            return
        for key in rule.kinds():
            if rule.allow == self.allow:
                self._take_back(key, rule.access)
            else:
                self.held[key] = self.held.get(key, 0) | rule.access
                self._yielding[key] = rule.access if rule.yields else self._yielding.get(key, 0) & ~rule.access

    def _take_back(self, key: Key, access: int) -> None:
        for other, held in self.held.items():
            common = _common(key, other)
            if common is None:
                continue
            given_up = access if common == other else access & self._yielding.get(other, 0)
            if held & access & ~given_up:
                raise RuntimeFault(
                    f"linux.resources.devices: cgroup version 1 can not make an exception for {_line(key, access)} "
                    f"from the rule for {_line(other, held)}"
                )
            self.held[other] = held & ~given_up


def _joined(exceptions: dict[Key, int]) -> dict[Key, int]:
    joined = dict(exceptions)
    for one, access in exceptions.items():
        for other, more in exceptions.items():
            common = _common(one, other)
            if common is not None:
                joined[common] = joined.get(common, 0) | access | more
    return joined


def _common(one: Key, other: Key) -> Key | None:
    """The devices that two keys share."""
    if one[0] != other[0]:
        return None
    numbers = []
    for mine, theirs in zip(one[1:], other[1:], strict=True):
        if mine is not None and theirs is not None and mine != theirs:
            return None
        numbers.append(theirs if mine is None else mine)
    return one[0], numbers[0], numbers[1]


def _line(key: Key, access: int) -> str:
    major, minor = ("*" if number is None else number for number in key[1:])
    return f"{key[0]} {major}:{minor} " + "".join(letter for letter, bit in _LETTERS.items() if access & bit)


def _rule(entry: dict[str, Any], field: str, *, yields: bool) -> Rule:
    allow = values.flag(entry, "allow", f"{field}.allow")
    if allow is None:
        raise values.invalid(f"{field}.allow", "is missing")
    kind = values.text(entry, "type", f"{field}.type") or "a"
    if kind not in _TYPES:
        raise values.invalid(f"{field}.type", f"must be a, b or c, not {kind!r}")
    major, minor = (_wanted(entry, key, f"{field}.{key}") for key in ("major", "minor"))
    return Rule(allow, (kind, major, minor), _access(entry, f"{field}.access"), yields=yields)


def _wanted(entry: dict[str, Any], key: str, field: str) -> int | None:
    """A number of a device; -1 is how some callers write that all are meant."""
    wanted = values.number(entry, key, field, -1, values.I64)
    return None if wanted == -1 else wanted


def _access(entry: dict[str, Any], field: str) -> int:
    letters = values.text(entry, "access", field)
    if not set(letters or "") <= set(_LETTERS):
        raise values.invalid(field, f"must be composed of r, w and m, not {letters!r}")
    return sum(_LETTERS[letter] for letter in set(letters)) if letters else ALL_ACCESS
