"""The rules for devices as a program of extended BPF, which is how version 2 controls them (bpf(2)).

The kernel runs it for every access with a ``struct bpf_cgroup_dev_ctx`` and asks whether the access is allowed.
"""

from __future__ import annotations

import struct

from reference_runtime.cgroups.devices import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Instructions = list[bytes]

_INSTRUCTION = struct.Struct("<BBhi")

# Operation codes (linux/bpf.h): class, operation and source in one byte.
_LOAD_WORD = 0x61
_MOVE = 0xBF
_SET = 0xB7
_AND = 0x57
_SHIFT_RIGHT = 0x77
_JUMP = 0x05
_JUMP_NOT_EQUAL = 0x55
_JUMP_IF_ANY = 0x45
_EXIT = 0x95

# Registers: the answer, the context, then what is known of the access. ``_OPEN`` are the accesses not yet allowed.
_ANSWER, _CONTEXT, _TYPE, _OPEN, _MAJOR, _MINOR = range(6)

_TYPES = {"b": 1, "c": 2}  # BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR
_GREATEST = 0x7FFFFFFF  # what a comparison can hold; no device has a greater number


def assemble(rules: Iterable[Rule]) -> bytes:
    """The program, an array of ``struct bpf_insn``. The last rule that names an access decides: it is tried first."""
    code = [
        _code(_LOAD_WORD, _TYPE, _CONTEXT, offset=0),
        _code(_MOVE, _OPEN, _TYPE),
        _code(_AND, _TYPE, value=0xFFFF),
        _code(_SHIFT_RIGHT, _OPEN, value=16),
        _code(_LOAD_WORD, _MAJOR, _CONTEXT, offset=4),
        _code(_LOAD_WORD, _MINOR, _CONTEXT, offset=8),
        *_if(_JUMP_NOT_EQUAL, _OPEN, 0, _answer(1)),
    ]
    for rule in reversed(list(rules)):
        if max(rule.major or 0, rule.minor or 0) <= _GREATEST:
            code += _matched(rule, list(_decision(rule)))
    return b"".join(code + _answer(0))


def _matched(rule: Rule, then: Instructions) -> Instructions:
    """Instructions that are passed over unless the rule is about the device."""
    wanted = ((_MINOR, rule.minor), (_MAJOR, rule.major), (_TYPE, _TYPES.get(rule.kind)))
    for register, value in wanted:
        if value is not None:
            then = _if(_JUMP_NOT_EQUAL, register, value, then)
    return then


def _decision(rule: Rule) -> Iterator[bytes]:
    if rule.allow:
        yield _code(_AND, _OPEN, value=~rule.access)
        yield from _if(_JUMP_NOT_EQUAL, _OPEN, 0, _answer(1))
    else:
        yield _code(_JUMP_IF_ANY, _OPEN, offset=1, value=rule.access)
        yield _code(_JUMP, offset=2)
        yield from _answer(0)


def _if(skip: int, register: int, value: int, then: Instructions) -> Instructions:
    """``then``, passed over when the comparison ``skip`` holds."""
    return [_code(skip, register, offset=len(then), value=value), *then]


def _answer(value: int) -> Instructions:
    return [_code(_SET, _ANSWER, value=value), _code(_EXIT)]


def _code(operation: int, target: int = 0, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return _INSTRUCTION.pack(operation, source << 4 | target, offset, value)
