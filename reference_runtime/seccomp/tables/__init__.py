"""The numbers of system calls: one text file of lines ``name number`` for each architecture, read when asked for.

The numbers are those of the kernel's own headers (asm/unistd_64.h, unistd_32.h, unistd_x32.h, unistd-eabi.h). Those of
x32 include the bit that tells x32 from x86-64.
"""

import os

_FILES = {
    "SCMP_ARCH_X86_64": "x86_64",
    "SCMP_ARCH_X86": "x86",
    "SCMP_ARCH_X32": "x32",
    "SCMP_ARCH_AARCH64": "aarch64",
    "SCMP_ARCH_ARM": "arm",
}


def numbers(architecture: str) -> dict[str, int]:
    """Name -> number of every system call of an architecture that ``MACHINES`` names."""
    path = os.path.join(os.path.dirname(__file__), _FILES[architecture] + ".txt")
    with open(path, encoding="ascii") as table:
        words = table.read().split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))
