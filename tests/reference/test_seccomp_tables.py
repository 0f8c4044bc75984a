"""The committed tables against the headers of this machine's kernel interface, where they are installed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from reference_runtime.seccomp.tables import numbers

HEADERS = {
    "SCMP_ARCH_X86_64": "x86-linux-any/asm/unistd_64.h",
    "SCMP_ARCH_X86": "x86-linux-any/asm/unistd_32.h",
    "SCMP_ARCH_X32": "x86-linux-any/asm/unistd_x32.h",
    "SCMP_ARCH_AARCH64": "aarch64-linux-any/asm/unistd_64.h",
    "SCMP_ARCH_ARM": "arm-linux-any/asm/unistd-eabi.h",
}
BASES = {"__X32_SYSCALL_BIT": 0x40000000, "__NR_SYSCALL_BASE": 0}
NOT_CALLS = {"syscalls", "arch_specific_syscall"}


def number(text: str) -> int:
    """The number in ``(__X32_SYSCALL_BIT + 0)``, or in ``0``."""
    return sum(BASES[word] if word in BASES else int(word, 0) for word in text.strip("() ").split(" + "))


@pytest.mark.parametrize("architecture", HEADERS)
def test_tables_are_the_headers(architecture: str) -> None:
    zig = importlib.util.find_spec("ziglang")
    if zig is None or zig.origin is None:
        pytest.skip("ziglang, which brings the headers of all architectures, is not installed")
    header = Path(zig.origin).parent / "lib/libc/include" / HEADERS[architecture]
    defined = re.findall(r"^#define\s+__NR_(\w+)\s+(.+)$", header.read_text(), re.MULTILINE)
    ours, theirs = numbers(architecture), {name: number(text) for name, text in defined if name not in NOT_CALLS}
    private = {name for name in ours if ours[name] >= 0xF0000 and architecture == "SCMP_ARCH_ARM"}
    assert {name: ours[name] for name in ours.keys() - private - {"sync_file_range2"}} == {
        name: theirs[name] for name in theirs.keys() - {"sync_file_range2"}
    }
