"""The compiled program, run by an interpreter of our own, against a direct reading of the rules."""

from __future__ import annotations

import struct
import time
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_runtime.errors import SpecError
from reference_runtime.seccomp import compile_filter
from reference_runtime.seccomp.names import ACTIONS, ARCHITECTURES, FLAG_NEW_LISTENER, FLAGS
from reference_runtime.seccomp.tables import numbers

KILL, ALLOW, ERRNO = 0, 0x7FFF0000, 0x00050000
X86_64, X86, AARCH64 = (ARCHITECTURES[f"SCMP_ARCH_{name}"] for name in ("X86_64", "X86", "AARCH64"))
READ, PERSONALITY = 0, 135
TABLE = numbers("SCMP_ARCH_X86_64")


# A machine for classic BPF programs, as small as the compiler's vocabulary.

LOAD, MASK, RETURN = 0x20, 0x54, 0x06
JUMPS = {0x15: int.__eq__, 0x25: int.__gt__, 0x35: int.__ge__}


class Call(NamedTuple):
    number: int
    arch: int
    args: tuple[int, ...] = (0, 0, 0, 0, 0, 0)

    def data(self) -> bytes:
        """struct seccomp_data on a little-endian machine."""
        return struct.pack("<IIQ6Q", self.number, self.arch, 0, *self.args)


def instructions(program: bytes) -> list[tuple[int, int, int, int]]:
    return list(struct.iter_unpack("=HBBI", program))


def run(program: bytes, call: Call) -> int:
    code, data = instructions(program), call.data()
    position = accumulator = 0
    while True:
        operation, yes, no, value = code[position]
        position += 1
        if operation == RETURN:
            return value
        if operation == LOAD:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif operation == MASK:
            accumulator &= value
        elif operation == 0x05:
            position += value
        else:
            position += yes if JUMPS[operation](accumulator, value) else no


# Configurations.


def profile(*rules: dict[str, Any], default: str = "ALLOW", **more: Any) -> dict[str, Any]:
    return {"defaultAction": f"SCMP_ACT_{default}", "syscalls": list(rules), **more}


def rule(*names: str, action: str = "ERRNO", args: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    return {"names": list(names), "action": f"SCMP_ACT_{action}", **({"args": args} if args else {}), **more}


def match(index: int, operator: str, value: int, second: int | None = None) -> dict[str, Any]:
    more = {} if second is None else {"valueTwo": second}
    return {"index": index, "op": f"SCMP_CMP_{operator}", "value": value, **more}


def answer(document: dict[str, Any], number: int, *args: int, arch: int = X86_64, machine: str = "x86_64") -> int:
    program, _ = compile_filter(document, machine)
    return run(program, Call(number, arch, (*args, *(0,) * (6 - len(args)))))


# A direct reading of the configuration, for programs of x86-64.


def holds(entry: dict[str, Any], args: tuple[int, ...]) -> bool:
    have, value, second = args[entry["index"]], entry["value"], entry.get("valueTwo", 0)
    return bool(
        {
            "NE": have != value,
            "LT": have < value,
            "LE": have <= value,
            "EQ": have == value,
            "GE": have >= value,
            "GT": have > value,
            "MASKED_EQ": have & value == second & value,
        }[entry["op"].removeprefix("SCMP_CMP_")]
    )


def applies(entry: dict[str, Any], number: int, args: tuple[int, ...]) -> bool:
    if number not in {TABLE.get(name) for name in entry["names"]}:
        return False
    matches = entry.get("args", [])
    if len({one["index"] for one in matches}) < len(matches):
        return any(holds(one, args) for one in matches)
    return all(holds(one, args) for one in matches)


def returned(action: str, errno: int | None) -> int:
    return ACTIONS[action] | (1 if errno is None and action in {"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"} else errno or 0)


def expected(document: dict[str, Any], number: int, args: tuple[int, ...]) -> int:
    if 0x40000000 <= number < 0xFFFFFFFF:
        return KILL
    for entry in document["syscalls"]:
        if applies(entry, number, args):
            return returned(entry["action"], entry.get("errnoRet"))
    return returned(document["defaultAction"], document.get("defaultErrnoRet"))


NAMES = ["read", "write", "open", "close", "personality", "clone", "rseq_slice_yield", "unheard_of", "pread64"]
EDGES = [0, 1, 2, 0xFFFFFFFF, 0x100000000, 0x100000001, (1 << 64) - 1, 1 << 63, 0xDEADBEEF00000001]
VALUES = st.sampled_from(EDGES) | st.integers(0, (1 << 64) - 1)
MATCHES = st.builds(
    match,
    st.integers(0, 5),
    st.sampled_from(["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"]),
    VALUES,
    st.none() | VALUES,
)
ANSWERS = st.sampled_from([("ALLOW", {}), ("KILL_PROCESS", {}), ("ERRNO", {"errnoRet": 7}), ("ERRNO", {}), ("LOG", {})])
RULES = st.builds(
    lambda names, action, args: rule(*names, action=action[0], args=args, **action[1]),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4),
    ANSWERS,
    st.lists(MATCHES, max_size=4),
)
NUMBERS = st.sampled_from([0, 1, 2, 3, 17, 56, 135, 471, 472, 0x40000000, 0x40000001, 0xFFFFFFFF])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RULES, max_size=12), NUMBERS, st.tuples(*[VALUES] * 6))
def test_any_rules_mean_what_they_say(rules: list[dict[str, Any]], number: int, args: tuple[int, ...]) -> None:
    document = profile(*rules)
    assert run(compile_filter(document, "x86_64")[0], Call(number, X86_64, args)) == expected(document, number, args)


@pytest.mark.parametrize("operator", ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"])
@pytest.mark.parametrize("value", EDGES)
def test_every_operator_at_the_edges_of_its_halves(operator: str, value: int) -> None:
    document = profile(rule("read", args=[match(3, operator, value, value)]))
    program, _ = compile_filter(document, "x86_64")
    for have in EDGES:
        args = (0, 0, 0, have, 0, 0)
        assert run(program, Call(READ, X86_64, args)) == expected(document, READ, args), hex(have)


def test_long_programs_jump_over_more_than_a_byte_can_say() -> None:
    names = sorted(TABLE)
    checked = [
        rule(name, args=[match(0, "GT", position)], errnoRet=position + 2) for position, name in enumerate(names)
    ]
    document = profile(*checked, default="KILL_PROCESS")
    program, _ = compile_filter(document, "x86_64")
    assert len(instructions(program)) > 1024
    for number in TABLE.values():
        for have in (0, 3000):
            args = (have, 0, 0, 0, 0, 0)
            assert run(program, Call(number, X86_64, args)) == expected(document, number, args)


def test_a_program_longer_than_the_kernel_takes_is_refused() -> None:
    many = [rule("read", args=[match(0, "EQ", value)]) for value in range(1100)]
    with pytest.raises(SpecError, match="more than the kernel's 4096"):
        compile_filter(profile(*many), "x86_64")


def test_the_first_rule_that_applies_decides() -> None:
    document = profile(
        rule("read", args=[match(0, "EQ", 1)], errnoRet=1), rule("read", errnoRet=2), rule("read", errnoRet=3)
    )
    assert answer(document, READ, 1) == ERRNO | 1
    assert answer(document, READ, 2) == ERRNO | 2


def test_matches_of_different_arguments_must_all_hold() -> None:
    document = profile(rule("read", args=[match(0, "EQ", 1), match(1, "EQ", 2)]))
    assert answer(document, READ, 1, 2) == ERRNO | 1
    assert answer(document, READ, 1, 0) == answer(document, READ, 0, 2) == ALLOW


def test_one_of_two_matches_of_the_same_argument_is_enough() -> None:
    document = profile(rule("personality", args=[match(0, "EQ", 1), match(0, "EQ", 2)]))
    assert answer(document, PERSONALITY, 1) == answer(document, PERSONALITY, 2) == ERRNO | 1
    assert answer(document, PERSONALITY, 3) == ALLOW


def test_unknown_names_change_nothing() -> None:
    assert compile_filter(profile(rule("unheard_of")), "x86_64") == compile_filter(profile(), "x86_64")


def test_architectures_not_listed_are_killed() -> None:
    document = profile(rule("read"))
    assert answer(document, 3, arch=X86) == KILL
    assert answer(document, READ, arch=AARCH64) == KILL
    assert answer(document, 0x40000000) == KILL


def test_a_tracer_may_skip_a_call() -> None:
    assert answer(profile(), 0xFFFFFFFF) == ALLOW


@pytest.mark.parametrize("listed", [["X86"], ["X32"], ["X86_64", "X86", "X32"], ["MIPS", "X86"]])
def test_architectures_listed_are_filtered_with_their_own_numbers(listed: list[str]) -> None:
    document = profile(rule("read", "write"), architectures=[f"SCMP_ARCH_{name}" for name in listed])
    assert answer(document, READ) == ERRNO | 1
    assert answer(document, 3, arch=X86) == (ERRNO | 1 if "X86" in listed else KILL)
    assert answer(document, 0, arch=X86) == (ALLOW if "X86" in listed else KILL)
    assert answer(document, 0x40000001) == (ERRNO | 1 if "X32" in listed else KILL)
    assert answer(document, 0x40000003) == (ALLOW if "X32" in listed else KILL)


def test_aarch64_has_its_own_numbers() -> None:
    document = profile(rule("read"), architectures=["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"])
    assert answer(document, 63, arch=AARCH64, machine="aarch64") == ERRNO | 1
    assert answer(document, 3, arch=ARCHITECTURES["SCMP_ARCH_ARM"], machine="aarch64") == ERRNO | 1
    assert answer(document, READ, machine="aarch64") == KILL


def test_i386_reaches_no_socket_by_the_old_way() -> None:
    document = profile(rule("connect", "semget"), architectures=["SCMP_ARCH_X86"])
    socketcall, ipc = 102, 117
    assert answer(document, 362, arch=X86) == ERRNO | 1
    assert answer(document, socketcall, 3, arch=X86) == ERRNO | 1
    assert answer(document, socketcall, 2, arch=X86) == ALLOW
    assert answer(document, ipc, 0x10002, arch=X86) == ERRNO | 1
    assert answer(document, ipc, 0x10001, arch=X86) == ALLOW


def test_flags_are_the_kernels_bits() -> None:
    assert compile_filter(profile(flags=list(FLAGS)[:3]), "x86_64")[1] == 0b111


def test_notify_asks_for_a_listener() -> None:
    listening = profile(rule("mkdir", action="NOTIFY"), listenerPath="/agent", flags=[list(FLAGS)[3]])
    assert compile_filter(listening, "x86_64")[1] == FLAG_NEW_LISTENER | 1 << 5
    assert compile_filter(profile(flags=[list(FLAGS)[3]]), "x86_64")[1] == 0


def test_compiling_a_profile_of_300_calls_is_quick() -> None:
    names = sorted(TABLE)[:330]
    listed = [f"SCMP_ARCH_{name}" for name in ("X86_64", "X86", "X32")]
    allowed = rule(*(name for name in names if name != "personality"), action="ALLOW")
    some = [rule("personality", action="ALLOW", args=[match(0, "EQ", value)]) for value in (0, 8, 0xFFFFFFFF)]
    document = profile(allowed, *some, default="ERRNO", architectures=listed)
    spent = []
    for _ in range(5):
        begin = time.process_time()
        compile_filter(document, "x86_64")
        spent.append(time.process_time() - begin)
    assert min(spent) < 0.02
