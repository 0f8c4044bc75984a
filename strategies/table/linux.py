"""Valid values of ``linux`` and of hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.case import Case
from strategies.edits import (
    HOOKS,
    arg,
    cgroups_path,
    device,
    gid_mapping,
    hook,
    masked_paths,
    namespace,
    personality,
    put,
    readonly_paths,
    rootfs_propagation,
    rule,
    seccomp,
    share_namespace,
    sysctl,
    time_offset,
    uid_mapping,
)

if TYPE_CHECKING:
    from strategies.edit import Edit
    from strategies.surroundings import Surroundings

#: An argument of personality(2) that changes nothing.
ASKED = 0xFFFFFFFF
PARAMETERS = {
    "kernel.msgmax": ("0", "4242", "2147483647"),
    "kernel.sem": ("251 32001 101 129", "250\t32000\t100\t128"),
    "kernel.shmmax": ("0", "68719476736", "18446744073692774399"),
    "kernel.shm_rmid_forced": ("0", "1"),
    "fs.mqueue.msg_max": ("1", "7"),
}
OF_NETWORKS = {"net.ipv4.ip_forward": ("0", "1"), "net.ipv4.ping_group_range": ("10 20",), "net.core.somaxconn": ("0",)}
#: Namespaces that the runtime is in itself, as every process may join them again: type and file below /proc/PID/ns.
OWN = {"network": "net", "ipc": "ipc", "uts": "uts"}
#: A hook that says in the bundle which one it is, and one variable of its environment.
TELLING = (
    r"""b=$(/bin/sed -n 's/\\//g; s/.*"bundle" *: *"\([^"]*\)".*/\1/p'); """
    r"""[ -z "$b" ] || echo "$0 ${SEA-unset}" >>"$b"/told"""
)
#: A user namespace needs a root filesystem that its root can search.
OWNED = "chown -R 100000:200000 rootfs; chmod 755 ."


def of_linux(surroundings: Surroundings) -> dict[str, list[Case]]:
    """Cases by section."""
    return {
        "namespaces": [Case((namespace(kind),)) for kind in ("network", "cgroup") if kind in surroundings.namespaces]
        + [Case((share_namespace(kind),)) for kind in ("ipc", "uts")]
        + [Case((share_namespace("ipc"), share_namespace("uts")))]
        + [Case((namespace(kind, f"/proc/1/ns/{file}"),)) for kind, file in OWN.items()],
        "user namespaces": _users(surroundings),
        "timeOffsets": _clocks(surroundings),
        "sysctl": [Case((sysctl(name, value),)) for name, values in PARAMETERS.items() for value in values]
        + [
            Case((namespace("network"), sysctl(name, value)))
            for name, values in OF_NETWORKS.items()
            for value in values
        ],
        "devices": _devices(),
        "maskedPaths": [
            Case((masked_paths(*paths),))
            for paths in (
                ("/proc/uptime",),
                ("/proc/uptime", "/proc/version"),
                ("/missing", "/proc/uptime"),
                ("/proc/../proc/uptime",),
                ("/proc/uptime", "/proc/uptime"),
                ("/proc/sys",),
                ("/proc/uptime/",)[:0],
            )
        ],
        "readonlyPaths": [
            Case((readonly_paths(*paths),))
            for paths in (("/proc/sys/kernel/msgmax",), ("/missing", "/proc/sys/kernel/msgmax"), ("/tmp", "/tmp"), ())  # noqa: S108
        ],
        "rootfsPropagation": [
            Case((rootfs_propagation(kind),)) for kind in ("private", "slave", "shared", "unbindable")
        ],
        "personality": [Case((personality(domain),)) for domain in ("LINUX", "LINUX32")],
        "seccomp": _filters(),
        "cgroupsPath": [Case((cgroups_path(path),)) for path in ("/seatrial-deck", "hold", "a b", "/x/../deck")[:2]],
        "hooks": _hooks(),
        "empty": [
            Case((put(path, value),))
            for path, value in (
                ("linux.sysctl", {}),
                ("linux.devices", []),
                ("linux.maskedPaths", []),
                ("linux.resources", {}),
                ("linux.uidMappings", []),
                ("hooks", {}),
                ("hooks.poststop", []),
                ("annotations", {}),
                ("process.rlimits", []),
                ("process.capabilities", {}),
                ("linux.seccomp.defaultAction", "SCMP_ACT_ALLOW"),
            )
        ],
    }


def _users(surroundings: Surroundings) -> list[Case]:
    if "user" not in surroundings.namespaces:
        return []
    whole = (uid_mapping(0, 100000, 65536), gid_mapping(0, 200000, 65536))
    two = (uid_mapping(0, 100000, 1), uid_mapping(1, 300000, 10), gid_mapping(0, 200000, 5), gid_mapping(9, 300000, 1))
    return [Case((namespace("user"), *mappings), script=OWNED) for mappings in (whole, two)]


def _clocks(surroundings: Surroundings) -> list[Case]:
    if "time" not in surroundings.namespaces:
        return []
    offsets = ((3600, None), (0, 1), (None, 999999999), (-5, 0), (2**31, 0), (3_000_000_000, 5))
    return [
        Case((namespace("time"), time_offset(clock, secs=secs, nanosecs=nanosecs)))
        for clock in ("monotonic", "boottime")
        for secs, nanosecs in offsets
    ]


def _devices() -> list[Case]:
    null = ("c", 1, 3)
    return [
        *(Case((device("/dev/it", *null, file_mode=mode),)) for mode in (0, 0o1, 0o666, 0o777, 0o1777, 0o4755)),
        *(
            Case((device("/dev/it", *null, file_mode=0o600, uid=uid, gid=7),))
            for uid in (0, 1, 65536, 2**31, 2**32 - 2)
        ),
        *(Case((device("/dev/it", *null, file_mode=0o600, gid=gid),)) for gid in (0, 1, 2**32 - 2)),
        *(
            Case((device("/dev/it", *kind, file_mode=0o600),))
            for kind in (("b", 0, 0), ("c", 4095, 1048575), ("u", 1, 5))
        ),
        *(Case((device(path, *null, file_mode=0o666),)) for path in ("/node", "/made/for/it", "/dev/a/b", "/dev/../x")),
        Case((device("/dev/pipe", "p", file_mode=0o600),)),
        Case((device("/dev/it", *null),)),
        Case((device("/dev/null", *null, file_mode=0o666),)),
    ]


def _filters() -> list[Case]:
    errors = [rule("personality", "ERRNO", errno_ret=number) for number in (1, 2, 13, 38, 95)]
    return [
        *(Case((seccomp("ALLOW", error),)) for error in errors),
        Case((seccomp("ALLOW", rule("personality", "ERRNO")),)),
        Case((seccomp("ALLOW", rule(["personality", "no_such_call"], "ERRNO")),)),
        Case((seccomp("ALLOW", rule(["swapon", "personality", "personality"], "ERRNO")),)),
        *(
            Case((seccomp("ALLOW", rule("personality", "ERRNO", args=[arg(0, value, op)])),))
            for op in ("NE", "LT", "LE", "EQ", "GE", "GT")
            for value in (ASKED - 1, ASKED, ASKED + 1)
        ),
        *(
            Case((seccomp("ALLOW", rule("personality", "ERRNO", args=[arg(0, mask, "MASKED_EQ", bits)])),))
            for mask, bits in ((0xF0, 0xF0), (0xF0, 0x10), (ASKED << 32, 0), (0, 0))
        ),
        Case((seccomp("ALLOW", flags=[]),)),
        Case((seccomp("ALLOW", architectures=[]),)),
        Case((seccomp("LOG"),)),
    ]


def _hooks() -> list[Case]:
    true = "/bin/true"
    inside = {"startContainer": ("/probe", ["probe", "exit", "0"])}
    cases = []
    for kind in HOOKS:
        path, words = inside.get(kind, (true, ["true"]))
        cases += [
            Case((hook(kind, path, args=words),)),
            Case((hook(kind, path, args=words, timeout=1),)),
            Case((hook(kind, path, args=words, timeout=2**31),)),
            Case((hook(kind, path, args=words, env=["A=b", "C="]), hook(kind, path, args=words))),
        ]
    telling = [kind for kind in HOOKS if kind not in inside]
    cases += [Case((_telling(kind, "first", "SEA=a b"), _telling(kind, "second"))) for kind in telling]
    return [*cases, Case(tuple(_telling(kind, "only", "SEA=") for kind in telling))]


def _telling(kind: str, name: str, *variables: str) -> Edit:
    return hook(kind, "/bin/sh", args=["sh", "-c", TELLING, f"{kind} {name}"], env=variables)
