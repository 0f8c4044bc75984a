"""Valid values of ``root`` and ``mounts``, and root filesystems with links in the way."""

from __future__ import annotations

from strategies.case import Case
from strategies.edits import bind, mount, readonly_root, root_path, tmpfs
from strategies.table.values import NAMES

#: A folder to bind with a file in it, a file beside it, and a place outside that nothing may be mounted on.
DATA = "mkdir -p data outside; echo here >data/name; echo alone >file"
FLAGS = ("ro", "nosuid", "nodev", "noexec", "nodiratime")
OPPOSITES = ("rw", "suid", "dev", "exec", "diratime")
#: Options whose effect on the flags is none.
OTHERS = ("defaults", "async", "sync", "dirsync", "noatime", "atime", "relatime", "norelatime", "strictatime",
          "nostrictatime", "lazytime", "nolazytime", "silent", "loud", "iversion", "noiversion", "nomand",
          "private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable")  # fmt: skip


def of_mounts() -> dict[str, list[Case]]:
    """Cases by section."""
    pairs = [pair for on, off in zip(FLAGS, OPPOSITES, strict=True) for pair in ((on, off), (off, on))]
    lists = [
        (),
        *((flag,) for flag in FLAGS + OPPOSITES + OTHERS),
        *pairs,
        FLAGS,
        ("ro", "ro"),
    ]
    own = [
        ("size=1m", "mode=711"),
        ("size=1024k", "nosuid", "mode=700", "uid=11", "noexec", "gid=70000", "nr_inodes=77"),
        *(("mode=750",), ("mode=1777",), ("mode=1751",), ("uid=2147483648",), ("size=16777216k",)),
    ]
    special = {"pipe": "mkfifo pipe", "node": "mknod node c 1 3"}
    return {
        "tmpfs": [Case((tmpfs("/mnt", *options),)) for options in [*lists, *own]],
        "tmpfs on what is missing": [Case((tmpfs("/made/here", *options),)) for options in own],
        "bind": [_bound("data", "/run", *options) for options in lists],
        "bind of a file": [_bound("file", "/sea/file", *options) for options in (("ro",), (), ("bind", "ro"))],
        "bind of what is special": [
            Case((bind(name, f"/sea/{name}", *options),), script=script)
            for name, script in special.items()
            for options in ((), ("ro",), ("ro", "nosuid", "noexec"))
        ],
        "sources": [_bound(source, "/mnt") for source in ("./data", "data/", "data/../data", "data//.")],
        "names": [_named(name) for name in NAMES],
        "destinations": [
            Case((tmpfs(place),))
            for place in ("/mnt/", "//mnt", "/mnt/../run", "/mnt/./a//b", "/made", "/a/b/c/d", "/dev/shm", "/proc/../x")  # noqa: S108
        ]
        + [Case((tmpfs("made/below"),)), Case((tmpfs("/mnt"), tmpfs("/mnt"))), Case((tmpfs("/mnt/a"), tmpfs("/mnt")))],
        "types": [Case((mount(f"/mnt/{kind}", type=kind, source=kind),)) for kind in ("ramfs", "mqueue", "devpts")]
        + [Case((mount("/mnt", type="tmpfs"),)), Case((mount("/sys", type="sysfs", source="sysfs"),))],
        "types of binds": [
            Case((mount("/mnt", type=kind, source="data", options=["bind"]),), script=DATA)
            for kind in (None, "none", "bind", "ext4", "")
        ],
        "links": _links(),
        "root.readonly": [Case((readonly_root(value),)) for value in (True, False)],
        "root.path": [Case((root_path(path),)) for path in ("./rootfs", "rootfs/", "rootfs/.", "data/../rootfs")[:3]]
        + [Case((root_path("data/../rootfs"),), script=DATA)],
    }


def _bound(source: str, place: str, *options: str) -> Case:
    return Case((bind(source, place, *options),), script=DATA)


def _named(name: str) -> Case:
    quoted = "'" + name.replace("'", "'\\''") + "'"
    return Case((bind(f"./{name}", f"/mnt/{name}"),), script=f"mkdir -- {quoted}")


def _links() -> list[Case]:
    """Destinations that symbolic links are in the way of; each stays inside the root."""
    targets = ("/run", "../run", "../../../../../../run", "/mnt/../run", "/missing", "missing/../also")
    links = [f"{DATA}; ln -s {target} rootfs/mnt/link" for target in targets]
    outside = f'{DATA}; mkdir -p "rootfs$PWD/outside"; ln -s "$PWD/outside" rootfs/mnt/link'
    return [
        *(Case((tmpfs("/mnt/link/in"),), script=link) for link in links[:4]),
        *(Case((tmpfs("/mnt/link"),), script=link) for link in [*links[:4], outside]),
        *(Case((bind("data", "/mnt/link"),), script=link) for link in links[:4]),
        *(Case((bind("file", "/mnt/link/file"),), script=link) for link in links[:4]),
        Case((tmpfs("/run"), tmpfs("/mnt/link/in")), script=links[0]),
    ]
