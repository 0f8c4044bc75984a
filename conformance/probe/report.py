"""What the probe prints, read into types.

What the kernel did not tell is None, most often since /proc is missing or masked.  That can happen to fields whose type
has None, and to those of ``Report`` that are UNKNOWN by default: these are typed by what they are in any usual
container, so that not every test has to ask.  Bytes that are not UTF-8 are lone surrogates, as ``os.fsdecode`` has
them.  README.md explains every field.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import msgspec

#: A resource limit that is none.
INFINITY = 2**64 - 1

#: None as the default of what nearly always is there.
UNKNOWN: Any = None

#: None as the default of what only some verbs tell, in the way of nobody who knows which verb it was.
ABSENT: Any = None


class Ids(msgspec.Struct):
    """Four user or group ids, see credentials(7)."""

    real: int
    effective: int
    saved: int
    fs: int


class Capabilities(msgspec.Struct):
    """Five sets of names such as "CAP_CHOWN", in the order of their numbers, see capabilities(7)."""

    effective: list[str]
    permitted: list[str]
    inheritable: list[str]
    bounding: list[str]
    ambient: list[str] | None


class Seccomp(msgspec.Struct):
    """Mode 0 is off, 1 strict, 2 filter; the number of filters is known since Linux 5.9."""

    mode: int | None
    filters: int | None


class Mount(msgspec.Struct):
    """A line of /proc/self/mountinfo, unescaped; ``device`` is "major:minor", propagation is such as "shared:3"."""

    id: int
    parent: int
    device: str
    root: str
    point: str
    options: list[str]
    propagation: list[str]
    type: str
    source: str
    super_options: list[str]


class Root(msgspec.Struct):
    """The root folder, and whether its filesystem is read-only; ``magic`` is the type of statfs(2)."""

    readonly: bool
    device: str
    inode: int
    magic: int
    mode: int
    uid: int
    gid: int


class Cgroup(msgspec.Struct):
    """A line of /proc/self/cgroup; version 2 is hierarchy 0 without controllers."""

    hierarchy: int
    controllers: list[str]
    path: str


class Scheduler(msgspec.Struct):
    """As sched_getattr(2), with names such as "SCHED_OTHER" and "SCHED_FLAG_RESET_ON_FORK"; times in nanoseconds."""

    policy: str
    flags: list[str]
    nice: int
    priority: int
    runtime: int
    deadline: int
    period: int


class IoPriority(msgspec.Struct):
    """As ioprio_get(2), the class with a name such as "IOPRIO_CLASS_BE"."""

    level: int
    class_: str = msgspec.field(name="class")


class MemoryPolicy(msgspec.Struct):
    """As get_mempolicy(2), with names such as "MPOL_DEFAULT" and "MPOL_F_STATIC_NODES"."""

    mode: str
    flags: list[str]
    nodes: list[int]


class Offset(msgspec.Struct):
    """How far a clock of a time namespace is from the host's."""

    secs: int
    nanosecs: int


class Clocks(msgspec.Struct):
    """Seconds."""

    monotonic: float
    boottime: float
    realtime: float


class Terminal(msgspec.Struct):
    """A descriptor that is a terminal; ``device`` is "major:minor", and mode and owner are those of the device."""

    name: str | None
    rows: int
    columns: int
    device: str
    mode: int
    uid: int
    gid: int


class Node(msgspec.Struct):
    """Something in /dev: type "c", "b", "d", "l", "p", "s" or "f"; ``target`` is where a link leads."""

    name: str
    type: str
    mode: int
    uid: int
    gid: int
    major: int
    minor: int
    target: str | None


class Signals(msgspec.Struct):
    """Names such as "TERM", in the order of their numbers."""

    blocked: list[str]
    ignored: list[str]


class Interface(msgspec.Struct):
    """A network interface; addresses are "10.0.0.1/24", or eight groups of four digits and the prefix for IPv6."""

    name: str
    index: int
    flags: int
    up: bool
    mtu: int | None
    hardware_address: str | None
    addresses: list[str]


class Report(msgspec.Struct, kw_only=True):
    """Everything that the probe can see."""

    args: list[str]
    env: list[str]
    cwd: str | None
    cwd_inode: int | None
    pid: int
    ppid: int
    pgid: int
    sid: int
    hostname: str
    domainname: str
    kernel: str
    machine: str
    exe: str | None
    comm: str
    personality: int
    parent_death_signal: int | None
    subreaper: int | None
    timerslack: int | None
    thp_disable: int | None
    uid: Ids
    gid: Ids
    groups: list[int]
    umask: int
    capabilities: Capabilities
    last_cap: int | None
    no_new_privs: bool
    securebits: int | None
    dumpable: int | None
    seccomp: Seccomp
    label: str | None
    rlimits: dict[str, tuple[int, int]]
    oom_score_adj: int = UNKNOWN
    cgroups: list[Cgroup] = UNKNOWN
    namespaces: dict[str, int] = UNKNOWN
    uid_map: list[tuple[int, int, int]] = UNKNOWN
    gid_map: list[tuple[int, int, int]] = UNKNOWN
    setgroups: str = UNKNOWN
    timens_offsets: dict[str, Offset] = UNKNOWN
    clocks: Clocks
    mounts: list[Mount] = UNKNOWN
    root: Root
    fds: dict[str, str] = UNKNOWN
    tty: dict[str, Terminal]
    controlling_tty: bool
    dev: list[Node] = UNKNOWN
    scheduler: Scheduler = UNKNOWN
    ioprio: IoPriority = UNKNOWN
    affinity: list[int]
    mems_allowed: str = UNKNOWN
    memory_policy: MemoryPolicy = UNKNOWN
    signals: Signals
    interfaces: list[Interface] = UNKNOWN

    def mount(self, point: str) -> Mount | None:
        """The mount that is seen at ``point``, which is the last one there; None when there is none."""
        return next((mount for mount in reversed(self.mounts) if mount.point == point), None)

    def device(self, name: str) -> Node | None:
        """What ``name`` is, below /dev without its slash, as "null" or "pts/ptmx"; None when it is not there."""
        return next((node for node in self.dev if node.name == name), None)


class Verb(msgspec.Struct):
    """A line of the probe's own list of verbs."""

    name: str
    arity: int
    help: str


class Action(msgspec.Struct, kw_only=True):
    """What one verb did.

    ``result`` is -1 when it was refused, and ``errno`` then is a name such as "EPERM"; verbs that count tell both how
    many there could be and what ended it.  ``error`` is "unknown" for a verb that is none, and "arguments" for
    arguments that make no sense.  A trapped signal is the verb "signal" with its name as ``content``, a tag the verb
    "tag" with its text.  The fields from ``content`` on are None but for the verbs that README.md names beside them.
    """

    verb: str
    args: list[str] = []
    result: int = 0
    errno: str | None = None
    error: str | None = None
    content: str | None = None
    names: list[str] = ABSENT
    type: str = ABSENT
    mode: int = ABSENT
    uid: int = ABSENT
    gid: int = ABSENT
    major: int = ABSENT
    minor: int = ABSENT
    size: int = ABSENT
    inode: int = ABSENT
    links: int = ABSENT
    device: str = ABSENT
    accessed: int = ABSENT
    modified: int = ABSENT
    magic: int = ABSENT
    free: int = ABSENT
    inodes: int = ABSENT
    flags: list[str] = ABSENT
    access: str = ABSENT
    target: str | None = None
    cpu_ms: int = ABSENT
    wall_ms: int = ABSENT
    rows: int = ABSENT
    columns: int = ABSENT
    clocks: Clocks = ABSENT
    affinity: list[int] = ABSENT
    unsigned: int = ABSENT
    verbs: list[Verb] = ABSENT


def parse(output: bytes) -> tuple[Report | None, list[Action]]:
    """The first report and all actions in what a probe printed.

    Other lines are skipped, and so is a last one without an end.  Raises ``msgspec.DecodeError`` for a line that only
    looks like one of the probe's; ``ValidationError`` is one of those.
    """
    found = reports(output)
    return (found[0] if found else None), [_action(document) for document in _documents(output, _BEGINNINGS)]


def reports(output: bytes) -> list[Report]:
    """All reports in what a probe printed, in order.  Raises as ``parse`` does."""
    return [_report(document["report"]) for document in _documents(output, (b'{"report":',))]


def binary(arch: str | None = None) -> Path:
    """The probe for a machine as ``platform.machine()`` calls it, by default for this one.

    Raises ``LookupError`` when there is none for it.
    """
    machine = arch or platform.machine()
    path = Path(__file__).parent / "bin" / {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine) / "probe"
    if not path.exists():
        raise LookupError(f"there is no probe for {machine}; there are probes for x86_64 and aarch64")
    return path


_OFTEN_UNKNOWN = {field.name for field in msgspec.structs.fields(Report) if field.default is UNKNOWN}
#: How the lines begin that say what verbs did.
ACTIONS = ('{"verb":', '{"tag":', '{"signal":')
_BEGINNINGS = tuple(word.encode() for word in ACTIONS)


def _documents(output: bytes, beginnings: tuple[bytes, ...]) -> list[dict[str, Any]]:
    return [_decoded(line) for line in output.split(b"\n")[:-1] if line.startswith(beginnings)]


def _decoded(line: bytes) -> dict[str, Any]:
    """A line as JSON; by the standard library, since msgspec takes no lone surrogates."""
    try:
        document: dict[str, Any] = json.loads(line)
    except ValueError as problem:
        raise msgspec.DecodeError(str(problem)) from None
    return document


def _report(fields: dict[str, Any]) -> Report:
    known = {key: value for key, value in fields.items() if value is not None or key not in _OFTEN_UNKNOWN}
    return msgspec.convert(known, Report)


def _action(document: dict[str, Any]) -> Action:
    for verb in ("tag", "signal"):
        if verb in document:
            return Action(verb=verb, args=[document[verb]], content=document[verb])
    return msgspec.convert(document, Action)
