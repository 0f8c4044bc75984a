"""bpf(2): a program for devices, attached to a control group of version 2."""

from __future__ import annotations

import ctypes
import os
import struct

from reference_runtime.libc import syscall

_LOAD, _ATTACH, _DETACH, _GET_BY_ID, _GET_INFO, _QUERY = 5, 8, 9, 13, 15, 16
_CGROUP_DEVICE_PROGRAM = 15
_CGROUP_DEVICE = 6
_ALLOW_MULTI = 2
_INSTRUCTION_SIZE = 8
_MOST_PROGRAMS = 64  # the kernel's own limit for one group

_NAME = b"seatrial_devs"
_NAME_OFFSET = 64  # of struct bpf_prog_info
_INFO_SIZE = 80
_QUERY_SIZE = 64


def control_devices(folder: str, program: bytes) -> None:
    """Have a program decide on the devices of a control group, in place of one that was attached here before.

    The old program goes only after the new one is there. Programs of others stay, and all must agree. OSError is the
    kernel's answer.
    """
    group = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        earlier = _attached(group)
        loaded = _load(program)
        _bpf(_ATTACH, struct.pack("=4I", group, loaded, _CGROUP_DEVICE, _ALLOW_MULTI))
        os.close(loaded)
        for one in earlier:
            _bpf(_DETACH, struct.pack("=3I", group, one, _CGROUP_DEVICE))
            os.close(one)
    finally:
        os.close(group)


def _load(program: bytes) -> int:
    code = ctypes.create_string_buffer(program)
    licence = ctypes.create_string_buffer(b"Apache-2.0")
    count = len(program) // _INSTRUCTION_SIZE
    head = struct.pack("=2I2Q", _CGROUP_DEVICE_PROGRAM, count, ctypes.addressof(code), ctypes.addressof(licence))
    # Level, size and address of the log, kernel version and flags stay zero up to the name.
    tail = struct.pack("=2IQ2I16s2I", 0, 0, 0, 0, 0, _NAME, 0, _CGROUP_DEVICE)
    return _bpf(_LOAD, head + tail)


def _attached(group: int) -> list[int]:
    """Descriptors of the programs that this module attached to the group."""
    identities = (ctypes.c_uint32 * _MOST_PROGRAMS)()
    attributes = struct.pack("=4IQI", group, _CGROUP_DEVICE, 0, 0, ctypes.addressof(identities), _MOST_PROGRAMS)
    # Newer kernels answer in fields that older ones do not have.
    question = ctypes.create_string_buffer(attributes, _QUERY_SIZE)
    syscall("bpf", _QUERY, ctypes.byref(question), _QUERY_SIZE)
    (count,) = struct.unpack_from("=I", question, 24)
    programs = [_bpf(_GET_BY_ID, struct.pack("=3I", identity, 0, 0)) for identity in identities[:count]]
    ours = [program for program in programs if _name(program) == _NAME]
    for program in set(programs) - set(ours):
        os.close(program)
    return ours


def _name(program: int) -> bytes:
    info = ctypes.create_string_buffer(_INFO_SIZE)
    _bpf(_GET_INFO, struct.pack("=2IQ", program, _INFO_SIZE, ctypes.addressof(info)))
    return info.raw[_NAME_OFFSET : _NAME_OFFSET + 16].rstrip(b"\0")


def _bpf(command: int, attributes: bytes) -> int:
    return syscall("bpf", command, attributes, len(attributes))
