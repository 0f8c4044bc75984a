"""What one pytest process knows about the run: the settings, the runtimes, and the trial when there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.harness.errors import WrongUse
from conformance.plugin import options
from conformance.plugin.baseline import Baseline, describe
from conformance.plugin.baseline import read as read_baseline
from conformance.plugin.servers import BROKEN_SERVER, Servers

if TYPE_CHECKING:
    from conformance.expectations import Expectations
    from conformance.harness.cri.server import Server
    from conformance.harness.host import Host
    from conformance.harness.runtime import Runtime
    from conformance.harness.trial import Trial
    from conformance.plugin.baseline import Verdicts

LEVELS = ("must", "should", "may")
BROKEN_ON_PURPOSE = "reference!"


@dataclass
class Session:
    """The settings of a run; ``active`` when this run tries runtimes at all."""

    config: pytest.Config
    active: bool
    is_worker: bool
    paths: dict[str, str]
    arguments: tuple[str, ...]
    level: str
    strict: bool
    spec_version: str
    requirements: list[str]
    keep_bundles: str
    results: str
    findings: str
    timeout: float
    prove: bool
    baseline_file: str
    expectation_files: list[str]
    servers: Servers
    told: dict[str, Any] = field(default_factory=dict)
    compared: tuple[str, str] = ("", "")
    _trial: Trial | None = None

    @classmethod
    def of(cls, config: pytest.Config) -> Session:
        """Read the settings.  Raises ``pytest.UsageError`` for values that can not be."""
        runtimes, asked = options.given(config, "runtime")
        paths = named(runtimes)
        here = any("conformance" in argument for argument in config.args)
        addresses, asked_cri = options.given(config, "cri")
        if _only_cri(config.args) and not asked and not asked_cri:
            addresses = ["reference"]
        if addresses and not asked:
            paths = {}
        told = getattr(config, "workerinput", {}).get("seatrial", {})
        return cls(
            config=config,
            active=asked or asked_cri or here,
            is_worker=hasattr(config, "workerinput"),
            paths=paths,
            arguments=tuple(options.given(config, "runtime-arg")[0]),
            level=_choice(options.one(config, "level").lower(), LEVELS, "--level"),
            strict=bool(config.getoption("strict", None)) or options.one(config, "strict-levels") == "true",
            spec_version=_version(options.one(config, "spec-version")),
            requirements=options.given(config, "requirement")[0],
            keep_bundles=options.one(config, "keep-bundles"),
            results=options.one(config, "results"),
            findings=str(Path(options.one(config, "findings")).absolute()),
            timeout=_seconds(options.one(config, "timeout")),
            prove=options.one(config, "prove") == "true",
            baseline_file=options.one(config, "baseline"),
            expectation_files=options.given(config, "expectations")[0],
            servers=Servers(config, addresses, told.get("cri", {})),
            told=told,
        )

    @property
    def runtimes(self) -> list[str]:
        """The names of the runtimes, in the order in which they were asked for."""
        return list(self.paths)

    def subjects(self, kind: str) -> list[str]:
        """The names of what is tried: the runtimes for ``runtime``, the CRI servers for ``server``."""
        return self.servers.names if kind == "server" else self.runtimes

    def subject(self, name: str) -> Runtime | Server:
        """A runtime or a CRI server by its name."""
        if name.startswith(BROKEN_SERVER) or name in self.servers.names:
            return self.servers.server(name)
        return self.runtime(name)

    def validate(self) -> None:
        """Find every runtime, make a trial, check names and files that were given, or say in one line why not."""
        from conformance.requirements import catalogue  # noqa: PLC0415  # not before a trial is really wanted

        for pattern in self.requirements:
            if not any(fnmatchcase(name, pattern) for name in catalogue()):
                raise pytest.UsageError(f"--requirement={pattern}: {_nearest(pattern)}")
        try:
            for name in self.runtimes:
                self.expectations(name)
            _ = self.baseline, self.host
            if self.servers.addresses:
                self.servers.validate(self.runtimes, prove=self.prove)
        except WrongUse as problem:
            raise pytest.UsageError(str(problem)) from None
        folders = {"--keep-bundles": self.keep_bundles, "--alluredir": self.config.getoption("allure_report_dir", None)}
        for setting, path in {"--results": self.results, **folders}.items():
            if path:
                _check_writable(setting, Path(path), is_folder=setting in folders)

    def runtime(self, name: str) -> Runtime:
        """A runtime by the name it was asked for with; ``reference!BUG`` is the reference with a deliberate fault."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> Runtime:
        from conformance.harness.runtime import Runtime, find  # noqa: PLC0415

        if name in self.told.get("runtimes", {}):
            import msgspec  # noqa: PLC0415

            return msgspec.convert(self.told["runtimes"][name], Runtime)
        if name.startswith(BROKEN_ON_PURPOSE):
            found = find("reference", ("--bug", name.removeprefix(BROKEN_ON_PURPOSE)))
            return found.named(name)
        return find(self.paths.get(name, name), self.arguments).named(name)

    @cached_property
    def _found(self) -> dict[str, Runtime]:
        return {}

    def faults(self, kind: str) -> frozenset[str]:
        """The deliberate faults that the reference runtime knows, or the reference server."""
        from conformance.harness.cri.reference import faults  # noqa: PLC0415
        from conformance.harness.runtime import faults_of_the_reference  # noqa: PLC0415

        if kind not in self._faults:
            self._faults[kind] = faults() if kind == "server" else faults_of_the_reference()
        return self._faults[kind]

    @cached_property
    def _faults(self) -> dict[str, frozenset[str]]:
        return {}

    def expectations(self, name: str) -> Expectations:
        """What is known of a runtime."""
        from conformance.expectations import expectations_for  # noqa: PLC0415

        if name not in self._known:
            self._known[name] = expectations_for(self.subject(name), self.expectation_files)
        return self._known[name]

    @cached_property
    def _known(self) -> dict[str, Expectations]:
        return {}

    @property
    def baseline(self) -> Verdicts:
        """For each runtime the verdict of each test in the baseline; empty without one.  Raises ``WrongUse``."""
        return self._baseline.verdicts

    @cached_property
    def _baseline(self) -> Baseline:
        if self.is_worker or not self.baseline_file:
            return Baseline(dict(self.told.get("baseline", {})), [], {})
        return read_baseline(Path(self.baseline_file), self.runtimes)

    @property
    def trial(self) -> Trial:
        """The trial of this process, made when it is first needed."""
        from conformance.harness.trial import Trial  # noqa: PLC0415

        if self._trial is None:
            self._trial = Trial().__enter__()
        return self._trial

    @cached_property
    def host(self) -> Host:
        """What this host can tell."""
        from conformance.harness.host import look_at  # noqa: PLC0415

        found = look_at(self.trial)
        if not self.runtimes and self._trial is not None:  # servers have surroundings of their own
            self._trial.close()
            self._trial = None
        return found

    def release_host(self) -> None:
        """Let go of the trial that was only looked into: with workers, each of them makes its own."""
        _ = self.host
        if self._trial is not None:
            self._trial.let_go()

    def close(self) -> None:
        """End the trial, and wait until nothing is left of it."""
        self.servers.close()
        if self._trial is not None:
            self._trial.close()
            self._trial = None

    def to_worker(self) -> dict[str, Any]:
        """What workers need not find out again."""
        import msgspec  # noqa: PLC0415

        runtimes = {name: msgspec.to_builtins(self.runtime(name)) for name in self.runtimes}
        return {"runtimes": runtimes, "baseline": self.baseline, "cri": self.servers.to_worker()}

    def header(self) -> list[str]:
        """The lines of the header: runtimes and host."""
        lines = [self.runtime(name).describe() for name in self.runtimes]
        facts = self.host.facts()
        baseline = [describe(self.baseline_file, self._baseline, self.runtimes, facts)] if self.baseline_file else []
        return [
            *(f"runtime: {line}" for line in lines),
            *self.servers.header(),
            f"specification: {self._specifications()}, level {self.level} and above",
            "host: " + ", ".join(f"{name} {value}" for name, value in facts.items()),
            *baseline,
        ]

    def _specifications(self) -> str:
        oci = [f"runtime-spec {self.spec_version}"] if self.runtimes else []
        return " and ".join([*oci, *(["CRI v1"] if self.servers.addresses else [])])


SESSION = pytest.StashKey[Session]()


def named(runtimes: list[str]) -> dict[str, str]:
    """Names for runtimes: the last part of the path, or all of it where several end alike."""
    paths = list(dict.fromkeys(runtimes))
    ends = [Path(path).name for path in paths]
    return {end if ends.count(end) == 1 else path: path for path, end in zip(paths, ends, strict=True)}


def _only_cri(arguments: list[str]) -> bool:
    """Whether only tests of CRI servers are named."""
    return bool(arguments) and all(re.search(r"(^|/)conformance/cri(/|:|$)", argument) for argument in arguments)


def _choice(value: str, allowed: tuple[str, ...], option: str) -> str:
    if value not in allowed:
        raise pytest.UsageError(f"{option}={value}: choose one of {', '.join(allowed)}")
    return value


def _version(value: str) -> str:
    if not re.fullmatch(r"1\.\d+\.\d+", value):
        raise pytest.UsageError(f"--spec-version={value}: give a release of the runtime specification, as 1.2.0")
    return value


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise pytest.UsageError(f"--timeout={value}: give a number of seconds above 0")
    return seconds


def _nearest(pattern: str) -> str:
    from conformance.requirements import UnknownRequirement, lookup  # noqa: PLC0415

    try:
        lookup(pattern)
    except UnknownRequirement as problem:
        return str(problem)
    return "no requirement matches"


def _check_writable(setting: str, path: Path, *, is_folder: bool) -> None:
    try:
        if is_folder:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("a").close()
    except OSError as problem:
        raise pytest.UsageError(f"{setting}={path}: can not be written: {problem.strerror}") from None
