"""Configs of which the specification says neither that they are valid nor that they are not.

A runtime may refuse them or not: it must say why, and must neither break down nor leave anything behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.case import UNSPECIFIED, Case
from strategies.edits import (
    add,
    args,
    bind,
    capabilities,
    cgroups_path,
    cwd,
    device,
    env,
    hostname,
    masked_paths,
    memory,
    mount,
    namespace,
    pids,
    put,
    rlimit,
    root_path,
    rule,
    scheduler,
    seccomp,
    sysctl,
    time_offset,
    tmpfs,
    umask,
    unmount,
    user,
)
from strategies.table.mounts import DATA
from strategies.table.values import ENDS

if TYPE_CHECKING:
    from strategies.edit import Edit


def unspecified_cases() -> list[Case]:
    """Every unspecified case."""
    return [*_sections(), *_values(), *_numbers(), *_trees()]


def open_case(about: str, *edits: Edit, script: str = "") -> Case:
    """A case of which the specification says nothing."""
    return Case(edits, UNSPECIFIED, "", about, script)


def _sections() -> list[Case]:
    """Sections that are null, empty or missing."""
    paths = (
        *("process", "process.args", "process.env", "process.user", "process.user.uid", "process.rlimits", "root"),
        *("process.capabilities", "root.readonly", "mounts", "mounts.0", "hooks", "annotations", "hostname", "linux"),
        *("ociVersion", "linux.namespaces", "linux.resources", "linux.resources.memory", "linux.resources.devices"),
        *("linux.seccomp", "linux.devices", "linux.maskedPaths", "linux.sysctl", "linux.uidMappings"),
    )
    return [
        *(open_case(f"{path} is null", put(path, None)) for path in paths),
        open_case("linux is an empty object", put("linux", {})),
        open_case("the config is nearly empty", put("linux", {}), put("mounts", [])),
        open_case("no mounts", put("mounts", [])),
        open_case("no /dev", unmount("/dev")),
        open_case("no /proc", unmount("/proc")),
        open_case("a list with null in it", add("mounts", None)),
        open_case("a list of namespaces with null in it", add("linux.namespaces", None)),
        open_case("a list of arguments with null in it", add("process.args", None)),
        open_case("a list of variables with null in it", add("process.env", None)),
        open_case("a list of hooks with null in it", add("hooks.poststop", None)),
        open_case("a list of devices with null in it", add("linux.devices", None)),
        open_case("a list of limits with null in it", add("process.rlimits", None)),
        open_case("a list of system calls with null in it", seccomp("ALLOW"), put("linux.seccomp.syscalls", [None])),
    ]


def _values() -> list[Case]:
    return [
        *(open_case(f"a variable {entry!r}", env(entry)) for entry in ("", "=", "=x", "NAME", "A=1\0B=2")),
        open_case("a variable twice", env("A=1", "A=2")),
        open_case("a NUL in an argument", args("/probe", "report", "--", "a\0b")),
        open_case("a NUL in the working directory", cwd("/run\0/x")),
        open_case("a NUL in a destination", tmpfs("/mnt\0/x")),
        open_case("a NUL in the hostname", hostname("a\0b")),
        open_case("a lone surrogate", env("A=\ud800")),
        open_case("an empty hostname", hostname("")),
        open_case("a hostname with a slash", hostname("a/b")),
        open_case("a working directory that is missing", cwd("/missing/folder")),
        open_case("a working directory in /proc", cwd("/proc/self")),
        open_case("a very long working directory", cwd("/" + "x" * 5000)),
        open_case("a umask of more than nine bits", umask(0o7777)),
        open_case("a umask of 32 bits", umask(2**32 - 1)),
        open_case("the user that is none", user(2**32 - 1, 2**32 - 1)),
        open_case("a nice value of 20", scheduler("OTHER", nice=20)),  # which the kernel takes for 19
        open_case("thousands of groups", user(0, 0, additional_gids=[*range(1000, 7000)])),
        open_case("more groups than the kernel takes", user(0, 0, additional_gids=[*range(70000)])),
        open_case("an unknown capability", capabilities("BOGUS", "CHOWN")),
        open_case("an empty capability", put("process.capabilities.bounding", [""])),
        open_case("an ambient capability alone", capabilities("CHOWN", sets=["ambient"])),
        open_case("an effective capability alone", capabilities("CHOWN", sets=["effective"])),
        open_case("an empty destination", tmpfs("")),
        open_case("a mount on the root", tmpfs("/")),
        open_case("a destination of dots", tmpfs("/../..")),
        open_case("an empty option", tmpfs("/mnt", "")),
        open_case("an option of blanks", tmpfs("/mnt", "  ")),
        open_case("options in one text", tmpfs("/mnt", "ro,nosuid")),
        open_case("a mount of proc again", mount("/mnt", type="proc", source="proc")),
        open_case("an empty source", mount("/mnt", type="tmpfs", source="")),
        open_case("a bind of the bundle", bind(".", "/mnt")),
        open_case("a root in a link", root_path("link"), script="ln -s rootfs link"),
        open_case("the bundle as root", root_path("."), script="cp -r rootfs/. ."),
        open_case("a masked path with a trailing slash", masked_paths("/proc/uptime/")),
        open_case("the root as a masked path", masked_paths("/")),
        open_case("an empty masked path", masked_paths("")),
        open_case("a device twice", device("/dev/it", "c", 1, 3), device("/dev/it", "c", 1, 5)),
        open_case("a device with a relative path", device("dev/it", "c", 1, 3)),
        open_case("a device on the root", device("/", "c", 1, 3)),
        open_case("a device without numbers", device("/dev/it", "c")),
        open_case("a device with negative numbers", device("/dev/it", "c", -1, -1)),
        open_case("a device with large numbers", device("/dev/it", "c", 2**31, 2**32)),
        open_case("an empty name of a sysctl", sysctl("", "1")),
        open_case("a sysctl that leaves /proc/sys", sysctl("kernel/../../../x", "1")),
        open_case("a sysctl without a value", sysctl("kernel.msgmax", "")),
        open_case("an empty cgroupsPath", cgroups_path("")),
        open_case("a cgroupsPath of dots", cgroups_path("/../../seatrial-x")),
        open_case("a cgroupsPath with odd characters", cgroups_path("/a b\n%s")),
        open_case("a very long cgroupsPath", cgroups_path("/" + "x" * 300)),
        open_case("offsets without a time namespace", time_offset("boottime", secs=5)),
        open_case("a user namespace without mappings", namespace("user")),
        open_case("an errno beyond the kernel's", seccomp("ALLOW", rule("personality", "ERRNO", errno_ret=2**16))),
        open_case("an errno of 0", seccomp("ALLOW", rule("personality", "ERRNO", errno_ret=0))),
        open_case("a filter that kills", seccomp("KILL")),
        open_case("rules that contradict each other", seccomp("ALLOW", rule("mount", "KILL"), rule("mount", "ERRNO"))),
        open_case("very many rules", seccomp("ALLOW", *(rule("mount", "ERRNO", errno_ret=n) for n in range(1, 300)))),
        open_case("a tiny limit on open files", rlimit("NOFILE", soft=3, hard=3)),
        open_case("no open files", rlimit("NOFILE", soft=0, hard=0)),
        open_case("no address space", rlimit("AS", soft=0, hard=0)),
        open_case("no processes", rlimit("NPROC", soft=0, hard=0)),
        open_case("no file sizes", rlimit("FSIZE", soft=0, hard=0)),
        open_case("no stack", rlimit("STACK", soft=0, hard=0)),
    ]


def _numbers() -> list[Case]:
    limits = "memory.limit memory.swappiness pids.limit cpu.shares cpu.quota cpu.period blockIO.weight network.classID"
    paths = [f"linux.resources.{limit}" for limit in limits.split()]
    paths += ["process.oomScoreAdj", "process.user.umask", "process.consoleSize.height"]
    ends = (*ENDS, -(2**31), -(2**63) - 1, 0, -2, 2**64, 10**30)
    return [
        *(open_case(f"{path} at the end of a type", put(path, number)) for path in paths for number in ends),
        *(open_case(f"{path} is no whole number", put(path, number)) for path in paths for number in (0.5, 1e400, 1e3)),
        open_case("a tiny memory limit", memory(limit=4096)),
        open_case("a memory limit that is no multiple of pages", memory(limit=67108865)),
        open_case("one process", pids(1)),
        open_case("swap below memory", memory(limit="64M", swap="32M")),
    ]


def _trees() -> list[Case]:
    """Root filesystems that lack what runtimes rely on, or have links in its place."""
    targets = {
        "the root": "/",
        "a folder above": "../../..",
        "nowhere": "/missing",
        "outside": '"$PWD/outside"',
    }
    trees = {
        f"/{name} is a link to {where}": f"{DATA}; rmdir rootfs/{name}; ln -s {target} rootfs/{name}"
        for name in ("proc", "dev")
        for where, target in targets.items()
    }
    trees |= {f"/{name} is missing": f"rmdir rootfs/{name}" for name in ("proc", "dev", "sys", "tmp")}
    trees |= {f"/{name} is a file": f"rmdir rootfs/{name}; touch rootfs/{name}" for name in ("proc", "dev")}
    links = {"absolute": "$PWD/outside/new", "relative": "../../../../../../../../outside", "dangling": "/nowhere"}
    return [
        *(open_case(about, script=script) for about, script in trees.items()),
        *(
            open_case(f"a file bound on a link that is {name}", bind("file", "/mnt/link"), script=_linked(target))
            for name, target in links.items()
        ),
        *(
            open_case(f"a device on a link that is {name}", device("/mnt/link", "c", 1, 3), script=_linked(target))
            for name, target in links.items()
        ),
        *(
            open_case(f"a masked path that is a link that is {name}", masked_paths("/mnt/link"), script=_linked(target))
            for name, target in links.items()
        ),
        *(
            open_case(f"a working directory that is a link that is {name}", cwd("/mnt/link"), script=_linked(target))
            for name, target in links.items()
        ),
        open_case("a program that is a link outside", args("/mnt/link"), script=_linked("$PWD/data/name")),
        open_case("/dev has files already", script="mkdir rootfs/dev/null; touch rootfs/dev/zero"),
        open_case(
            "no /dev mount, links in /dev", unmount("/dev"), script=f'{DATA}; ln -s "$PWD/outside/x" rootfs/dev/null'
        ),
        open_case("a root that nobody may search", script="chmod 000 rootfs"),
        open_case("a source that is a link", bind("link", "/mnt"), script=f"{DATA}; ln -s data link"),
        open_case("a source that is a pipe", bind("pipe", "/mnt/pipe"), script="mkfifo pipe"),
    ]


def _linked(target: str) -> str:
    return f'{DATA}; ln -s "{target}" rootfs/mnt/link'
