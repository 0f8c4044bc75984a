"""The result record: what one test found out about one runtime, complete in itself.

A record carries the sentences that were judged with their level and link, so that no reader needs the catalogue, the
suite or the runtime. Records of later versions may have further fields, which readers pass over; ``FORMAT`` grows
only when an old field changes its meaning, or a verdict is added.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from reports.coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1
PROPERTY = "seatrial"  # the name under which a pytest report carries its record

Level = Literal["MUST", "SHOULD", "MAY"]
LEVELS: tuple[Level, ...] = ("MUST", "SHOULD", "MAY")


class Verdict(StrEnum):
    """What was found out, in the order in which tables show it."""

    PASSED = "passed"  # the requirement was seen to hold
    VIOLATED = "violated"  # the runtime broke it, at its level
    CRASHED = "crashed"  # the runtime panicked or was killed by a signal
    HUNG = "hung"  # an operation outlived its watchdog
    LEAKED = "leaked"  # something was left behind
    KNOWN = "known"  # a violation that the expectations list
    DIFFERS = "differs"  # the specification is silent, and runtimes differ
    UNSUPPORTED = "unsupported"  # the runtime declares that it does not do this
    NOT_HERE = "not_here"  # this host can not tell
    BROKEN = "broken"  # the harness failed: nothing is said about the runtime

    @property
    def words(self) -> str:
        """The verdict for people: ``not here``."""
        return self.replace("_", " ")


#: The verdicts that say that the runtime broke a requirement.
VIOLATIONS = frozenset({Verdict.VIOLATED, Verdict.CRASHED, Verdict.HUNG, Verdict.LEAKED})
#: Those, and the violation that is listed.
BREAKS = VIOLATIONS | {Verdict.KNOWN}
#: Breaking down is worse than answering wrongly: it is news even where the requirement was violated before.
BREAKDOWNS = VIOLATIONS - {Verdict.VIOLATED}
#: The verdicts that say that it holds.
HOLDS = frozenset({Verdict.PASSED, Verdict.DIFFERS})
FLAKY = "flaky"  # stands for the verdict of a test that both held and broke


class Requirement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sentence of the specification, as the catalogue told it when the test ran."""

    id: str
    level: Level
    text: str
    section: str
    page: str
    url: str
    specification: str = "OCI runtime-spec"

    @property
    def place(self) -> str:
        """Where the sentence stands: page and section."""
        return f"{self.page}, {self.section}"


class Runtime(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The runtime under test; two of one name differ in something else that stands here."""

    name: str
    path: str = ""
    version: str = ""
    package_version: str = ""
    sha256: str = ""
    arguments: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells one runtime from another. The hash is none of it: a program built anew is still the same."""
        return (self.name, self.version, self.package_version, self.path, *self.arguments)


class Expectation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a violation is known: the reason, and the address of the bug's report; ``sometimes`` when it is a race."""

    reason: str
    link: str = ""
    sometimes: bool = False


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="format", tag=FORMAT):
    """What one test found out about one runtime; the fields from ``expected`` on are for what did not pass.

    ``test`` is pytest's node id without the runtime's parameter, so it is the same for every runtime. ``title`` is the
    sentence that the test's docstring states. ``duration`` is in seconds. ``expectation`` is the known deviation that
    the test met, whether or not the violation is still there; ``baseline`` is the verdict of the run that this one was
    held against, "" without one; ``findings`` are the signatures of what a test of many cases found. ``config`` is the
    smallest config.json that shows the violation, ``difference`` what edits made of the base config, as a unified
    diff, ``probe`` the probe's report as JSON, ``reproduction`` the path of ``run.sh``. What passed has of these only
    ``edits`` and ``argv``: what was tried. ``coverage`` is what a test of many cases has tried of config.json.
    """

    test: str
    runtime: Runtime
    verdict: Verdict
    level: Level = "MUST"
    requirements: list[Requirement] = []
    title: str = ""
    reason: str = ""
    duration: float = 0.0
    spec_version: str = ""
    needs: list[str] = []
    host: dict[str, str] = {}
    expectation: Expectation | None = None
    baseline: str = ""
    findings: list[str] = []
    expected: str = ""
    observed: str = ""
    edits: list[str] = []
    argv: list[list[str]] = []
    reproduction: str = ""
    config: dict[str, Any] | None = None
    difference: str = ""
    probe: dict[str, Any] | None = None
    log: str = ""
    coverage: Coverage | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What the record is about: the test and the runtime's name; equal keys of two runs are compared."""
        return (self.test, self.runtime.name)

    @property
    def parameters(self) -> str:
        """What tells apart the tests of one function: the part of the id in brackets, or nothing."""
        return self.test.partition("[")[2].removesuffix("]")

    @property
    def finding(self) -> str:
        """The reason without pytest's explanation of an assert, which is long and has addresses of memory in it."""
        return self.reason.partition("\n +")[0]

    @property
    def is_violation(self) -> bool:
        """Whether the runtime broke a requirement, and neither the expectations nor the baseline had that."""
        return self.verdict in VIOLATIONS and not self.is_inherited

    @property
    def is_inherited(self) -> bool:
        """Whether the runtime broke a requirement as it did in the baseline."""
        return (
            self.verdict in VIOLATIONS
            and self.baseline in {*BREAKS, FLAKY}
            and not is_regression(self.baseline, self.verdict, self.level)
        )

    @property
    def is_fixed(self) -> bool:
        """Whether what was broken in the baseline holds."""
        return self.verdict in HOLDS and self.baseline in BREAKS

    @property
    def is_gone(self) -> bool:
        """Whether a listed violation was not there any more: its expectation has to go."""
        return self.verdict is Verdict.PASSED and self.expectation is not None and not self.comes_and_goes

    @property
    def comes_and_goes(self) -> bool:
        """Whether it is listed as a race that the runtime wins now and then: no single verdict says much."""
        return self.expectation is not None and self.expectation.sometimes


def is_regression(before: str | None, after: str, level: str) -> bool:
    """Whether a verdict is a violation that is worse than what was there before; ``before`` is falsy for nothing.

    Where nobody could tell before, a violated MUST is a regression, since it is news; what only warns is none.
    """
    if after not in VIOLATIONS:
        return False
    if before == FLAKY or before in BREAKS:
        return after in BREAKDOWNS and before not in {after, FLAKY}
    return before in HOLDS or level == "MUST" or after in BREAKDOWNS


def strongest(levels: Iterable[Level]) -> Level:
    """The level of a test that judges requirements of several; MUST when it judges none."""
    return min(levels, key=LEVELS.index, default="MUST")


def latest(records: Iterable[Record]) -> list[Record]:
    """The last record for each test and runtime, sorted by test, then runtime: files grow when a run is repeated."""
    last = {(record.test, record.runtime.identity): record for record in records}
    return [last[key] for key in sorted(last)]


def labels(records: Iterable[Record]) -> dict[tuple[str, ...], str]:
    """A short label for each runtime by its identity, sorted: the name, and more only where names are equal."""
    runtimes = {record.runtime.identity: record.runtime for record in records}
    return {identity: _label(runtimes[identity], list(runtimes.values())) for identity in sorted(runtimes)}


def _label(runtime: Runtime, among: list[Runtime]) -> str:
    candidates = (_named(runtime, depth) for depth in range(4))
    taken = [[_named(other, depth) for other in among] for depth in range(4)]
    distinct = (name for name, names in zip(candidates, taken, strict=True) if names.count(name) == 1)
    return next(distinct, " ".join(filter(None, runtime.identity)))


def _named(runtime: Runtime, depth: int) -> str:
    parts = [runtime.name, runtime.version, runtime.package_version, runtime.path]
    return " ".join(filter(None, parts[: depth + 1]))


def to_builtins(record: Record) -> dict[str, Any]:
    """The record as JSON's own types, its texts made fit for UTF-8: a runtime may print any bytes."""
    plain: dict[str, Any] = _printable(msgspec.to_builtins(record, str_keys=True))
    return plain


def from_builtins(plain: object) -> Record:
    """The record that ``to_builtins`` took apart. Raises ``msgspec.ValidationError`` for anything else."""
    return msgspec.convert(plain, Record)


def from_properties(properties: Iterable[tuple[str, object]]) -> Record | None:
    """The record among the ``user_properties`` of a pytest report, if it has one."""
    return next((from_builtins(value) for name, value in properties if name == PROPERTY), None)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value
