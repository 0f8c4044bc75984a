"""Classic BPF (linux/filter.h), assembled from the end to the beginning.

A jump goes only forward and needs to know how far. Written backwards, every target is there before the jump to it, so
one pass is enough, and a conditional jump that its eight bits can not carry gets a long jump of its own right after it.
"""

from __future__ import annotations

import struct

from reference_runtime.errors import SpecError

LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
JUMP = 0x05  # BPF_JMP | BPF_JA
JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
JUMP_GREATER = 0x25  # BPF_JMP | BPF_JGT | BPF_K
JUMP_GREATER_OR_EQUAL = 0x35  # BPF_JMP | BPF_JGE | BPF_K
AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
RETURN = 0x06  # BPF_RET | BPF_K

_INSTRUCTION = struct.Struct("=HBBI")
_FARTHEST = 255
_LONGEST_PROGRAM = 4096  # BPF_MAXINSNS


class Assembler:
    """A program that grows at its front. A place is the number of instructions from there to the end."""

    def __init__(self) -> None:
        self._backwards: list[bytes] = []
        self._returns: dict[int, int] = {}

    def load(self, offset: int) -> int:
        """Load 32 bits of ``struct seccomp_data``."""
        return self._emit(LOAD, 0, 0, offset)

    def mask(self, bits: int) -> int:
        """Keep only some bits of what was loaded."""
        return self._emit(AND, 0, 0, bits)

    def ret(self, value: int) -> int:
        """A place that returns a value: one that is near enough to be jumped to, or a new one."""
        place = self._returns.get(value)
        if place is None or self._distance(place) > _FARTHEST - 2:
            place = self._returns[value] = self._emit(RETURN, 0, 0, value)
        return place

    def branch(self, operation: int, value: int, yes: int, no: int) -> int:
        """Compare what was loaded with a value and go to one of two places; returns where this is done."""
        if yes == no:
            return yes
        # A long jump put in between moves the other place one instruction away: hence the margin.
        if self._distance(no) > _FARTHEST - 1:
            no = self._far(no)
        if self._distance(yes) > _FARTHEST:
            yes = self._far(yes)
        return self._emit(operation, self._distance(yes), self._distance(no), value)

    def begin(self, place: int) -> None:
        """Make sure that what is written next in front runs on into ``place``."""
        if place != len(self._backwards):
            self._far(place)

    def program(self) -> bytes:
        """The ``struct sock_filter`` array."""
        if len(self._backwards) > _LONGEST_PROGRAM:
            raise SpecError(
                f"linux.seccomp: the filter needs {len(self._backwards)} instructions, "
                f"more than the kernel's {_LONGEST_PROGRAM}"
            )
        return b"".join(reversed(self._backwards))

    def _far(self, place: int) -> int:
        return self._emit(JUMP, 0, 0, self._distance(place))

    def _distance(self, place: int) -> int:
        return len(self._backwards) - place

    def _emit(self, code: int, yes: int, no: int, value: int) -> int:
        self._backwards.append(_INSTRUCTION.pack(code, yes, no, value))
        return len(self._backwards)
