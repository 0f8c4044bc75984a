"""Configs that have to be refused, each with the sentence that says so, and the same valid but for one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.case import INVALID, Case
from strategies.edits import (
    HOOKS,
    add,
    annotation,
    arg,
    args,
    bind,
    cpu,
    cwd,
    device,
    drop,
    hook,
    hostname,
    hugepage_limit,
    io_priority,
    masked_paths,
    memory,
    mount,
    namespace,
    oci_version,
    oom_score_adj,
    personality,
    put,
    readonly_paths,
    rlimit,
    root_path,
    rootfs_propagation,
    rule,
    scheduler,
    seccomp,
    sysctl,
    time_offset,
    tmpfs,
    uid_mapping,
    user,
)
from strategies.table.mounts import DATA

if TYPE_CHECKING:
    from strategies.edit import Edit
    from strategies.surroundings import Surroundings

NAMES = ("", "bogus", "Mount")


def invalid_cases(surroundings: Surroundings) -> list[Case]:
    """Every invalid case that can be told apart from a valid one here."""
    return [
        *_documents(),
        *_processes(),
        *_scheduling(),
        *_mounts(),
        *_namespaces(surroundings),
        *_linux(),
        *_filters(),
        *_hooks(),
        *_resources(surroundings),
    ]


def refuse(requirement: str, about: str, *edits: Edit, script: str = "") -> Case:
    """A case that has to be refused."""
    return Case(edits, INVALID, requirement, about, script, needed=len(edits))


def _documents() -> list[Case]:
    versions = {"empty": "", "a word": "bogus", "of one number": "1", "of a later major version": "2.0.0"}
    versions |= {"of version 0": "0.1.0", "with a blank": "1.0.0 "}
    return [
        *(
            refuse("oci-version.semver", f"an ociVersion that is {name}", oci_version(version))
            for name, version in versions.items()
        ),
        refuse("oci-version", "no ociVersion", drop("ociVersion")),
        refuse("root.required", "no root", drop("root")),
        refuse("root.path", "no root.path", drop("root.path")),
        refuse("root.path", "an empty root.path", root_path("")),
        refuse("root.path.exists", "a root that is missing", root_path("missing")),
        refuse("root.path.exists", "a root that is a file", root_path("config.json")),
        refuse("annotations.keys.empty", "an annotation without a key", annotation("", "value")),
        refuse("annotations.values.string", "an annotation that is a number", put("annotations", {"a": 1})),
        refuse("create.environment.failure", "a hostname that is too long", hostname("x" * 65)),
    ]


def _processes() -> list[Case]:
    return [
        *(
            refuse("process.cwd.absolute", f"a working directory that is {name}", cwd(path))
            for name, path in {"relative": "tmp", "empty": "", "a dot": "."}.items()
        ),
        refuse("process.cwd.required", "no working directory", drop("process.cwd")),
        refuse("create.environment.failure", "a working directory that is a file", cwd("/probe")),
        refuse("process.args.one", "no args", drop("process.args")),
        refuse("process.args.one", "empty args", args()),
        refuse("process.args.lookup", "a program that is missing", args("/missing")),
        refuse("process.args.lookup", "a program that is a folder", args("/tmp")),  # noqa: S108
        refuse("process.args.lookup", "a program that is an empty text", args("")),
        *(
            refuse(f"process.user.{which}", f"a {which} {name}", put(f"process.user.{which}", number))
            for which in ("uid", "gid")
            for name, number in {"below 0": -1, "beyond 32 bits": 2**32, "beyond 64 bits": 2**64}.items()
        ),
        refuse("process.user.additional-gids", "a group below 0", user(0, 0, additional_gids=[-1])),
        refuse("process.user.additional-gids", "a group beyond 32 bits", user(0, 0, additional_gids=[2**32])),
        refuse("process.umask", "a umask below 0", put("process.user.umask", -1)),
        *(
            refuse("process.rlimits.type.unknown", f"a limit whose type is {name}", _limit(kind))
            for name, kind in {
                "unknown": "RLIMIT_BOGUS",
                "in small letters": "rlimit_nofile",
                "without its prefix": "NOFILE",
                "empty": "",
                "the prefix alone": "RLIMIT_",
            }.items()
        ),
        refuse("process.rlimits.type", "a limit without a type", put("process.rlimits", [{"soft": 99, "hard": 99}])),
        refuse("process.rlimits.duplicate", "two limits of one type", _limit("RLIMIT_CORE"), _limit("RLIMIT_CORE")),
        refuse("process.rlimits.hard", "a soft limit above the hard one", rlimit("CORE", soft=9, hard=8)),
        refuse("process.rlimits.soft", "a limit below 0", rlimit("CORE", soft=-1, hard=8)),
        refuse("process.rlimits.hard", "a limit beyond 64 bits", rlimit("CORE", soft=0, hard=2**64)),
        *(
            refuse("process.oom-score-adj", f"a score of {score}", oom_score_adj(score))
            for score in (1001, -1001, 2**31)
        ),
    ]


def _limit(kind: str) -> Edit:
    return add("process.rlimits", {"type": kind, "soft": 0, "hard": 0})


def _scheduling() -> list[Case]:
    return [
        refuse("process.io-priority.priority", "an I/O priority of 8", io_priority("BE", 8)),
        refuse("process.io-priority.priority", "an I/O priority below 0", io_priority("BE", -1)),
        refuse(
            "process.io-priority.class", "an unknown I/O class", put("process.ioPriority", _class("IOPRIO_CLASS_X"))
        ),
        refuse("process.io-priority.class", "an empty I/O class", put("process.ioPriority", _class(""))),
        refuse("process.scheduler.policy", "an unknown policy", put("process.scheduler", {"policy": "SCHED_BOGUS"})),
        refuse("process.scheduler.policy.required", "no policy", put("process.scheduler", {"nice": 1})),
        refuse("process.scheduler.flags", "an unknown flag of the scheduler", scheduler("OTHER", flags=["BOGUS"])),
    ]


def _class(name: str) -> dict[str, object]:
    return {"class": name, "priority": 0}


def _mounts() -> list[Case]:
    def broken(about: str, *edits: Edit, requirement: str = "create.environment.failure") -> Case:
        return refuse(requirement, about, *edits, script=DATA)

    return [
        broken("a mount without a destination", add("mounts", {"type": "tmpfs"}), requirement="mounts.destination"),
        broken("a bind of a missing source", bind("missing", "/mnt"), requirement="mounts.source"),
        broken("a bind without a source", mount("/mnt", options=["bind"]), requirement="mounts.source.bind"),
        broken("a folder on a file", bind("data", "/probe")),
        broken(
            "an unknown filesystem", mount("/mnt", type="bogus", source="none"), requirement="mounts.type.filesystems"
        ),
        broken("a bad option of tmpfs", tmpfs("/mnt", "size=many")),
        broken("an unknown option of tmpfs", tmpfs("/mnt", "bogus=1")),
        broken("a mount without type and bind", mount("/mnt", source="data")),
        broken("a destination below a file", tmpfs("/probe/below")),
        refuse(
            "create.environment.failure",
            "a destination in a loop of links",
            tmpfs("/mnt/link"),
            script="ln -s link rootfs/mnt/link",
        ),
    ]


def _namespaces(surroundings: Surroundings) -> list[Case]:
    kinds = [kind for kind in ("pid", "mount", "ipc", "uts", "network", "cgroup") if kind in surroundings.namespaces]
    paths = {"relative": "proc/1/ns/net", "missing": "/missing", "no namespace": "/proc/version", "a folder": "/proc"}
    return [
        *(refuse("namespaces.type", f"a namespace of the type {kind!r}", namespace(kind)) for kind in NAMES),
        refuse("namespaces.type", "a namespace of the type 'net'", namespace("net")),
        refuse("namespaces.type", "a namespace without a type", add("linux.namespaces", {})),
        *(
            refuse(
                "namespaces.duplicate",
                f"two {kind} namespaces",
                namespace(kind),
                add("linux.namespaces", {"type": kind}),
            )
            for kind in kinds
        ),
        *(
            refuse(
                "namespaces.path.absolute" if name == "relative" else "namespaces.path",
                f"the path of a namespace that is {name}",
                namespace("network", path),
            )
            for name, path in paths.items()
        ),
        refuse("namespaces.path.wrong-type", "the path of another namespace", namespace("network", "/proc/1/ns/uts")),
        refuse("time-offsets.clock", "an offset of an unknown clock", namespace("time"), time_offset("bogus", secs=1)),
        refuse(
            "time-offsets.nanosecs", "too many nanoseconds", namespace("time"), time_offset("boottime", nanosecs=10**9)
        ),
        refuse("user-mappings.size", "a mapping of nothing", namespace("user"), uid_mapping(0, 100000, 0)),
    ]


def _linux() -> list[Case]:
    null = ("c", 1, 3)
    return [
        refuse("devices.type", "a device of an unknown type", device("/dev/it", "z", 1, 3)),
        refuse("devices.type", "a device of an empty type", device("/dev/it", "", 1, 3)),
        refuse("devices.type", "a device of a type of two letters", device("/dev/it", "cc", 1, 3)),
        refuse(
            "devices.type", "a device without a type", add("linux.devices", {"path": "/dev/it", "major": 1, "minor": 3})
        ),
        refuse("devices.path", "a device without a path", add("linux.devices", {"type": "c", "major": 1, "minor": 3})),
        *(
            refuse(
                "devices.path.conflict",
                f"a device where there is {name}",
                device("/node", *null, file_mode=0o600),
                script=script,
            )
            for name, script in {
                "a file": "touch rootfs/node",
                "a folder": "mkdir rootfs/node",
                "another device": "mknod rootfs/node c 1 5",
                "a pipe": "mkfifo rootfs/node",
            }.items()
        ),
        refuse("masked-paths.absolute", "a masked path that is relative", masked_paths("proc/uptime")),
        refuse("readonly-paths.absolute", "a readonly path that is relative", readonly_paths("proc/sys")),
        *(
            refuse("rootfs-propagation.values", f"a propagation {name!r}", rootfs_propagation(name))
            for name in ("bogus", "SHARED", "rshared,ro")
        ),
        refuse("personality.domain", "an unknown personality", personality("BOGUS")),
        refuse("personality.flags.none", "flags of a personality", personality("LINUX", flags=["BOGUS"])),
        refuse("sysctl", "an unknown sysctl", sysctl("kernel.bogus", "1")),
        refuse("sysctl", "a sysctl that takes no such value", sysctl("kernel.msgmax", "many")),
    ]


def _filters() -> list[Case]:
    call = {"names": ["personality"]}
    matches = [arg(0, 1)]
    return [
        *(
            refuse(
                "seccomp.default-action", f"a default action {name!r}", put("linux.seccomp", {"defaultAction": name})
            )
            for name in ("SCMP_ACT_BOGUS", "", "allow")
        ),
        refuse("seccomp.default-action.required", "no default action", put("linux.seccomp", {"syscalls": []})),
        refuse("seccomp.syscalls.action", "an unknown action", seccomp("ALLOW", rule("personality", "BOGUS"))),
        refuse("seccomp.syscalls.action", "no action", seccomp("ALLOW"), put("linux.seccomp.syscalls", [call])),
        refuse("seccomp.syscalls.names.one", "a rule without names", seccomp("ALLOW", rule([], "ERRNO"))),
        refuse("seccomp.architectures", "an unknown architecture", seccomp("ALLOW", architectures=["BOGUS"])),
        refuse("seccomp.flags", "an unknown flag of a filter", seccomp("ALLOW", flags=["BOGUS"])),
        refuse(
            "seccomp.args.op",
            "an unknown operator",
            seccomp("ALLOW", rule("personality", "ERRNO", args=[arg(0, 1, "XX")])),
        ),
        refuse(
            "seccomp.args.index", "a seventh argument", seccomp("ALLOW", rule("personality", "ERRNO", args=[arg(6, 1)]))
        ),
        refuse(
            "seccomp.errno.unsupported",
            "an errno of an action without",
            seccomp("ALLOW", rule("personality", "KILL", errno_ret=1, args=matches)),
        ),
        refuse(
            "seccomp.default-errno.unsupported",
            "a default errno of an action without",
            seccomp("ALLOW", default_errno_ret=1),
        ),
    ]


def _hooks() -> list[Case]:
    broken = {
        "timeout.positive": {
            "of 0": {"path": "/bin/true", "timeout": 0},
            "below 0": {"path": "/bin/true", "timeout": -1},
        },
    }
    cases = []
    for kind in HOOKS[:2]:
        key = {"prestart": "prestart", "createRuntime": "create-runtime"}[kind]
        cases += [
            refuse(f"hooks.{key}.path.absolute", f"a {kind} hook with a relative path", hook(kind, "bin/true")),
            refuse(
                f"hooks.{key}.path.required", f"a {kind} hook without a path", add(f"hooks.{kind}", {"args": ["a"]})
            ),
            refuse(f"hooks.{key}.failure", f"a {kind} hook that is missing", hook(kind, "/missing")),
            refuse(f"hooks.{key}.failure", f"a {kind} hook that fails", hook(kind, "/bin/false")),
            *(
                refuse(
                    f"hooks.{key}.timeout.positive", f"a {kind} hook with a timeout {name}", add(f"hooks.{kind}", value)
                )
                for name, value in broken["timeout.positive"].items()
            ),
        ]
    return cases


def _resources(surroundings: Surroundings) -> list[Case]:
    lists = {
        "a word": "a",
        "backwards": "1-0",
        "open": "0-",
        "with a hole": "0,,1",
        "beyond": "100000",
        "negative": "-1",
    }
    cases = []
    if "cpuset" in surroundings.controllers:
        cases += [
            refuse("cpu.cpus.format", f"a list of processors {name}", cpu(cpus=text)) for name, text in lists.items()
        ]
        cases += [refuse("cpu.mems.format", f"a list of nodes {name}", cpu(mems=text)) for name, text in lists.items()]
    if "hugetlb" in surroundings.controllers:
        sizes = {
            "a word": "big",
            "a number": "2",
            "a path": "2MB/../x",
            "empty": "",
            "of a size that there is not": "3KB",
        }
        cases += [
            refuse("hugepage-limits.page-size.format", f"a size of pages that is {name}", hugepage_limit(size, 1 << 22))
            for name, size in sizes.items()
        ]
    if "cpu" in surroundings.controllers:
        cases += [refuse("cpu.period", "a period that the kernel refuses", cpu(period=999))]
        cases += [refuse("cpu.quota", "a quota that the kernel refuses", cpu(quota=999, period=100_000))]
    if "memory" in surroundings.controllers and not surroundings.unified:
        cases += [
            refuse("memory.swappiness.range", f"a swappiness of {number}", memory(swappiness=number))
            for number in (101, 201, 2**32)
        ]
    return cases
