"""Stands in for the suite: every test makes up its record. ``SUNK`` in the environment lets a worker die."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from conformance.plugin import allure, crashes
from reports.record import PROPERTY, Expectation, Record, Requirement, Runtime, Verdict, to_builtins

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTIONS = {
    "kill.stopped": ("MUST", "runtime.md", "Kill", "Kill of a container neither created nor running is an error."),
    "state.id": ("MUST", "runtime.md", "State", "The state carries the id given to create."),
    "hooks.prestart": ("SHOULD", "config.md", "POSIX-platform Hooks", "Prestart hooks run in the runtime's namespace."),
    "umask": ("MAY", "config.md", "User", "The umask of the process can be given."),
}
VERSIONS = {"harbour": "1.4.2", "lagoon": "0.9"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runtime", action="append", default=[])


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "finds(verdict, requirement, **fields): what the test's record says")
    crashes.register(config, lambda item: record_of(item, Verdict.BROKEN))
    allure.register(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "runtime" in metafunc.fixturenames:
        metafunc.parametrize("runtime", metafunc.config.getoption("runtime") or ["harbour"], scope="session")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: Any = yield
    if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
        record = record_of(item)
        if record is not None:
            report.user_properties.append((PROPERTY, to_builtins(record)))
            if record.verdict is Verdict.KNOWN:
                report.outcome, report.wasxfail = "skipped", "reason: known"
            if record.is_gone:
                report.outcome, report.longrepr = "failed", record.reason
    return report  # type: ignore[no-any-return]


def record_of(item: pytest.Item, verdict: Verdict | None = None) -> Record | None:
    mark = item.get_closest_marker("finds")
    if mark is None:
        return None
    assert isinstance(item, pytest.Function)
    runtime = str(item.callspec.params["runtime"])
    name, _, rest = item.nodeid.partition("[")
    parameters = "-".join(part for part in rest.removesuffix("]").split("-") if part != runtime)
    fields: dict[str, Any] = {}
    fields |= {
        "verdict": verdict or Verdict(mark.args[0]),
        "requirements": [requirement(each) for each in mark.args[1:]],
        "title": item.function.__doc__ or "",
        "runtime": Runtime(name=runtime, version=VERSIONS[runtime], path=f"/opt/{runtime}", sha256="5e" * 32),
        "host": {"kernel": "6.1.0", "cgroups": "v2 (cpu memory)"},
        "spec_version": "1.3.0",
    }
    fields |= mark.kwargs
    if "known" in fields:
        fields["expectation"] = Expectation(reason=fields.pop("known"), link="https://example.test/issues/7")
    fields["level"] = fields["requirements"][0].level
    return Record(test=f"{name}[{parameters}]" if parameters else name, **fields)


def requirement(name: str) -> Requirement:
    level, page, section, text = SECTIONS[name]
    url = f"https://example.test/{page}#{section}"
    return Requirement(id=name, level=level, text=text, section=section, page=page, url=url)  # type: ignore[arg-type]


@pytest.fixture
def sink() -> None:
    if os.environ.get("SUNK"):
        os._exit(1)
