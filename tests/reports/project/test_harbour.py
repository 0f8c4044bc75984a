from __future__ import annotations

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("runtime")
SCRIPT = Path(__file__).parent / "run.sh"


class Memory:
    """Its text differs in every process."""


@pytest.mark.finds("passed", "state.id")
def test_state() -> None:
    """The state names the container."""


@pytest.mark.parametrize("memory", [pytest.param(Memory(), id="small"), pytest.param(Memory(), id="large")])
@pytest.mark.finds("passed", "umask")
def test_umask(memory: Memory) -> None:
    """The process has the umask of the config."""


@pytest.mark.finds(
    "violated",
    "kill.stopped",
    "state.id",
    reason="exit status 0",
    expected="a refusal",
    observed="exit status 0",
    edits=["wait()", "rlimit('NOFILE', soft=300, hard=400)"],
    argv=[["/opt/harbour", "create", "a b"], ["/opt/harbour", "kill", "a b"]],
    config={"ociVersion": "1.0.0", "process": {"args": ["/probe", "wait"]}},
    probe={"pid": 1},
    log="killed",
    reproduction=str(SCRIPT),
    needs=["cgroup.memory"],
)
def test_kill(runtime: str) -> None:
    """Kill of a stopped container is refused."""
    assert runtime == "sea"


@pytest.mark.finds("violated", "hooks.prestart", reason="ran late")
def test_hooks() -> None:
    """Prestart hooks run before the process."""
    pytest.xfail("a SHOULD only warns")


@pytest.mark.finds("crashed", "state.id", reason="killed by SIGSEGV")
def test_crash() -> None:
    """The runtime survives an empty config."""
    raise AssertionError


@pytest.mark.finds("hung", "state.id", reason="create outlived 20 s")
def test_hang() -> None:
    """Create ends."""
    raise AssertionError


@pytest.mark.finds("leaked", "state.id", reason="1 mount")
def test_leak() -> None:
    """Delete removes all mounts."""
    raise AssertionError


@pytest.mark.finds("known", "kill.stopped", reason="exit status 0", known="fixed in 1.5")
def test_known() -> None:
    """Kill of a paused container ends it."""
    raise AssertionError


@pytest.mark.finds("passed", "kill.stopped", reason="take it out", known="fixed in 1.3")
def test_gone() -> None:
    """Kill of a running container ends it."""


@pytest.mark.finds("differs", "umask", reason="accepted")
def test_differs() -> None:
    """A second pause may be accepted."""
    pytest.skip("differs: accepted")


@pytest.mark.finds("unsupported", "umask", reason="no user namespaces")
def test_unsupported() -> None:
    """User ids are mapped."""
    pytest.skip("unsupported: no user namespaces")


@pytest.fixture
def controller() -> None:
    pytest.skip("not here: no hugetlb")


@pytest.mark.usefixtures("controller")
@pytest.mark.finds("not_here", "umask", reason="no hugetlb")
def test_not_here() -> None:
    """Huge pages are limited."""


@pytest.mark.finds("broken", "umask", reason="KeyError: 'pid'")
def test_broken() -> None:
    """The harness works."""
    raise KeyError("pid")


@pytest.mark.finds("passed", "kill.stopped")
@pytest.mark.usefixtures("sink")
def test_sunk() -> None:
    """Kill ends a container."""


@pytest.mark.finds("passed", "state.id")
def test_zz_interrupted() -> None:
    """State is told while somebody presses Ctrl-C."""
    if os.environ.get("INTERRUPTED"):
        raise KeyboardInterrupt
