"""Labels of security modules for the program: ``process.apparmorProfile`` and ``process.selinuxLabel``.

They are written where the kernel looks at the next execve; that file is opened while /proc is still the host's.
"""

from __future__ import annotations

import os

from reference_runtime.errors import RuntimeFault
from reference_runtime.plan import Call, Op

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from reference_runtime.run import Run

_APPARMOR = "/sys/module/apparmor/parameters/enabled"
_SELINUX = "/sys/fs/selinux/enforce"
_FILES = {
    "apparmorProfile": (_APPARMOR, "/proc/self/attr/apparmor/exec", "exec {}"),
    "selinuxLabel": (_SELINUX, "/proc/self/attr/exec", "{}"),
}


def plan_open(run: Run) -> Iterator[Op]:
    """Steps before the container's root is entered.  RuntimeFault when the host has no such module."""
    if run.linux.get("mountLabel") and not os.path.exists(_SELINUX):
        raise RuntimeFault("linux.mountLabel: this host has no SELinux")
    for name, (presence, path, _) in _FILES.items():
        if run.process.get(name):
            if not os.path.exists(presence):
                raise RuntimeFault(f"process.{name}: this host has no {'SELinux' if 'selinux' in name else 'AppArmor'}")
            yield Call("label-file", name, f"open {path}", _open, run, name, path)


def _open(run: Run, name: str, path: str) -> None:
    run.descriptors[name] = os.open(path, os.O_WRONLY)


def files(run: Run) -> list[int]:
    """The descriptors that ``plan_apply`` needs."""
    return [run.descriptors[name] for name in _FILES if name in run.descriptors]


def plan_apply(run: Run) -> Iterator[Op]:
    """Steps before the program."""
    for name, (_, _, form) in _FILES.items():
        label = run.process.get(name)
        if label:
            yield Call("label", name, f"give the program the label {label}", _write, run, name, form.format(label))


def _write(run: Run, name: str, text: str) -> None:
    try:
        os.write(run.descriptors[name], text.encode())
    except OSError as problem:
        raise RuntimeFault(f"process.{name}: {problem.strerror}") from None
