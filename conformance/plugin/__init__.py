"""The pytest plugin: options, the choice of tests, fixtures, verdicts and result records.

Nothing heavy is imported before a conformance test is really collected: this module is loaded by every pytest that
runs in an environment where the suite is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.plugin import fuzzing, options, results, selection
from conformance.plugin.session import SESSION, Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest_plugins = ["conformance.plugin.fixtures", "conformance.plugin.verdicts"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, each with its ini twin; the twin in the environment is SEATRIAL_ and the name."""
    options.add(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check what was asked for, before anything is collected, and before allure-pytest looks at its folder."""
    for line in selection.MARKERS:
        config.addinivalue_line("markers", line)
    session = Session.of(config)
    config.stash[SESSION] = session
    if session.active and not session.is_worker:
        fuzzing.validate(config)
        session.validate()
    if session.active:
        results.register(config)
        fuzzing.register(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the trial of this process away."""
    if (session := config.stash.get(SESSION, None)) is not None:
        session.close()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is tried, where, and what this host can not tell."""
    session = config.stash[SESSION]
    return session.header() if session.active else []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker what the controller found out about the runtimes."""
    session = node.config.stash[SESSION]
    if session.active:
        session.release_host()
        node.workerinput["seatrial"] = session.to_worker()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every test that needs a runtime on each of them."""
    for parameter in selection.SUBJECTS:
        if selection.is_trial_of(parameter, metafunc.fixturenames):
            names = selection.subjects_for(parameter, metafunc, metafunc.config.stash[SESSION])
            metafunc.parametrize(parameter, names, indirect=True, scope="session")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not load the tests of a kind of subject of which there is none in this run."""
    session = config.stash[SESSION]
    return True if session.active and selection.has_no_subject(collection_path, session) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the requirements that tests name, and leave out what was not asked for."""
    selection.select(config, config.stash[SESSION], items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this host can not tell, and what the runtime does not claim to do."""
    selection.skip_what_cannot_be_told(item, item.config.stash[SESSION])


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """After the test, and as part of it: remove its containers, and compare the host with how it was."""
    scene = selection.scene_of(pyfuncitem)
    try:
        result = yield
    except BaseException:
        if scene is not None:
            scene.abandon()
        raise
    if scene is not None:
        scene.settle()
    return result
