"""What ``process`` means (config.md, Process, POSIX process, Linux Process, User)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from strategies.models.fact import Expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Config = dict[str, Any]

#: Variables that runtimes set when the config does not, by convention.
CONVENTIONAL = ("HOME", "TERM", "HOSTNAME", "container")
#: Policies that go by the nice value; the others keep what there was.
NICE = {"SCHED_OTHER", "SCHED_BATCH"}
SETS = ("effective", "permitted", "bounding", "inheritable", "ambient")


def of_process(config: Config, under: str) -> Iterator[Expected]:
    """Arguments, environment, working directory, ids, limits and privileges."""
    process = config["process"]
    yield from _program(process)
    yield from _user(process["user"], under)
    yield from _limits(process)
    yield from _capabilities(process)
    yield from _scheduling(process)


def _program(process: Mapping[str, Any]) -> Iterator[Expected]:
    yield Expected("process.args", "args", list(process["args"]), lambda seen: seen.report.args, name="args")
    configured = process.get("env", [])
    names = [entry.partition("=")[0] for entry in configured]
    if len(set(names)) == len(names):
        wanted = sorted(configured)
        yield Expected("process.env", "env", wanted, lambda seen: _variables(seen.report.env, configured), name="env")
    standard = {"0", "1", "2"}  # one that its caller has closed a runtime may leave so
    yield Expected(
        "file-descriptors.standard",
        "further open descriptors",
        [],
        lambda seen: sorted({*seen.report.fds} - standard),
        name="fds",
    )
    if not process["cwd"].startswith("/proc"):
        cwd = posixpath.normpath(process["cwd"]).replace("//", "/")
        yield Expected("process.cwd", "cwd", cwd, lambda seen: seen.report.cwd, name="cwd")


def _variables(env: list[str], configured: list[str]) -> list[str]:
    return sorted(entry for entry in env if entry in configured or entry.partition("=")[0] not in CONVENTIONAL)


def _user(user: Mapping[str, Any], under: str) -> Iterator[Expected]:
    uid, gid = user["uid"], user["gid"]
    yield Expected("process.user.uid", "uid", {uid}, lambda seen: _ids(seen.report.uid), name="uid")
    yield Expected("process.user.gid", "gid", {gid}, lambda seen: _ids(seen.report.gid), name="gid")
    groups = sorted({*user.get("additionalGids", ())} - {gid})
    yield Expected(
        "process.user.additional-gids",
        "additionalGids",
        groups,
        lambda seen: sorted({*seen.report.groups} - {gid}),
        name="groups",
    )
    inherited = re.fullmatch(r"umask ([0-7]+)", under)
    if "umask" in user:
        yield Expected("process.umask", "umask", user["umask"] & 0o777, lambda seen: seen.report.umask, name="umask")
    elif inherited:
        mask = int(inherited[1], 8)
        yield Expected("process.umask.unset", "umask of the caller", mask, lambda seen: seen.report.umask, name="umask")


def _ids(ids: Any) -> set[int]:
    return {ids.real, ids.effective, ids.saved, ids.fs}


def _limits(process: Mapping[str, Any]) -> Iterator[Expected]:
    for limit in process.get("rlimits", ()):
        kind = limit["type"].removeprefix("RLIMIT_")
        wanted = (limit["soft"], limit["hard"])
        yield Expected(
            "process.rlimits",
            f"rlimit {kind}",
            wanted,
            lambda seen, kind=kind: tuple(seen.report.rlimits[kind]),
            name="rlimits",
        )
    gained = bool(process.get("noNewPrivileges", False))
    yield Expected(
        "process.no-new-privileges",
        "noNewPrivileges",
        gained,
        lambda seen: seen.report.no_new_privs,
        name="no_new_privs",
    )
    if (score := process.get("oomScoreAdj")) is not None:
        yield Expected(
            "process.oom-score-adj",
            "oomScoreAdj",
            score,
            lambda seen: seen.report.oom_score_adj,
            name="oom_score_adj",
        )


def _capabilities(process: Mapping[str, Any]) -> Iterator[Expected]:
    """What is left of the five sets after execve(2) of a file without capabilities, see capabilities(7)."""
    if "capabilities" not in process:
        return
    given = {which: {*process["capabilities"].get(which, ())} for which in SETS}
    kept = given["inheritable"] | given["bounding"] if process["user"]["uid"] == 0 else given["ambient"]
    wanted = given | {"permitted": kept, "effective": kept}
    for which in SETS:
        yield Expected(
            f"process.capabilities.{which}",
            f"capabilities {which}",
            sorted(wanted[which]),
            lambda seen, which=which: sorted(getattr(seen.report.capabilities, which) or ()),
            name="capabilities",
        )


def _scheduling(process: Mapping[str, Any]) -> Iterator[Expected]:
    if scheduler := process.get("scheduler"):
        yield Expected(
            "process.scheduler.policy",
            "scheduler policy",
            scheduler["policy"],
            lambda seen: seen.report.scheduler.policy,
            name="scheduler",
        )
    if scheduler and scheduler["policy"] in NICE and "nice" in scheduler:
        yield Expected(
            "process.scheduler.nice",
            "scheduler nice",
            scheduler["nice"],
            lambda seen: seen.report.scheduler.nice,
            name="scheduler",
        )
    if priority := process.get("ioPriority"):
        wanted = (priority["class"], priority.get("priority", 0))
        yield Expected(
            "process.io-priority",
            "ioPriority",
            wanted,
            lambda seen: (seen.report.ioprio.class_, seen.report.ioprio.level),
            name="ioprio",
        )
