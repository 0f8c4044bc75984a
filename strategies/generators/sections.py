"""One strategy for each section of config.json; each draws a case that has this section alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from strategies.case import Case
from strategies.edits import (
    annotation,
    args,
    bind,
    capabilities,
    cpu,
    device,
    env,
    hostname,
    masked_paths,
    memory,
    pids,
    readonly_paths,
    rlimit,
    rule,
    seccomp,
    sysctl,
    tmpfs,
    user,
)
from strategies.generators.values import edges, ids, names, texts
from strategies.table import valid_cases
from strategies.table.mounts import DATA, FLAGS, OPPOSITES
from strategies.table.process import HARMLESS, SETS
from strategies.table.resources import MEGA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from strategies.edit import Edit
    from strategies.surroundings import Surroundings

#: Options that can stand beside each other in any number and order.
OPTIONS = FLAGS + OPPOSITES + ("relatime", "noatime", "strictatime", "async", "sync", "defaults")
#: Places for mounts, none of which covers another.
PLACES = ("/mnt", "/mnt/a", "/mnt/a/b", "/run/../mnt/c", "/made/d", "/tmp/e/")  # noqa: S108


def sections(surroundings: Surroundings) -> Mapping[str, SearchStrategy[Case]]:
    """Strategies by the name of their section: the boundary table's values, and further ones where there are more."""
    drawn = _further(surroundings)
    table = {
        name: st.sampled_from(cases) for name, cases in valid_cases(surroundings).items() if cases and name != "base"
    }
    return {name: table[name] | drawn[name] if name in drawn and name in table else table[name] for name in table}


def _further(surroundings: Surroundings) -> Mapping[str, SearchStrategy[Case]]:
    return {
        "args": _cases(
            st.lists(texts(), min_size=1, max_size=4).map(lambda words: args("/probe", "report", "--", *words))
        ),
        "env": _cases(st.lists(variables(), max_size=4, unique_by=lambda entry: entry.partition("=")[0]).map(_env)),
        "user": _cases(users()),
        "rlimits": _cases(rlimits(surroundings=surroundings)),
        "capabilities": _cases(capability_sets(surroundings=surroundings)),
        "hostname": _cases(names().map(hostname)),
        "annotations": _cases(st.builds(annotation, names(), texts())),
        "tmpfs": _cases(tmpfs_mounts()),
        "bind": binds().map(lambda edit: Case((edit,), script=DATA)),
        "devices": _cases(devices()),
        "sysctl": _cases(st.builds(sysctl, st.just("kernel.msgmax"), edges(min_value=0, max_value=2**31 - 1).map(str))),
        "maskedPaths": _cases(st.lists(proc_files(), min_size=1, max_size=4).map(lambda paths: masked_paths(*paths))),
        "readonlyPaths": _cases(
            st.lists(proc_files(), min_size=1, max_size=4).map(lambda paths: readonly_paths(*paths))
        ),
        "seccomp": _cases(filters()),
        "cgroup memory": _cases(memory_limits()),
        "cgroup pids": _cases(edges(min_value=200, max_value=2**22).map(pids)),
        "cgroup cpu": _cases(processor_times()),
    }


def _cases(edits: SearchStrategy[Edit]) -> SearchStrategy[Case]:
    return edits.map(lambda edit: Case((edit,)))


def _env(entries: list[str]) -> Edit:
    return env(*entries)


def variables() -> SearchStrategy[str]:
    """Entries of the environment, none of which the runtime or the probe needs."""
    return st.builds("SEA_{}={}".format, names(), texts())


def users() -> SearchStrategy[Edit]:
    """Users with groups and a umask."""
    groups = st.none() | st.lists(ids(), max_size=5)
    return st.builds(user, ids(), ids(), additional_gids=groups, umask=st.none() | st.integers(0, 0o777))


def rlimits(*, surroundings: Surroundings) -> SearchStrategy[Edit]:
    """Limits that the runtime may set and the probe can live with."""
    kinds = [kind for kind, least in HARMLESS.items() if surroundings.hard.get(kind, 0) >= least]
    return st.sampled_from(kinds or ["CORE"]).flatmap(lambda kind: _rlimit(kind, surroundings.hard.get(kind, 0)))


def _rlimit(kind: str, most: int) -> SearchStrategy[Edit]:
    most = min(most, {"FSIZE": 2**63, "CPU": 2**33}.get(kind, 2**64) - 1)
    values = st.tuples(*[edges(min_value=min(HARMLESS[kind], most), max_value=most)] * 2)
    return values.map(lambda pair: rlimit(kind, soft=min(pair), hard=max(pair)))


def capability_sets(*, surroundings: Surroundings) -> SearchStrategy[Edit]:
    """Capabilities in some of the sets, such that the kernel takes them: what is ambient is in all sets."""
    chosen = st.lists(st.sampled_from(surroundings.capabilities), max_size=4, unique=True)
    sets = st.sampled_from([SETS, SETS[:3], SETS[:1], (*SETS[:1], "inheritable"), SETS[:4]])
    return st.builds(lambda names, which: capabilities(*names, sets=which), chosen, sets)


def options() -> SearchStrategy[list[str]]:
    """Options of a mount in any order, also twice, and also against each other."""
    return st.lists(st.sampled_from(OPTIONS), max_size=5)


def tmpfs_mounts() -> SearchStrategy[Edit]:
    """Filesystems in memory."""
    return st.builds(lambda place, words: tmpfs(place, *words), st.sampled_from(PLACES), options())


def binds() -> SearchStrategy[Edit]:
    """Bind mounts of a folder of the bundle."""
    sources = st.sampled_from(["data", "./data", "data/"])
    kinds = st.sampled_from([(), ("bind",), ("rbind",)])
    return st.builds(
        lambda source, place, kind, words: bind(source, place, *kind, *words),
        sources,
        st.sampled_from(PLACES),
        kinds,
        options(),
    )


def devices() -> SearchStrategy[Edit]:
    """Device nodes below /dev that do nothing, whatever their owner and mode."""
    kinds = st.sampled_from([("c", 1, 3), ("c", 1, 5), ("b", 7, 200), ("u", 1, 5), ("c", 511, 1048575)])
    return st.builds(
        lambda name, kind, mode, uid, gid: device(f"/dev/{name}", *kind, file_mode=mode, uid=uid, gid=gid),
        names(),
        kinds,
        st.integers(0, 0o777),
        st.none() | ids(),
        st.none() | ids(),
    )


def proc_files() -> SearchStrategy[str]:
    """Files below /proc that the probe does not need, and one that does not exist."""
    return st.sampled_from(["/proc/uptime", "/proc/version", "/proc/sys/kernel/msgmax", "/proc/loadavg", "/missing"])


def filters() -> SearchStrategy[Edit]:
    """Filters that refuse what the probe does only when it is asked to."""
    others = st.lists(st.sampled_from(["swapon", "reboot", "no_such_call"]), max_size=3)
    numbers = st.none() | st.sampled_from([1, 2, 13, 16, 38, 95])
    return st.builds(
        lambda before, after, number: seccomp(
            "ALLOW", rule([*before, "personality", *after], "ERRNO", errno_ret=number)
        ),
        others,
        others,
        numbers,
    )


def memory_limits() -> SearchStrategy[Edit]:
    """Limits of memory in whole pages that the probe and the runtime can live with."""
    pages = edges(min_value=64 * MEGA, max_value=2**42).map(lambda size: size // 4096 * 4096)
    return st.builds(lambda limit: memory(limit=limit), pages)


def processor_times() -> SearchStrategy[Edit]:
    """Quotas and periods that the kernel takes."""
    periods = edges(min_value=1000, max_value=1_000_000)
    return st.builds(
        lambda period, part: cpu(period=period, quota=max(1000, period * part // 4)), periods, st.integers(2, 8)
    )
