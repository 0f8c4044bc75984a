"""From the rules of ``linux.seccomp`` to a program of classic BPF.

The program tells apart architectures, then searches the system call's number by halving, then tries the rules of that
number in the order of the configuration. The first rule that applies decides, the default action if none does.
"""

from __future__ import annotations

from reference_runtime.errors import RuntimeFault
from reference_runtime.seccomp import assembler as asm
from reference_runtime.seccomp.multiplexed import parts
from reference_runtime.seccomp.names import ACTIONS, ARCHITECTURES, FLAG_NEW_LISTENER, FLAGS, MACHINES
from reference_runtime.seccomp.rules import parse
from reference_runtime.seccomp.tables import numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reference_runtime.seccomp.rules import Match, Profile

    # The rules of one number, in order: the matches of which all must hold, and the value then returned.
    Chain = list[tuple[list[Match], int]]

# struct seccomp_data (linux/seccomp.h); the halves of an argument as a little-endian machine lays them.
_NUMBER = 0
_ARCHITECTURE = 4
_ARGUMENTS = 16

_X32_BIT = 0x40000000
_NO_NUMBER = 0xFFFFFFFF  # what a tracer sets to have a system call skipped
_LOW = 0xFFFFFFFF
_ALL_BITS = (1 << 64) - 1

# Operators that hold exactly when another does not.
_OPPOSITE = {"NE": "EQ", "LT": "GE", "LE": "GT"}


def compile_filter(seccomp: dict[str, Any], machine: str) -> tuple[bytes, int]:
    """The program, an array of ``struct sock_filter``, and the flags for seccomp(2).

    ``machine`` is the kernel's name of it, as uname(2) gives it. A system call of an architecture that the machine can
    run but the configuration does not list is answered as libseccomp answers it: the thread is killed. Names that an
    architecture does not have are left out. SpecError says what is invalid, RuntimeFault that the machine is unknown.
    """
    profile = parse(seccomp)
    if machine not in MACHINES:
        raise RuntimeFault(f"linux.seccomp: the system call numbers of the machine {machine} are not known")
    native, *others = MACHINES[machine]
    wanted = [native, *(name for name in others if name in profile.architectures)]
    return _program(profile, wanted), _flags(profile)


def _flags(profile: Profile) -> int:
    if profile.notifies:
        return profile.flags | FLAG_NEW_LISTENER
    # Without a listener there is nobody to wait for, and the kernel refuses the flag.
    return profile.flags & ~FLAGS["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]


def _program(profile: Profile, wanted: list[str]) -> bytes:
    code = asm.Assembler()
    following = code.ret(ACTIONS["SCMP_ACT_KILL"])
    x32 = _section(code, profile, "SCMP_ARCH_X32") if "SCMP_ARCH_X32" in wanted else following
    sections = []
    for name in wanted:
        if name == "SCMP_ARCH_X32":
            continue
        place = _section(code, profile, name)
        if name == "SCMP_ARCH_X86_64":
            place = _apart_from_x32(code, profile.default, place, x32)
        code.begin(place)
        sections.append((ARCHITECTURES[name], code.load(_NUMBER)))
    for value, place in sections:
        following = code.branch(asm.JUMP_EQUAL, value, place, following)
    code.begin(following)
    code.load(_ARCHITECTURE)
    return code.program()


def _apart_from_x32(code: asm.Assembler, default: int, x86_64: int, x32: int) -> int:
    """x32 shares its architecture's number with x86-64 and sets a bit in the system call's."""
    above = code.branch(asm.JUMP_EQUAL, _NO_NUMBER, code.ret(default), x32)
    return code.branch(asm.JUMP_GREATER_OR_EQUAL, _X32_BIT, above, x86_64)


def _section(code: asm.Assembler, profile: Profile, architecture: str) -> int:
    """The search among one architecture's numbers, once the number is loaded."""
    ranges = _ranges(_chains(profile, architecture))
    return _search(code, [(first, _chain(code, chain, profile.default)) for first, chain in ranges])


def _chains(profile: Profile, architecture: str) -> dict[int, Chain]:
    """The rules of every number that is named, up to the first that always applies."""
    table = numbers(architecture)
    chains: dict[int, Chain] = {}
    closed: set[int] = set()
    for rule in profile.rules:
        for name in rule.names:
            for number, alternatives in parts(table, architecture, name, rule.alternatives):
                if number in closed:
                    continue
                chains.setdefault(number, []).extend((matches, rule.returns) for matches in alternatives or [[]])
                if not alternatives:
                    closed.add(number)
    return chains


def _ranges(chains: dict[int, Chain]) -> list[tuple[int, Chain]]:
    """First numbers of ranges that cover all numbers, each with the rules of the whole range; neighbours differ."""
    ranges: list[tuple[int, Chain]] = [(0, [])]
    following = 0
    for number, chain in sorted(chains.items(), key=lambda item: item[0]):
        if number > following and ranges[-1][1]:
            ranges.append((following, []))
        if chain != ranges[-1][1]:
            ranges.append((number, chain))
        following = number + 1
    if ranges[-1][1]:
        ranges.append((following, []))
    # The number 0 with rules of its own replaces the empty range in front of it.
    return ranges[1:] if len(ranges) > 1 and ranges[1][0] == 0 else ranges


def _search(code: asm.Assembler, places: list[tuple[int, int]]) -> int:
    if len(places) == 1:
        return places[0][1]
    middle = len(places) // 2
    upper = _search(code, places[middle:])
    lower = _search(code, places[:middle])
    return code.branch(asm.JUMP_GREATER_OR_EQUAL, places[middle][0], upper, lower)


def _chain(code: asm.Assembler, chain: Chain, default: int) -> int:
    place = code.ret(default)
    for matches, returns in reversed(chain):
        missed = place
        place = code.ret(returns)
        for match in reversed(matches):
            place = _compare(code, match, place, missed)
    return place


def _compare(code: asm.Assembler, match: Match, yes: int, no: int) -> int:
    """Compare an argument of 64 bits, half by half, and go to one of two places."""
    index, operator, value, second = match
    offset = _ARGUMENTS + 8 * index
    if operator in {"NE", "LT", "LE"}:
        operator = _OPPOSITE[operator]
        yes, no = no, yes
    if operator == "EQ":
        return _equal(code, offset, (value, _ALL_BITS), (yes, no))
    if operator == "MASKED_EQ":
        return _equal(code, offset, (second & value, value), (yes, no))
    operation = asm.JUMP_GREATER if operator == "GT" else asm.JUMP_GREATER_OR_EQUAL
    return _ordered(code, offset, (operation, value), (yes, no))


def _equal(code: asm.Assembler, offset: int, wanted: tuple[int, int], targets: tuple[int, int]) -> int:
    """Whether the argument, reduced to the bits of a mask, is the value; ``wanted`` is the value and the mask."""
    value, mask = wanted
    yes, no = targets
    for shift, half in ((0, offset), (32, offset + 4)):
        bits = mask >> shift & _LOW
        if not bits:
            continue
        code.begin(code.branch(asm.JUMP_EQUAL, value >> shift & _LOW, yes, no))
        if bits != _LOW:
            code.mask(bits)
        yes = code.load(half)
    return yes


def _ordered(code: asm.Assembler, offset: int, wanted: tuple[int, int], targets: tuple[int, int]) -> int:
    """Whether the argument is greater (or equal): the upper half decides unless it is equal."""
    operation, value = wanted
    yes, no = targets
    code.begin(code.branch(operation, value & _LOW, yes, no))
    lower = code.load(offset)
    same = code.branch(asm.JUMP_EQUAL, value >> 32, lower, no)
    code.begin(code.branch(asm.JUMP_GREATER, value >> 32, yes, same))
    return code.load(offset + 4)
