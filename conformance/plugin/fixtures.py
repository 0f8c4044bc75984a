"""The fixtures that conformance tests are written with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from conformance.harness.errors import WrongUse
from conformance.plugin.session import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.harness.container import Container
    from conformance.harness.cri.node import Node
    from conformance.harness.cri.objects import Sandbox
    from conformance.harness.cri.scene import CriScene
    from conformance.harness.host import Host
    from conformance.harness.observed import Inside
    from conformance.harness.runtime import Runtime
    from conformance.harness.scene import Scene
    from conformance.harness.trial import Trial
    from strategies.edit import Config, Edit


class Run(Protocol):
    """Create and start a container from edits, wait for its end, delete it."""

    def __call__(self, *edits: Edit) -> Inside:
        """What the program saw."""
        ...


class MakeContainer(Protocol):
    """A container from edits, with its bundle written and nothing called yet."""

    def __call__(self, *edits: Edit, name: str | None = None, config: Config | None = None) -> Container:
        """The container."""
        ...


class Bring(Protocol):
    """A container from edits, brought to ``created``, ``running``, ``paused`` or ``stopped``."""

    def __call__(self, state: str, *edits: Edit) -> Container:
        """The container in that state."""
        ...


@pytest.fixture(scope="session")
def trial(pytestconfig: pytest.Config) -> Trial:
    """The surroundings of all containers of this process: namespaces, cgroups and a workspace."""
    try:
        return pytestconfig.stash[SESSION].trial
    except WrongUse as problem:
        pytest.exit(str(problem), returncode=4)


@pytest.fixture(scope="session")
def host(pytestconfig: pytest.Config) -> Host:
    """What this host can tell, and what it can not."""
    return pytestconfig.stash[SESSION].host


@pytest.fixture(scope="session")
def runtime(request: pytest.FixtureRequest) -> Runtime:
    """The runtime under test."""
    try:
        return request.config.stash[SESSION].runtime(request.param)
    except WrongUse as problem:
        pytest.exit(str(problem), returncode=4)


@pytest.fixture
def scene(request: pytest.FixtureRequest, trial: Trial, runtime: Runtime) -> Scene:
    """All that one test does with a runtime, with its journal."""
    from conformance.harness.scene import Scene  # noqa: PLC0415  # heavy: only where runtimes are tried
    from conformance.plugin.recording import folder_name  # noqa: PLC0415

    session = request.config.stash[SESSION]
    keep = Path(session.keep_bundles) / runtime.name / folder_name(request.node) if session.keep_bundles else None
    return Scene(trial, runtime, session.timeout, keep)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Node]:
    """The connection to the CRI server under test."""
    servers = request.config.stash[SESSION].servers
    try:
        yield servers.node(request.param)
    except WrongUse as problem:
        pytest.exit(str(problem), returncode=4)
    finally:
        servers.let_go(request.param)


@pytest.fixture
def cri(server: Node) -> CriScene:
    """All that one test does with a CRI server, with its journal."""
    from conformance.harness.cri.scene import CriScene  # noqa: PLC0415  # heavy: only where servers are tried

    return CriScene(server)


@pytest.fixture
def pod(cri: CriScene) -> Sandbox:
    """A sandbox that is ready, shared with other tests: for those that change nothing of it."""
    return cri.pod


@pytest.fixture
def run(scene: Scene) -> Run:
    """Run a container made from edits to its end, and return what its program saw."""
    return scene.run


@pytest.fixture
def container(scene: Scene) -> MakeContainer:
    """Make a container from edits; nothing is called yet."""
    return scene.container


@pytest.fixture
def bring(scene: Scene) -> Bring:
    """Bring a container made from edits to a state."""
    return scene.bring


@pytest.fixture
def created(scene: Scene) -> Container:
    """A container in the state ``created``."""
    return scene.bring("created")


@pytest.fixture
def running(scene: Scene) -> Container:
    """A container in the state ``running``; its program waits for a signal."""
    return scene.bring("running")


@pytest.fixture
def paused(scene: Scene) -> Container:
    """A container that was running and is paused."""
    return scene.bring("paused")


@pytest.fixture
def stopped(scene: Scene) -> Container:
    """A container whose program has ended."""
    return scene.bring("stopped")
