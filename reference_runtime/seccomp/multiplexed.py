"""System calls that i386 also reaches through another: ``socketcall`` and ``ipc`` (socketcall(2), ipc(2)).

A rule for ``connect`` that ignored ``socketcall`` would be no rule. Only rules without argument matches can be carried
over, since the real arguments then lie in memory, where a filter can not look.
"""

from __future__ import annotations

from reference_runtime.seccomp.rules import Match

# The first argument of socketcall(2), from linux/net.h.
_SOCKET_CALLS = (
    *("socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv"),
    *("sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg"),
    "sendmmsg",
)

# The first argument of ipc(2), from linux/ipc.h; its upper half is a version.
_IPC_CALLS = {
    "semop": 1,
    "semget": 2,
    "semctl": 3,
    "semtimedop": 4,
    "msgsnd": 11,
    "msgrcv": 12,
    "msgget": 13,
    "msgctl": 14,
    "shmat": 21,
    "shmdt": 22,
    "shmget": 23,
    "shmctl": 24,
}
_IPC_CALL = 0xFFFF


def parts(
    table: dict[str, int], architecture: str, name: str, alternatives: list[list[Match]]
) -> list[tuple[int, list[list[Match]]]]:
    """The numbers that a rule for ``name`` concerns, each with the alternatives that must be tried there."""
    found = [(table[name], alternatives)] if name in table else []
    if architecture != "SCMP_ARCH_X86" or alternatives:
        return found
    if name in _SOCKET_CALLS:
        match = (0, "EQ", _SOCKET_CALLS.index(name) + 1, 0)
        found.append((table["socketcall"], [[match]]))
    if name in _IPC_CALLS:
        found.append((table["ipc"], [[(0, "MASKED_EQ", _IPC_CALL, _IPC_CALLS[name])]]))
    return found
