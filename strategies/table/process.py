"""Valid values of ``process``, of names and of annotations."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from strategies.case import Case
from strategies.edits import (
    annotation,
    args,
    capabilities,
    cwd,
    domainname,
    env,
    hostname,
    io_priority,
    no_new_privileges,
    oom_score_adj,
    put,
    rlimit,
    scheduler,
    umask,
    user,
)
from strategies.table.values import ENDS, IDS, NAMES, TEXTS

if TYPE_CHECKING:
    from strategies.edit import Edit
    from strategies.surroundings import Surroundings

SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")
#: Limits that do no harm to a small program whatever their value, and those that must not be below another.
HARMLESS = {
    "CORE": 0,
    "LOCKS": 0,
    "MEMLOCK": 0,
    "MSGQUEUE": 0,
    "NICE": 0,
    "RSS": 0,
    "RTPRIO": 0,
    "RTTIME": 0,
    "SIGPENDING": 0,
    "NOFILE": 64,
    "NPROC": 500,
    "CPU": 60,
    "FSIZE": 1 << 24,
    "DATA": 1 << 28,
    "STACK": 1 << 21,
    "AS": 1 << 30,
}


def of_process(surroundings: Surroundings) -> dict[str, list[Case]]:
    """Cases by section."""
    return {
        "args": [_alone(args("/probe", "report", "--", text)) for text in TEXTS] + _programs(),
        "env": [_alone(env(f"SEA={text}")) for text in TEXTS] + _environments(),
        "cwd": [Case((cwd(path),)) for path in ("/tmp", "/tmp/", "//run", "/tmp/../run", "/./mnt//", "/dev")]  # noqa: S108
        + [Case((cwd("/a b/ü"),), script="mkdir -p 'rootfs/a b/ü'")],
        "user": _users(),
        "umask": [Case((umask(mask),)) for mask in (0, 0o1, 0o22, 0o77, 0o777)],
        "umask of the caller": [Case(under=f"umask {mask:03o}") for mask in (0, 0o27, 0o77)],
        "caller": _callers(surroundings),
        "rlimits": list(map(_alone, _rlimits(surroundings))),
        "capabilities": _capabilities(surroundings),
        "noNewPrivileges": [Case((no_new_privileges(value),)) for value in (True, False)],
        "oomScoreAdj": [Case((oom_score_adj(score),)) for score in {surroundings.score, 999, 1000}],
        "scheduler": [Case((scheduler("OTHER", nice=nice),)) for nice in (0, 1, 19)]
        + [Case((scheduler(policy),)) for policy in ("BATCH", "IDLE")],
        "ioPriority": [Case((io_priority("BE", level),)) for level in (0, 4, 7)] + [Case((io_priority("IDLE", 0),))],
        "hostname": [Case((hostname(name),)) for name in ("a", "x" * 63, "x" * 64, "A.b-c", "under_score", "1")],
        "domainname": [Case((domainname(name),)) for name in ("a", "x" * 64, "sea.example")],
        "annotations": [_alone(annotation("org.example.sea", text)) for text in TEXTS]
        + [_alone(annotation(key, "value")) for key in ("a", "a b", "ü", "a/b.c", "x" * 300)],
    }


def _alone(edit: Edit) -> Case:
    return Case((edit,))


def _programs() -> list[Case]:
    many = [str(number) for number in range(300)]
    return [
        Case((args("/probe", "report", "--", *many),)),
        Case((args("probe", "report"),)),
        Case((args("./probe", "report"),)),
        Case((args("//probe", "report"),)),
        *(
            Case((args(name, "report"),), script=f"cp rootfs/probe rootfs/{shlex.quote(name)}")
            for name in (*NAMES, ".hidden", "..x", "a:b", "=")
        ),
    ]


def _callers(surroundings: Surroundings) -> list[Case]:
    """What the process that calls create has must not reach the program where the config says otherwise."""
    score = oom_score_adj(surroundings.score)
    return [
        Case(under="exec 0<&-"),
        Case(under="exec 3</dev/null 7</ 9</etc/passwd"),
        Case(under="export SEA=caller HOME=/caller"),
        Case(under="cd /proc"),
        Case((score,), under=f"echo {min(1000, surroundings.score + 300)} >/proc/self/oom_score_adj"),
        Case((rlimit("CORE", soft=0, hard=0),), under="ulimit -c unlimited || :"),
        Case((rlimit("NOFILE", soft=300, hard=400),), under="ulimit -n 1000"),
    ]


def _environments() -> list[Case]:
    names = ("A=", "A=b=c", "a.b=1", "1=1", "HOME=/sea", "A=" + "x" * 100_000)
    return [
        *(Case((env(entry),)) for entry in names),
        Case((put("process.env", ["HOME=/"]),)),
        Case((env(*(f"N{number}={number}" for number in range(300))),)),
    ]


def _users() -> list[Case]:
    return [
        Case((user(1000, 70001, additional_gids=[5, 70002, 6]),)),
        *(Case((user(number, 1000),)) for number in IDS),
        *(Case((user(1000, number),)) for number in IDS),
        *(Case((user(1000, 1000, additional_gids=[number]),)) for number in IDS),
        *(Case((user(1000, 1000, additional_gids=gids),)) for gids in ([], [5, 5], [1000], [*range(5000, 5100)])),
        Case((user(0, 0, additional_gids=[0, 1]),)),
        Case((user(0, 70000),)),
    ]


def _rlimits(surroundings: Surroundings) -> list[Edit]:
    chosen = []
    for kind, least in HARMLESS.items():
        most = surroundings.hard.get(kind, 0)
        values = {value for value in (least, least + 1, most - 1, most, *ENDS) if least <= value <= most}
        # The kernel compares file sizes with signed offsets, and counts processor time in nanoseconds of 64 bits.
        beyond = {"FSIZE": 2**63, "CPU": 2**33}.get(kind, 2**64)
        values = {value for value in values if value < beyond or value == 2**64 - 1}
        chosen += [rlimit(kind, soft=value, hard=value) for value in sorted(values)]
        if least < most:
            chosen.append(rlimit(kind, soft=least, hard=most))
    return chosen


def _capabilities(surroundings: Surroundings) -> list[Case]:
    """Sets of root, and of another user, in every way that the kernel takes them."""
    names = surroundings.capabilities
    first, last = names[0], names[-1]
    of_all = [capabilities(*names, sets=SETS)]
    return [
        Case((capabilities(first, last, sets=("bounding", "inheritable")),)),
        Case((capabilities(),)),
        Case((capabilities(*names),)),
        *(Case((capabilities(name),)) for name in (first, last)),
        Case((capabilities(first, sets=("bounding",)),)),
        Case((*of_all,)),
        Case((user(1000, 1000), *of_all)),
        Case((user(1000, 1000), capabilities(first, sets=SETS))),
        Case((user(1000, 1000), capabilities(first), capabilities(last, sets=SETS))),
        Case((user(1000, 1000), capabilities(*names))),
        Case((user(1000, 1000), capabilities(first, last, sets=("bounding", "permitted", "inheritable")))),
        Case((capabilities(first, first),)),
    ]
