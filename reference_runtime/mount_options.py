"""The option strings of config.md, "Linux mount options": what each means to the kernel."""

from __future__ import annotations

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_SYNCHRONOUS = 0x10
MS_REMOUNT = 0x20
MS_MANDLOCK = 0x40
MS_DIRSYNC = 0x80
MS_NOSYMFOLLOW = 0x100
MS_NOATIME = 0x400
MS_NODIRATIME = 0x800
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SILENT = 0x8000
MS_POSIXACL = 0x10000
MS_UNBINDABLE = 0x20000
MS_PRIVATE = 0x40000
MS_SLAVE = 0x80000
MS_SHARED = 0x100000
MS_RELATIME = 0x200000
MS_I_VERSION = 0x800000
MS_STRICTATIME = 0x1000000
MS_LAZYTIME = 0x2000000

ATTR_RDONLY = 0x1
ATTR_NOSUID = 0x2
ATTR_NODEV = 0x4
ATTR_NOEXEC = 0x8
ATTR_ATIME = 0x70  # the mask of the three access time modes
ATTR_RELATIME = 0x00
ATTR_NOATIME = 0x10
ATTR_STRICTATIME = 0x20
ATTR_NODIRATIME = 0x80
ATTR_IDMAP = 0x100000
ATTR_NOSYMFOLLOW = 0x200000

#: Option -> (whether it sets, the flag of mount(2)).
FLAGS = {
    "acl": (True, MS_POSIXACL),
    "async": (False, MS_SYNCHRONOUS),
    "atime": (False, MS_NOATIME),
    "bind": (True, MS_BIND),
    "defaults": (False, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS),
    "dev": (False, MS_NODEV),
    "diratime": (False, MS_NODIRATIME),
    "dirsync": (True, MS_DIRSYNC),
    "exec": (False, MS_NOEXEC),
    "iversion": (True, MS_I_VERSION),
    "lazytime": (True, MS_LAZYTIME),
    "loud": (False, MS_SILENT),
    "mand": (True, MS_MANDLOCK),
    "noacl": (False, MS_POSIXACL),
    "noatime": (True, MS_NOATIME),
    "nodev": (True, MS_NODEV),
    "nodiratime": (True, MS_NODIRATIME),
    "noexec": (True, MS_NOEXEC),
    "noiversion": (False, MS_I_VERSION),
    "nolazytime": (False, MS_LAZYTIME),
    "nomand": (False, MS_MANDLOCK),
    "norelatime": (False, MS_RELATIME),
    "nostrictatime": (False, MS_STRICTATIME),
    "nosuid": (True, MS_NOSUID),
    "nosymfollow": (True, MS_NOSYMFOLLOW),
    "rbind": (True, MS_BIND | MS_REC),
    "relatime": (True, MS_RELATIME),
    "remount": (True, MS_REMOUNT),
    "ro": (True, MS_RDONLY),
    "rw": (False, MS_RDONLY),
    "silent": (True, MS_SILENT),
    "strictatime": (True, MS_STRICTATIME),
    "suid": (False, MS_NOSUID),
    "symfollow": (False, MS_NOSYMFOLLOW),
    "sync": (True, MS_SYNCHRONOUS),
}

#: Option -> flags of mount(2) that change the propagation of a mount that is there.
PROPAGATION = {
    "private": MS_PRIVATE,
    "rprivate": MS_PRIVATE | MS_REC,
    "rshared": MS_SHARED | MS_REC,
    "rslave": MS_SLAVE | MS_REC,
    "runbindable": MS_UNBINDABLE | MS_REC,
    "shared": MS_SHARED,
    "slave": MS_SLAVE,
    "unbindable": MS_UNBINDABLE,
}

#: Option -> (attributes set, attributes cleared) of mount_setattr(2); a mode of access times replaces every other.
ATTRIBUTES = {
    "atime": (ATTR_RELATIME, ATTR_ATIME),
    "dev": (0, ATTR_NODEV),
    "diratime": (0, ATTR_NODIRATIME),
    "exec": (0, ATTR_NOEXEC),
    "noatime": (ATTR_NOATIME, ATTR_ATIME),
    "nodev": (ATTR_NODEV, 0),
    "nodiratime": (ATTR_NODIRATIME, 0),
    "noexec": (ATTR_NOEXEC, 0),
    "norelatime": (0, ATTR_ATIME),
    "nostrictatime": (0, ATTR_ATIME),
    "nosuid": (ATTR_NOSUID, 0),
    "nosymfollow": (ATTR_NOSYMFOLLOW, 0),
    "relatime": (ATTR_RELATIME, ATTR_ATIME),
    "ro": (ATTR_RDONLY, 0),
    "rw": (0, ATTR_RDONLY),
    "strictatime": (ATTR_STRICTATIME, ATTR_ATIME),
    "suid": (0, ATTR_NOSUID),
    "symfollow": (0, ATTR_NOSYMFOLLOW),
}
_DEFAULTS = (0, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC)

#: The same for a mount and all below it, named with an r in front.
RECURSIVE = {f"r{name}": change for name, change in ATTRIBUTES.items()}

IDMAP = ("idmap", "ridmap")
COPY_UP = "tmpcopyup"


ALL = sorted({*FLAGS, *PROPAGATION, *RECURSIVE, *IDMAP, COPY_UP})


class Options:
    """The options of one mount, sorted by the call that they are for.

    ``flags`` and ``data`` are for mount(2), ``propagation`` lists further calls of it in order, ``attributes`` and
    ``recursive`` are pairs (set, cleared) for mount_setattr(2); ``copy_up`` is for the runtime itself.  Of
    contradicting options the last one wins.
    """

    def __init__(self, options: list[str]) -> None:
        self.flags = 0
        self.data = ""
        self.propagation = [PROPAGATION[option] for option in options if option in PROPAGATION]
        self.attributes = (0, 0)
        self.recursive = (0, 0)
        self.idmap = [option for option in options if option in IDMAP][-1:]
        self.copy_up = COPY_UP in options
        for option in options:
            self._take(option)
        self.data = ",".join(option for option in options if option not in _KNOWN)

    def _take(self, option: str) -> None:
        if option in FLAGS:
            sets, flag = FLAGS[option]
            self.flags = self.flags | flag if sets else self.flags & ~flag
        if option in ATTRIBUTES or option == "defaults":
            self.attributes = _changed(self.attributes, ATTRIBUTES.get(option, _DEFAULTS))
        if option in RECURSIVE:
            self.recursive = _changed(self.recursive, RECURSIVE[option])

    @property
    def bind(self) -> bool:
        """Whether it is a bind mount: nothing but ``bind`` and ``rbind`` decides that."""
        return bool(self.flags & MS_BIND)


_KNOWN = frozenset(ALL)


def _changed(change: tuple[int, int], further: tuple[int, int]) -> tuple[int, int]:
    """Two changes of attributes as one: what the later one names, it decides."""
    sets, clears = further
    return (change[0] & ~clears) | sets, change[1] | clears
