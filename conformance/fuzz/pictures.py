"""A picture of what came of a case, in plain values, so that two can be held beside each other."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.fuzz import judging
from strategies.case import UNSPECIFIED

if TYPE_CHECKING:
    from conformance.fuzz.attempts import Attempt, Bench
    from conformance.fuzz.observing import Seen
    from conformance.harness.runtime import Runtime

#: A bundle's folder, where a link in the root filesystem leads there by its whole path.
BUNDLE = re.compile(r"/run/seatrial/[^/]+/bundles/\d+")

#: Fields of the report that must be the same each time.
FIELDS = (
    *("args", "env", "cwd", "hostname", "domainname", "personality", "uid", "gid", "groups", "umask", "capabilities"),
    *("no_new_privs", "seccomp", "rlimits", "oom_score_adj", "uid_map", "gid_map", "setgroups", "timens_offsets"),
    *("scheduler", "ioprio", "affinity", "memory_policy", "signals", "securebits"),
)


def picture(bench: Bench, runtime: Runtime, case: dict[str, Any]) -> tuple[Attempt, dict[str, Any]]:
    """Try a case without judging its effect; returns the attempt, and what was seen, field by field."""
    written = msgspec.convert(case, judging.Written)
    written.verdict = UNSPECIFIED
    seen: list[Seen | None] = []
    attempt = bench.attempt(runtime, lambda scene: seen.append(judging.judge(scene, written)))
    if attempt.problem is not None or attempt.skipped:
        return attempt, {}
    found = seen[-1]
    if found is None:
        return attempt, {"accepted": False}
    return replace(attempt, output=found.output), {"accepted": True, **shown(found)}


def shown(seen: Seen) -> dict[str, Any]:
    """What was seen of a container, without what is another thing each time."""
    report: dict[str, Any] = msgspec.to_builtins(seen.report, enc_hook=str)
    chosen = {name: report[name] for name in FIELDS}
    chosen["env"] = sorted(chosen["env"])
    chosen["root.readonly"] = report["root"]["readonly"]
    chosen["mounts"] = sorted(
        [BUNDLE.sub("BUNDLE", mount["point"]), mount["type"], sorted({*mount["options"]} - {"rw", "relatime"})]
        for mount in report["mounts"] or ()
    )
    chosen["dev"] = sorted(
        [node["name"], node["type"], node["mode"], node["target"] or ""] for node in report["dev"] or ()
    )
    chosen["namespaces"] = {kind: seen.is_new(kind) for kind in report["namespaces"] or ()}
    chosen["actions"] = [[action.verb, action.result, action.errno] for action in seen.actions]
    return chosen


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The fields in which two pictures differ."""
    if one.get("accepted") != other.get("accepted"):
        return ["accepted"]
    return [name for name in one if one[name] != other.get(name)]
