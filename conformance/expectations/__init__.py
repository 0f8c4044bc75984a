"""Known deviations, one TOML file per runtime: violations that were looked into, with the reason and a link.

::

    [[known]]
    test = "oci/test_lifecycle.py::test_delete_of_a_created_container_is_refused"   # or a pattern
    versions = ">=1.0"          # of the runtime, as a specifier set; every version when it is missing
    packages = "1.1.5+ds1-*"    # of the distribution's package, as a pattern; every package when it is missing
    verdict = "violated"        # or crashed, hung, leaked; whichever of them when it is missing
    reason = "delete is accepted on a container that was never started"
    link = "https://github.com/opencontainers/runc/issues/…"

An entry that no longer holds fails the run: ``NO LONGER KNOWN``.  With ``sometimes = true`` it does not: the violation
is a race that the runtime wins now and then.  ``requirement = "kill.*"`` in the place of ``test`` speaks of all tests
of the requirements that match, and ``finding = "effect: process.umask"`` of the findings of fuzzing whose signatures
match; one of those may come up or not.

Files of users (``--expectations``) have the same form.  One that begins with ``runtime = "runc"`` is for the runtimes
whose profile or name matches that pattern, others are for every runtime that is tried; they come before our own.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from packaging.specifiers import SpecifierSet

from conformance.harness.errors import WrongUse
from conformance.harness.profiles import is_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.resources.abc import Traversable

    import pytest

    from conformance.harness.cri.server import Server
    from conformance.harness.runtime import Runtime


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One known deviation."""

    reason: str
    test: str = ""
    finding: str = ""
    requirement: str = ""
    versions: str = ""
    packages: str = "*"
    verdict: Literal["", "violated", "crashed", "hung", "leaked"] = ""
    link: str = ""
    sometimes: bool = False

    def __post_init__(self) -> None:
        """Refuse an entry that says nothing.  Raises ValueError."""
        SpecifierSet(self.versions)
        if sum(map(bool, (self.test, self.requirement, self.finding))) != 1:
            raise ValueError("it wants one of `test`, `requirement` and `finding`")

    def covers(self, version: str, package: str) -> bool:
        """Whether it speaks of this version of the runtime and of its package."""
        return is_in(version, self.versions) and fnmatchcase(package, self.packages)

    def speaks_of(self, test: str, requirements: Iterable[str]) -> bool:
        """Whether it names a test, or one of its requirements."""
        if self.test:
            return fnmatchcase(test, f"*{self.test.replace('[', '[[]')}")
        return bool(self.requirement) and any(fnmatchcase(name, self.requirement) for name in requirements)

    def excuses(self, verdict: str) -> bool:
        """Whether it lists this verdict."""
        return self.verdict in {"", verdict}


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in one file; ``runtime`` is a pattern, "" for every runtime."""

    known: tuple[Expectation, ...] = ()
    runtime: str = ""


class Expectations:
    """The known deviations of one runtime."""

    def __init__(self, known: list[Expectation]) -> None:
        self.known = known

    def find(self, item: pytest.Item, requirements: Sequence[str], verdict: str = "") -> Expectation | None:
        """The entry that speaks of a test, or of one of its requirements; with a verdict, one that lists it."""
        test = name_of(item)
        found = (entry for entry in self.known if entry.speaks_of(test, requirements))
        return next((entry for entry in found if not verdict or entry.excuses(verdict)), None)

    def of_finding(self, signature: str, requirements: Sequence[str]) -> Expectation | None:
        """The entry that speaks of a finding of fuzzing, or of one of its requirements."""
        for entry in self.known:
            if entry.finding and fnmatchcase(signature, entry.finding.replace("[", "[[]")):
                return entry
            if entry.requirement and any(fnmatchcase(name, entry.requirement) for name in requirements):
                return entry
        return None


def expectations_for(runtime: Runtime | Server, files: Iterable[str] = ()) -> Expectations:
    """What is known of a runtime, by its names, its version and its package: first what stands in files of users."""
    documents = [load(Path(file)) for file in files]
    entries = [entry for document in documents if _is_for(document, runtime) for entry in document.known]
    own = own_file(runtime.profile.name)
    entries += load(own).known if own.is_file() else ()
    return Expectations([entry for entry in entries if entry.covers(runtime.version, runtime.package)])


def own_file(name: str) -> Traversable:
    """Our own file for the runtimes of a profile, whether or not there is one."""
    return resources.files(__package__) / f"{name}.toml"


def load(file: Traversable) -> Document:
    """What stands in a file.  Raises ``WrongUse`` with a line that says what is wrong with it."""
    try:
        return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Document)
    except OSError as problem:
        reason = problem.strerror or str(problem)
    except (ValueError, msgspec.ValidationError) as problem:
        reason = str(problem)
    raise WrongUse(f"{file}: {reason}")


def _is_for(document: Document, runtime: Runtime | Server) -> bool:
    names = (runtime.profile.name, runtime.name)
    return not document.runtime or any(fnmatchcase(name, document.runtime) for name in names)


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
