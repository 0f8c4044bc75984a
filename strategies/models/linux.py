"""What ``linux`` means (config-linux.md), and what holds in every Linux container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies.models.fact import Expected, action
from strategies.models.mounts import propagation_seen

if TYPE_CHECKING:
    from collections.abc import Iterator

Config = dict[str, Any]

#: Default devices (config-linux.md, Default Devices) with their numbers, see the kernel's devices.txt.
DEVICES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}
#: Links in /dev (runtime-linux.md, Dev symbolic links).
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
ERRNO = {1: "EPERM", 2: "ENOENT", 13: "EACCES", 16: "EBUSY", 38: "ENOSYS", 95: "EOPNOTSUPP"}
KINDS = {"network": "net", "mount": "mnt"}
NAMESPACES = ("pid", "network", "mount", "ipc", "uts", "cgroup", "user", "time")
#: The argument of personality(2) that changes nothing: what the probe is asked to call it with.
ASKED = 0xFFFFFFFF
#: The domains of personality(2).
DOMAINS = {"LINUX": 0, "LINUX32": 8}


def of_linux(config: Config) -> Iterator[Expected]:
    """Names, namespaces, devices, parameters, and what is hidden."""
    linux = config.get("linux", {})
    yield from _names(config)
    yield from _namespaces(linux)
    yield from _devices(config, linux)
    yield from _paths(linux)
    yield from _filter(config, linux)
    if (kind := linux.get("rootfsPropagation")) in {"shared", "private", "unbindable"}:
        wanted = "" if kind == "private" else kind
        look = lambda seen: propagation_seen(seen, "/")  # noqa: E731  # as the others are
        yield Expected(f"rootfs-propagation.{kind}", f"a root that is {kind}", wanted, look, "namespace")
    for name, value in linux.get("sysctl", {}).items():
        place = "/proc/sys/" + name.replace(".", "/")
        if place in linux.get("maskedPaths", ()):
            continue
        wanted = value.split()
        yield Expected("sysctl", f"sysctl {name}", wanted, lambda seen, place=place: _words(seen, place), "action")
    if (domain := linux.get("personality", {}).get("domain")) in DOMAINS:
        wanted = DOMAINS[domain]
        yield Expected("personality", "personality", wanted, lambda seen: seen.report.personality, name="personality")


def _words(seen: Any, place: str) -> list[str] | None:
    did = action(seen, "read", place)
    return None if did is None or did.content is None else did.content.split()


def _names(config: Config) -> Iterator[Expected]:
    if "hostname" in config:
        yield Expected("hostname", "hostname", config["hostname"], lambda seen: seen.report.hostname, name="hostname")
    if "domainname" in config:
        wanted = config["domainname"]
        yield Expected("domainname", "domainname", wanted, lambda seen: seen.report.domainname, name="domainname")
    for key, value in config.get("annotations", {}).items():
        yield Expected(
            "state.annotations",
            "annotations of the state",
            value,
            lambda seen, key=key: seen.annotations.get(key),
            "state",
        )


def _namespaces(linux: Config) -> Iterator[Expected]:
    for entry in linux.get("namespaces", ()):
        if entry.get("path", "").startswith("/proc/1/ns/"):  # of the trial, as the runtime is
            kind = entry["type"]
            yield Expected(
                "namespaces.path.joined",
                f"{kind} namespace is that of the path",
                False,
                lambda seen, kind=kind: seen.is_new(KINDS.get(kind, kind)),
                "namespace",
            )
    entries = linux.get("namespaces", ())
    new = {entry["type"] for entry in entries if "path" not in entry}
    joined = {entry["type"] for entry in entries} - new
    for kind in NAMESPACES:
        if kind not in joined:
            is_new = kind in new
            yield Expected(
                "namespaces.new" if is_new else "namespaces.inherited",
                f"{kind} namespace is {'new' if is_new else 'inherited'}",
                is_new,
                lambda seen, kind=kind: seen.is_new(KINDS.get(kind, kind)),
                "namespace",
            )
    for which in ("uid", "gid"):
        if (mappings := linux.get(f"{which}Mappings")) and "user" in new:
            wanted = [(entry["containerID"], entry["hostID"], entry["size"]) for entry in mappings]
            yield Expected(
                f"user-mappings.{which}",
                f"{which}Mappings",
                wanted,
                lambda seen, which=which: [tuple(row) for row in getattr(seen.report, f"{which}_map")],
                "namespace",
            )
    for clock, offset in linux.get("timeOffsets", {}).items():
        ahead = (offset.get("secs", 0), offset.get("nanosecs", 0))
        yield Expected(
            "time-offsets",
            f"timeOffsets {clock}",
            ahead,
            lambda seen, clock=clock: _offset(seen.report.timens_offsets[clock]),
            name="timens_offsets",
        )


def _offset(offset: Any) -> tuple[int, int]:
    return offset.secs, offset.nanosecs


def _devices(config: Config, linux: Config) -> Iterator[Expected]:
    covered = [mount for mount in config.get("mounts", ()) if mount["destination"].rstrip("/") == "/dev"]
    configured = {entry["path"]: entry for entry in linux.get("devices", ())}
    if len(covered) == 1 and covered[0].get("type") == "tmpfs":
        yield from _defaults(configured)
    for path, entry in configured.items():
        yield from _device(path, entry)


def _defaults(configured: Config) -> Iterator[Expected]:
    for name, numbers in DEVICES.items():
        if f"/dev/{name}" not in configured:
            yield Expected(
                f"devices.default.{name}",
                f"default device {name}",
                ("c", *numbers),
                lambda seen, name=name: _node(seen.report.device(name)),
                name="dev",
            )
    for name, target in LINKS.items():
        yield Expected(
            f"devices.symlinks.{name}",
            f"link {name}",
            target,
            lambda seen, name=name: getattr(seen.report.device(name), "target", None),
            name="dev",
        )


def _node(node: Any) -> tuple[str, int, int] | None:
    return None if node is None else (node.type, node.major, node.minor)


def _device(path: str, entry: Config) -> Iterator[Expected]:
    kind = {"u": "c"}.get(entry["type"], entry["type"])
    if kind != "p":
        numbers = (kind, entry["major"], entry["minor"])
        yield Expected(
            "devices.numbers",
            "numbers of a device",
            numbers,
            lambda seen: _node(action(seen, "stat", path)),
            "action",
        )
    for key, field, mask in (("fileMode", "mode", 0o7777), ("uid", "uid", -1), ("gid", "gid", -1)):
        if key in entry:
            yield Expected(
                {"fileMode": "devices.file-mode"}.get(key, f"devices.{key}"),
                f"{key} of a device",
                entry[key] & mask,
                lambda seen, field=field, mask=mask: _masked(action(seen, "stat", path), field, mask),
                "action",
            )


def _masked(did: Any, field: str, mask: int) -> int | None:
    value = getattr(did, field, None)
    return None if value is None else value & mask


def _paths(linux: Config) -> Iterator[Expected]:
    for path in linux.get("maskedPaths", ()):
        yield Expected("masked-paths", "a masked path", "", lambda seen, path=path: _content(seen, path), "action")
    for path in linux.get("readonlyPaths", ()):
        if path in linux.get("maskedPaths", ()):  # what hides a file may be written
            continue
        yield Expected("readonly-paths", "a readonly path", True, lambda seen, path=path: _kept(seen, path), "action")


def _content(seen: Any, path: str) -> str:
    """What can be read of a file, or which names a folder has."""
    content = getattr(action(seen, "read", path), "content", None)
    return content or " ".join(getattr(action(seen, "list", path), "names", None) or ())


def _kept(seen: Any, path: str) -> bool:
    """Whether neither the file can be written, nor anything made in the folder."""
    tried = (action(seen, "open", path), action(seen, "mkdir", f"{path}/sea"))
    return all(did is not None and did.result == -1 for did in tried)


def _filter(config: Config, linux: Config) -> Iterator[Expected]:
    """A rule for the call that the probe makes when it is asked to."""
    if "personality" not in config["process"]["args"]:
        return
    for rule in linux.get("seccomp", {}).get("syscalls", ()):
        about = [match for match in rule.get("args", ()) if match["index"] == 0]
        if "personality" in rule["names"] and rule["action"] == "SCMP_ACT_ERRNO" and about == [*rule.get("args", ())]:
            refused = all(_matches(match) for match in about)
            if (errno := ERRNO.get(rule.get("errnoRet", 1))) or not refused:
                yield Expected(
                    "seccomp.args" if about else "seccomp.errno" if "errnoRet" in rule else "seccomp.errno.default",
                    f"a system call that is {'refused' if refused else 'allowed'}",
                    errno if refused else True,
                    _errno if refused else (lambda seen, errno=errno: _errno(seen) != errno),
                    "action",
                )


def _errno(seen: Any) -> str | None:
    """What the call was refused with; a kernel without it has an error of its own."""
    errno: str | None = getattr(action(seen, "personality"), "errno", "not to be seen")
    return errno


def _matches(match: Config) -> bool:
    """Whether a condition is true of ``ASKED``."""
    value, two = match["value"], match.get("valueTwo", 0)
    true: dict[str, bool] = {
        "SCMP_CMP_NE": value != ASKED,
        "SCMP_CMP_LT": value > ASKED,
        "SCMP_CMP_LE": value >= ASKED,
        "SCMP_CMP_EQ": value == ASKED,
        "SCMP_CMP_GE": value <= ASKED,
        "SCMP_CMP_GT": value < ASKED,
        "SCMP_CMP_MASKED_EQ": ASKED & value == two,
    }
    return true[match["op"]]
