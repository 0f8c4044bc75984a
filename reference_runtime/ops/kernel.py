"""What the kernel keeps for each namespace: host name, domain name, parameters; and what it keeps for each process."""

from __future__ import annotations

import os

from reference_runtime import libc
from reference_runtime.errors import RuntimeFault
from reference_runtime.plan import Call, Op
from reference_runtime.validate.sysctls import components

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from reference_runtime.run import Run


def plan(run: Run) -> Iterator[Op]:
    """Steps in the container's namespaces, while /proc is still the host's: the container may have none."""
    if "hostname" in run.config:
        name = run.config["hostname"]
        yield Call("hostname", name, f"name the host {name!r}", libc.sethostname, name)
    if "domainname" in run.config:
        name = run.config["domainname"]
        yield Call("domainname", name, f"name the domain {name!r}", libc.setdomainname, name)
    for name, value in run.linux.get("sysctl", {}).items():
        yield Call("sysctl", name, f"set the kernel parameter {name} to {value!r}", _set_parameter, name, value)


def _set_parameter(name: str, value: str) -> None:
    path = "/".join(["/proc/sys", *components(name)])
    try:
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.write(descriptor, value.encode())
        finally:
            os.close(descriptor)
    except OSError as problem:
        raise RuntimeFault(f"linux.sysctl: {name} can not be set to {value!r}: {problem.strerror}") from None
