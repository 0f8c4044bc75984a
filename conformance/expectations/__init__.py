"""Known deviations, one TOML file per runtime: violations that were looked into, with the reason and a link.

::

    [[known]]
    test = "oci/test_lifecycle.py::test_delete_of_a_created_container_is_refused"   # or a pattern
    versions = ">=1.0"          # of the runtime, as a specifier set; every version when it is missing
    packages = "1.1.5+ds1-*"    # of the distribution's package, as a pattern; every package when it is missing
    reason = "delete is accepted on a container that was never started"
    link = "https://github.com/opencontainers/runc/issues/…"

An entry that no longer holds fails the run: ``NO LONGER KNOWN``.  With ``sometimes = true`` it does not: the violation
is a race that the runtime wins now and then.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from conformance.harness.profiles import is_in

if TYPE_CHECKING:
    import pytest

    from conformance.harness.cri.server import Server
    from conformance.harness.runtime import Runtime


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One known deviation."""

    reason: str
    test: str = ""
    requirement: str = ""
    versions: str = ""
    packages: str = "*"
    link: str = ""
    sometimes: bool = False

    def covers(self, version: str, package: str) -> bool:
        """Whether it speaks of this version of the runtime and of its package."""
        return is_in(version, self.versions) and fnmatchcase(package, self.packages)


class Expectations:
    """The known deviations of one runtime."""

    def __init__(self, known: list[Expectation]) -> None:
        self.known = known

    def find(self, item: pytest.Item, requirements: list[str]) -> Expectation | None:
        """The entry that speaks of a test, or of one of its requirements."""
        test = name_of(item)
        for entry in self.known:
            if entry.test and fnmatchcase(test, f"*{entry.test.replace('[', '[[]')}"):
                return entry
            if entry.requirement and any(fnmatchcase(name, entry.requirement) for name in requirements):
                return entry
        return None


def expectations_for(runtime: Runtime | Server) -> Expectations:
    """What is known of a runtime, by the name of its profile, its version and its package."""
    file = resources.files(__package__) / f"{runtime.profile.name}.toml"
    if not file.is_file():
        return Expectations([])
    entries = msgspec.convert(tomllib.loads(file.read_text()).get("known", []), list[Expectation])
    return Expectations([entry for entry in entries if entry.covers(runtime.version, runtime.package)])


def name_of(item: pytest.Item) -> str:
    """The name of a test without the runtime among its parameters, so that it is the same for all of them."""
    callspec = getattr(item, "callspec", None)
    subject = next((key for key in ("runtime", "server") if callspec is not None and key in callspec.params), "")
    if callspec is None or not subject:
        return item.nodeid
    base, _, parameters = item.nodeid.partition("[")
    name = str(callspec.params[subject])
    rest = parameters.rstrip("]").removeprefix(name).removesuffix(f"-{name}").removeprefix("-")
    return f"{base}[{rest}]" if rest else base
