"""Rules for devices: one meaning, checked against a model of the kernel's version 1 list and a machine for programs."""

from __future__ import annotations

import itertools
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_runtime.cgroups.device_program import assemble
from reference_runtime.cgroups.devices import DEFAULT_RULES, MKNOD, READ, WRITE, combined, parse, version_1
from reference_runtime.errors import RuntimeFault, SpecError

Device = tuple[str, int, int]
LETTERS = {"m": MKNOD, "r": READ, "w": WRITE}
ACCESSES = ["r", "w", "m", "rw", "rwm"]
NULL, ZERO, DISK = ("c", 1, 3), ("c", 1, 5), ("b", 8, 0)


def rule(allow: bool, kind: str | None = None, numbers: str = "*:*", access: str = "rwm") -> dict[str, Any]:
    major, _, minor = numbers.partition(":")
    given = {"type": kind, "major": None if major == "*" else int(major), "minor": None if minor == "*" else int(minor)}
    return {"allow": allow, "access": access} | {key: value for key, value in given.items() if value is not None}


# What the rules mean: of those that match, the last that names an access decides on it.


def means(rules: list[dict[str, Any]], device: Device, access: str) -> bool:
    def decided(letter: str) -> bool:
        matching = [
            one
            for one in rules
            if one.get("type", "a") in {"a", device[0]}
            and one.get("major", device[1]) == device[1]
            and one.get("minor", device[2]) == device[2]
            and letter in one["access"]
        ]
        return bool(matching and matching[-1]["allow"])

    return all(map(decided, access))


# The kernel of version 1 (security/device_cgroup.c): allow or refuse all, but for exceptions.


class Exceptions:
    def __init__(self, writes: list[tuple[str, str]]) -> None:
        self.allow = True
        self.listed: list[tuple[str, str, str, str]] = []
        for name, line in writes:
            if line == "a":
                self.allow, self.listed = name == "devices.allow", []
            else:
                assert (name == "devices.allow") != self.allow
                kind, numbers, access = line.split()
                self.listed.append((kind, *numbers.split(":"), access))  # type: ignore[arg-type]

    def asked(self, device: Device, access: str) -> bool:
        about = [
            held
            for kind, major, minor, held in self.listed
            if kind == device[0] and major in {"*", str(device[1])} and minor in {"*", str(device[2])}
        ]
        if self.allow:
            return not any(set(access) & set(held) for held in about)
        return any(set(access) <= set(held) for held in about)


# The machine of version 2, as far as these programs need one.


def run(program: bytes, device: Device, access: str) -> bool:
    code = list(struct.iter_unpack("<BBhi", program))
    kind = sum(LETTERS[letter] for letter in access) << 16 | {"b": 1, "c": 2}[device[0]]
    context = {0: kind, 4: device[1], 8: device[2]}
    registers = [0] * 10
    position = 0
    while code[position][0] != 0x95:
        operation, names, offset, value = code[position]
        target, source = names & 15, names >> 4
        position += 1
        match operation:
            case 0x61:
                assert source == 1
                registers[target] = context[offset]
            case 0xBF:
                registers[target] = registers[source]
            case 0xB7:
                registers[target] = value
            case 0x57:
                registers[target] &= value & (1 << 64) - 1
            case 0x77:
                registers[target] >>= value
            case _:
                taken = {0x05: True, 0x55: registers[target] != value, 0x45: bool(registers[target] & value)}
                position += offset if taken[operation] else 0
    return bool(registers[0])


NUMBERS = ["*", "1", "3", "8"]
RULES = st.builds(
    rule,
    st.booleans(),
    st.sampled_from(["a", "b", "c", None]),
    st.builds("{}:{}".format, st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)),
    st.sampled_from(ACCESSES),
)
DEVICES = [(kind, major, minor) for kind in "bc" for major in (1, 3, 8) for minor in (1, 3, 9)]


@settings(max_examples=300, deadline=None)
@given(st.lists(RULES, max_size=8))
def test_any_rules_mean_the_same_to_version_2(rules: list[dict[str, Any]]) -> None:
    program = assemble(parse(rules))
    for device, access in itertools.product(DEVICES, ACCESSES):
        assert run(program, device, access) == means(rules, device, access), (device, access)


@settings(max_examples=300, deadline=None)
@given(st.lists(RULES, max_size=6))
def test_any_rules_that_version_1_takes_mean_the_same_to_it(rules: list[dict[str, Any]]) -> None:
    try:
        kernel = Exceptions(version_1(parse(rules)))
    except RuntimeFault as error:
        assert "cgroup version 1 can not make an exception" in str(error)  # noqa: PT017  # both ways are right
        return
    for device, access in itertools.product(DEVICES, ACCESSES):
        assert kernel.asked(device, access) == means(rules, device, access), (device, access)


def asked(rules: list[dict[str, Any]], device: Device, access: str) -> bool:
    """What both versions answer with the default devices, which must be the same."""
    order = combined(parse(DEFAULT_RULES, yields=True), parse(rules))
    first = Exceptions(version_1(order)).asked(device, access)
    second = run(assemble(order), device, access)
    assert first == second
    return first


def test_without_rules_only_the_default_devices_may_be_used() -> None:
    assert asked([], NULL, "rw") and asked([], ("c", 136, 7), "rw")
    assert not asked([], DISK, "r") and not asked([], ("c", 10, 200), "w")
    assert asked([], DISK, "m")


@pytest.mark.parametrize("everything", [{"allow": False}, rule(False, "a"), rule(False, "a", "-1:-1")])
def test_refusing_everything_leaves_the_default_devices(everything: dict[str, Any]) -> None:
    rules = [rule(True, "b", "8:0"), everything, rule(True, "c", "10:229", "rw")]
    assert asked(rules, NULL, "rwm") and asked(rules, ("c", 10, 229), "rw")
    assert not asked(rules, DISK, "r")


def test_allowing_everything() -> None:
    rules = [rule(False), rule(True), rule(False, "b", "8:0", "w")]
    assert asked(rules, DISK, "r") and not asked(rules, DISK, "w") and not asked(rules, DISK, "rw")
    assert asked(rules, ("c", 200, 1), "rwm")


def test_a_default_device_may_be_refused() -> None:
    rules = [rule(False), rule(False, "c", "1:5", "rw")]
    assert not asked(rules, ZERO, "r") and asked(rules, NULL, "r")


def test_what_only_the_runtime_allows_is_given_up_rather_than_kept() -> None:
    rules = [rule(False, "c", "1:5")]
    assert not run(assemble(combined(parse(DEFAULT_RULES), parse(rules))), ZERO, "m")
    first = Exceptions(version_1(combined(parse(DEFAULT_RULES, yields=True), parse(rules))))
    assert not first.asked(ZERO, "m") and not first.asked(("c", 10, 1), "m")
    assert first.asked(NULL, "m") and first.asked(DISK, "m")


def test_order_decides() -> None:
    assert asked([rule(False, "b", "8:0"), rule(True, "b", "8:0")], DISK, "rw")
    assert not asked([rule(True, "b", "8:0"), rule(False, "b", "8:0")], DISK, "r")


def test_version_1_says_what_it_can_not_do() -> None:
    with pytest.raises(RuntimeFault, match=r"can not make an exception for c 1:3 w from the rule for c 1:\* rwm"):
        version_1(parse([rule(False), rule(True, "c", "1:*"), rule(False, "c", "1:3", "w")]))


def test_accesses_of_two_rules_may_be_asked_for_together() -> None:
    rules = [rule(True, "b", "8:*", "r"), rule(True, "b", "*:0", "w")]
    assert asked(rules, DISK, "rw")
    assert not asked(rules, ("b", 8, 1), "rw")


def test_numbers_beyond_any_device_match_nothing() -> None:
    assert not run(assemble(parse([rule(True, "b", f"{1 << 40}:0")])), DISK, "r")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "devices[0].allow is missing"),
        ({"allow": "yes"}, "devices[0].allow must be true or false"),
        ({"allow": True, "type": "z"}, "devices[0].type must be a, b or c, not 'z'"),
        ({"allow": True, "major": -2}, "devices[0].major must be an integer"),
        ({"allow": True, "minor": "3"}, "devices[0].minor must be an integer"),
        ({"allow": True, "access": "rx"}, "devices[0].access must be composed of r, w and m"),
        (3, "devices must be an array of objects"),
    ],
)
def test_invalid_rules(entry: Any, message: str) -> None:
    with pytest.raises(SpecError) as raised:
        parse([entry])
    assert str(raised.value).startswith(f"linux.resources.{message}")
