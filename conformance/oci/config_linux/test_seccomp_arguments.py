"""config-linux.md, Seccomp: rules that hold for some arguments only."""

import platform
from typing import Any

import pytest

from conformance import musts, proved_by
from conformance.plugin.fixtures import Run
from strategies.edits import arg, rule, seccomp, syscall

#: getpriority(2): it looks at its first two arguments and changes nothing.
GETPRIORITY = {"x86_64": 140, "aarch64": 141}
WHO = 1
BIG = 1 << 32
DENIED = "EPERM"


def denied(run: Run, values: list[int], *conditions: Any) -> list[bool]:
    """For each value of the second argument, whether a rule with these conditions denies the call."""
    number = GETPRIORITY[platform.machine()]
    calls = [syscall(number, 0, value, 0) for value in values]
    inside = run(seccomp("ALLOW", rule("getpriority", "ERRNO", args=conditions)), *calls)
    return [inside.action("syscall", index).errno == DENIED for index in range(len(values))]


@musts(
    "seccomp.args",
    "seccomp.args.op.ne",
    "seccomp.args.op.lt",
    "seccomp.args.op.le",
    "seccomp.args.op.eq",
    "seccomp.args.op.ge",
    "seccomp.args.op.gt",
)
@proved_by("seccomp-args-ignored")
@pytest.mark.parametrize(
    ("op", "expected"),
    [
        pytest.param("NE", [True, False, True, True], marks=proved_by("seccomp-operators-equal")),
        pytest.param("LT", [True, False, False, False], marks=proved_by("seccomp-operators-equal")),
        pytest.param("LE", [True, True, False, False], marks=proved_by("seccomp-operators-equal")),
        pytest.param("EQ", [False, True, False, False]),
        pytest.param("GE", [False, True, True, True], marks=proved_by("seccomp-operators-equal")),
        pytest.param("GT", [False, False, True, True], marks=proved_by("seccomp-operators-equal")),
    ],
)
def test_an_operator_compares_all_64_bits(run: Run, op: str, expected: list[bool]) -> None:
    """A condition compares the whole argument with the value, as its operator says."""
    assert denied(run, [6, 7, 8, BIG + 7], arg(WHO, 7, op)) == expected


@musts("seccomp.args.op.masked-eq", "seccomp.args.value-two")
@proved_by("seccomp-args-ignored", "seccomp-value-two-dropped", "seccomp-mask-swapped")
def test_masked_equality_compares_under_the_mask(run: Run) -> None:
    """MASKED_EQ holds when the argument, under the mask in value, is valueTwo."""
    denials = denied(run, [0x10, 0x13, 0x20, 0x30, 0x1F], arg(WHO, 0xF0, "MASKED_EQ", 0x10))
    assert denials == [True, True, False, False, True]


@musts("seccomp.args.value", "seccomp.args")
@proved_by("seccomp-values-truncated")
def test_a_value_beyond_32_bits_is_compared_whole(run: Run) -> None:
    """A value of more than 32 bits is not cut."""
    assert denied(run, [5, BIG + 5, BIG], arg(WHO, BIG + 5, "EQ")) == [False, True, False]


@musts("seccomp.args", "seccomp.args.index")
@proved_by("seccomp-first-argument-only")
def test_all_conditions_must_hold(run: Run) -> None:
    """A rule with several conditions holds when each of them does, each for the argument of its index."""
    assert denied(run, [3, 4], arg(0, 0, "EQ"), arg(WHO, 3, "EQ")) == [True, False]
    assert denied(run, [3, 4], arg(0, 1, "EQ"), arg(WHO, 3, "EQ")) == [False, False]


@musts("seccomp.syscalls", "seccomp.args")
@proved_by("seccomp-first-rule-only", "seccomp-last-rule-dropped")
def test_one_of_several_rules_suffices(run: Run) -> None:
    """Several rules for one call deny what any of them denies."""
    number = GETPRIORITY[platform.machine()]
    rules = [rule("getpriority", "ERRNO", args=[arg(WHO, who, "EQ")]) for who in (3, 5)]
    inside = run(seccomp("ALLOW", *rules), *(syscall(number, 0, who, 0) for who in (3, 4, 5)))
    assert [inside.action("syscall", index).errno == DENIED for index in range(3)] == [True, False, True]
