"""What a process is before its program runs: the properties of ``process`` and of its kin in ``linux``.

``plan_outside`` is for the child while it has the rights of the runtime; ``plan_inside`` for the container's
namespaces; ``plan_last`` for the moment before the program is executed, in an order that keeps each right as long as a
later step needs it.
"""

from __future__ import annotations

import os
import resource
import stat
import struct

from reference_runtime import capabilities, faults, libc
from reference_runtime.constants import (
    IO_CLASSES,
    MEMORY_POLICIES,
    MEMORY_POLICY_FLAGS,
    PERSONALITIES,
    RLIMITS,
    SCHEDULER_FLAGS,
    SCHEDULERS,
)
from reference_runtime.errors import RuntimeFault
from reference_runtime.ops import home, program
from reference_runtime.plan import Call, Op
from reference_runtime.validate.numbers import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from reference_runtime.run import Run

_PR_SET_NO_NEW_PRIVS = 38
_MEMORY_NODES = 1024
_NULL = os.makedev(1, 3)
_REAL_TIME = ("SCHED_FIFO", "SCHED_RR")
_NO_BUDGET = (
    "; it takes CAP_SYS_NICE, and in a control group of version 1 linux.resources.cpu.realtimeRuntime,"
    " which has to be within that of the groups above"
)


def plan_outside(run: Run) -> Iterator[Op]:
    """Steps that need the rights of the runtime's own user namespace."""
    for limit in run.process.get("rlimits", ()):
        text = f"let {limit['type']} be raised to {limit['hard']}"
        yield Call("rlimit-room", limit["type"], text, _make_room, limit)
    score = run.process.get("oomScoreAdj")
    if score is not None:
        yield Call("oom-score-adj", str(score), f"set oom_score_adj to {score}", _adjust_oom_score, score)


def plan_inside(run: Run) -> Iterator[Op]:
    """Steps after the container's root is entered, still at create: what is wrong is to be known then."""
    process, linux = run.process, run.linux
    if "personality" in linux:
        domain = linux["personality"]["domain"]
        yield Call("personality", domain, f"set the personality {domain}", libc.personality, PERSONALITIES[domain])
    if "memoryPolicy" in linux:
        mode = linux["memoryPolicy"]["mode"]
        yield Call("memory-policy", mode, f"set the memory policy {mode}", _set_memory_policy, linux["memoryPolicy"])
    if "ioPriority" in process:
        priority = process["ioPriority"]
        text = f"set the I/O priority {priority['class']} {priority['priority']}"
        value = IO_CLASSES[priority["class"]] << 13 | priority["priority"]
        yield Call("io-priority", priority["class"], text, libc.ioprio_set, value)
    if "scheduler" in process:
        policy = process["scheduler"]["policy"]
        yield Call("scheduler", policy, f"set the scheduling policy {policy}", _set_scheduler, process["scheduler"])
    if process:
        yield Call(
            "cwd", process["cwd"], f"change to the directory {process['cwd']}", _change_directory, process["cwd"]
        )
        yield from home.plan(process)


def plan_last(run: Run) -> Iterator[Op]:
    """Steps right before the program."""
    process = run.process
    user = process["user"]
    if "umask" in user:
        yield Call("umask", f"{user['umask']:03o}", f"set the umask {user['umask']:03o}", os.umask, user["umask"])
    for limit in process.get("rlimits", ()):
        text = f"limit {limit['type']} to {limit['soft']}, at most {limit['hard']}"
        yield Call("rlimit", limit["type"], text, _limit, limit)
    held = capabilities.held_here(run.has_user_namespace())
    sets, warnings = capabilities.sets_of(process.get("capabilities"), held)
    run.warnings.extend(warnings)
    yield from _plan_identity(user, sets, held)
    yield from _plan_privileges(run, sets)


def _plan_identity(user: dict[str, Any], sets: dict[str, int], held: int) -> Iterator[Op]:
    def text(kind: str) -> str:
        return ", ".join(capabilities.names(sets[kind])) or "nothing"

    yield Call(
        "streams", str(user["uid"]), f"give the standard streams to user {user['uid']}", give_streams, user["uid"]
    )
    yield Call(
        "capabilities",
        "inheritable",
        f"inherit {text('inheritable')}",
        capabilities.set_inheritable,
        sets["inheritable"],
        held,
    )
    yield Call(
        "capabilities",
        "bounding",
        f"bound capabilities by {text('bounding')}",
        capabilities.limit_bounding,
        sets["bounding"],
    )
    yield Call(
        "keep-capabilities", "", "keep what is permitted over the change of user", capabilities.keep_over_change_of_user
    )
    groups = user.get("additionalGids", [])
    yield Call("groups", ",".join(map(str, groups)), f"take the additional groups {groups}", _set_groups, groups)
    yield Call("gid", str(user["gid"]), f"become group {user['gid']}", os.setresgid, *[user["gid"]] * 3)
    yield Call("uid", str(user["uid"]), f"become user {user['uid']}", os.setresuid, *[user["uid"]] * 3)


def _plan_privileges(run: Run, sets: dict[str, int]) -> Iterator[Op]:
    """A filter can be installed with no_new_privs or CAP_SYS_ADMIN, and may forbid whatever would come after it.

    So without no_new_privs that capability stays until the program is executed, which takes it away (capabilities(7),
    "Transformation of capabilities during execve()": no set but the inheritable and the ambient one is looked at).
    """
    process, filtered = run.process, "seccomp" in run.linux
    extra = capabilities.SYS_ADMIN if filtered and not process.get("noNewPrivileges") else 0
    text = "; ".join(
        f"{kind} {', '.join(capabilities.names(sets[kind])) or 'nothing'}"
        for kind in ("effective", "permitted", "ambient")
    )
    yield Call("capabilities", "sets", f"hold capabilities: {text}", capabilities.apply, sets, extra)
    if process.get("noNewPrivileges"):
        yield Call("no-new-privs", "", "gain no new privileges", libc.prctl, _PR_SET_NO_NEW_PRIVS, 1)
    yield from program.plan(run)


def _make_room(limit: dict[str, Any]) -> None:
    """Raises the hard limit alone; lowering it needs no rights, and comes last: a low limit can stop ourselves."""
    number = RLIMITS[limit["type"]]
    soft, hard = (value % (1 << 64) for value in resource.getrlimit(number))
    if limit["hard"] > hard:
        try:
            resource.setrlimit(number, (_signed(soft), _signed(limit["hard"])))
        except (OSError, ValueError) as problem:
            raise RuntimeFault(f"process.rlimits: {limit['type']} can not be raised: {problem}") from None


def _limit(limit: dict[str, Any]) -> None:
    resource.setrlimit(RLIMITS[limit["type"]], (_signed(limit["soft"]), _signed(limit["hard"])))


def _signed(value: int) -> int:
    """As the module wants a 64-bit number: infinity is -1."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _adjust_oom_score(score: int) -> None:
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write(str(score))
    except OSError as problem:
        raise RuntimeFault(f"process.oomScoreAdj: it can not be set to {score}: {problem.strerror}") from None


def _set_memory_policy(policy: dict[str, Any]) -> None:
    mode = MEMORY_POLICIES[policy["mode"]]
    for flag in policy.get("flags", ()):
        mode |= MEMORY_POLICY_FLAGS[flag]
    nodes = listed(policy.get("nodes", ""), "linux.memoryPolicy.nodes")
    mask = sum(1 << node for node in nodes).to_bytes(_MEMORY_NODES // 8, "little") if nodes else None
    try:
        libc.syscall("set_mempolicy", mode, mask, _MEMORY_NODES + 1 if mask else 0)
    except OSError as problem:
        raise RuntimeFault(f"linux.memoryPolicy: {problem.strerror}") from None


def _set_scheduler(scheduler: dict[str, Any]) -> None:
    """Packs what sched_setattr(2) takes, a struct sched_attr of 48 bytes."""
    flags = 0
    for name in scheduler.get("flags", ()):
        flags |= SCHEDULER_FLAGS[name]
    times = [scheduler.get(name, 0) for name in ("runtime", "deadline", "period")]
    fixed = (SCHEDULERS[scheduler["policy"]], flags, scheduler.get("nice", 0), scheduler.get("priority", 0))
    try:
        libc.syscall("sched_setattr", 0, struct.pack("<IIQiiQQQ", 48, *fixed, *times), 0)
    except OSError as problem:
        needed = isinstance(problem, PermissionError) and scheduler["policy"] in _REAL_TIME
        raise RuntimeFault(f"process.scheduler: {problem.strerror}{_NO_BUDGET if needed else ''}") from None


def _change_directory(path: str) -> None:
    """Some paths, such as /proc/self/fd/3, lead out of the container: there getcwd(3) finds no way to the root."""
    try:
        os.chdir(path)
        if not faults.has("cwd-through-descriptors"):
            os.getcwd()
    except OSError as problem:
        raise RuntimeFault(f"process.cwd: {path}: {problem.strerror}") from None


def give_streams(uid: int, descriptors: tuple[int, ...] = (0, 1, 2)) -> None:
    """Lets the user open /dev/stdout and its like again, which are pipes or files of whoever has called the runtime.

    Every runtime does so, and images of servers that do not run as root rely on it.
    """
    for descriptor in descriptors:
        try:
            found = os.fstat(descriptor)
            if found.st_uid != uid and (found.st_rdev != _NULL or not stat.S_ISCHR(found.st_mode)):
                os.fchown(descriptor, uid, -1)
        except OSError:
            # A closed one, one on a read-only filesystem, or an owner that the user namespace does not know.
            continue


def _set_groups(groups: list[int]) -> None:
    try:
        os.setgroups(groups)
    except PermissionError:
        # An unprivileged user's namespace allows no change; without a wish there is nothing to refuse.
        if groups:
            raise
