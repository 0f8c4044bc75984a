"""runtime.md, Operations: each operation in each state, legal and illegal."""

from collections.abc import Callable

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.container import Container
from conformance.plugin.fixtures import Bring, MakeContainer
from strategies.edits import do, drop, share_namespace

OPERATIONS: dict[str, Callable[[Container], object]] = {
    "state": lambda container: container.state(),
    "start": lambda container: container.start(),
    "kill": lambda container: container.kill("TERM"),
    "delete": lambda container: container.delete(),
}
EACH_MISSING = [pytest.param(name, marks=proved_by(f"{name}-accepts-missing")) for name in OPERATIONS]


@musts("state.query", "operations.supported")
@pytest.mark.parametrize(
    "state",
    [
        pytest.param("created", marks=proved_by("state-running-for-created")),
        pytest.param("running", marks=proved_by("state-stopped-for-running")),
        pytest.param("stopped", marks=proved_by("state-running-for-stopped")),
    ],
)
def test_state_names_the_state(bring: Bring, state: str) -> None:
    """The state of a container can be asked for as long as it exists, and names where in its life it is."""
    assert bring(state).state().status == state


@musts("start.runs-program")
@proved_by("start-refuses-created", "args-last-dropped")
def test_start_of_a_created_container_runs_its_program(created: Container) -> None:
    """Start on a created container runs the program that the config names."""
    created.start()
    created.until_waiting()
    assert created.observed().inside.args == ["/probe", "report", "wait"]


@musts("kill.signal")
@pytest.mark.parametrize(
    "state",
    [
        pytest.param("created", marks=proved_by("kill-refuses-created")),
        pytest.param("running", marks=proved_by("kill-refuses-running", "kill-sends-term")),
    ],
)
def test_kill_ends_a_live_container(bring: Bring, state: str) -> None:
    """A SIGKILL sent to a created or a running container ends it."""
    container = bring(state)
    container.kill("KILL")
    container.wait()
    assert container.until_status("stopped").status == "stopped"


@musts("delete.removes-resources")
@proved_by("delete-refuses-stopped", "delete-keeps-directory")
def test_delete_of_a_stopped_container_is_accepted(stopped: Container) -> None:
    """Delete on a stopped container succeeds, and the container is gone."""
    stopped.delete()
    with refused(stopped):
        stopped.state()


@musts("create.unique-id", "state.id.unique")
@proved_by("create-accepts-taken-id")
@pytest.mark.parametrize("state", ["created", "running", "stopped"])
def test_create_with_an_id_in_use_is_refused(bring: Bring, container: MakeContainer, state: str) -> None:
    """Create with the id of a container that exists is an error, and leaves that container as it was."""
    first = bring(state)
    twin = container(name=first.id)
    with refused(first):
        twin.create()


@musts("start.not-created")
@pytest.mark.parametrize(
    "state",
    [pytest.param(state, marks=proved_by(f"start-accepts-{state}")) for state in ("running", "paused", "stopped")],
)
def test_start_of_a_started_container_is_refused(bring: Bring, state: str) -> None:
    """Start on a container that is not in the state `created` is an error and does nothing to it."""
    container = bring(state)
    with refused(container):
        container.start()


@musts("kill.stopped")
@proved_by("kill-accepts-stopped")
def test_kill_of_a_stopped_container_is_refused(stopped: Container) -> None:
    """Kill on a stopped container is an error and changes nothing."""
    with refused(stopped):
        stopped.kill("TERM")


@musts("delete.not-stopped")
@pytest.mark.parametrize(
    "state",
    [pytest.param(state, marks=proved_by(f"delete-accepts-{state}")) for state in ("created", "running", "paused")],
)
def test_delete_of_a_live_container_is_refused(bring: Bring, state: str) -> None:
    """Delete on a container that is not stopped is an error and does nothing to it."""
    container = bring(state)
    with refused(container):
        container.delete()


@musts("state.unknown-id", "start.not-created", "kill.stopped", "delete.not-stopped")
@pytest.mark.parametrize("operation", EACH_MISSING)
def test_operation_on_an_unknown_container_is_refused(container: MakeContainer, operation: str) -> None:
    """Every operation on an id that nobody created is an error."""
    stranger = container()
    with refused(stranger):
        OPERATIONS[operation](stranger)


@musts("state.unknown-id", "start.not-created", "kill.stopped", "delete.not-stopped")
@pytest.mark.parametrize("operation", EACH_MISSING)
def test_operation_on_a_deleted_container_is_refused(stopped: Container, operation: str) -> None:
    """Once a container is deleted, every operation on its id is an error."""
    stopped.delete()
    with refused(stopped):
        OPERATIONS[operation](stopped)


@musts("state.without-id", "start.without-id", "kill.without-id", "delete.without-id", "create.without-arguments")
@proved_by("errors-exit-0")
@pytest.mark.parametrize("operation", ["create", *OPERATIONS])
def test_operation_without_an_id_is_refused(stopped: Container, operation: str) -> None:
    """Every operation that is given no id is an error."""
    with refused(stopped):
        stopped.call(operation)


@musts("delete.removes-resources", needs="runtime.host-kernel")
@proved_by("delete-refuses-stopped")
def test_delete_ends_what_a_shared_pid_namespace_lets_live(bring: Bring) -> None:
    """Without a PID namespace of its own a child outlives the program; delete takes its cgroup away all the same."""
    container = bring("running", share_namespace("pid"), do("spawn"))
    child = container.observed().action("spawn").result
    container.kill("KILL")
    container.wait()
    container.delete()
    assert not container.scene.trial.alive(child)


@musts("delete.keeps-foreign")
@proved_by("delete-removes-config")
def test_delete_keeps_the_bundle(stopped: Container) -> None:
    """Delete leaves the bundle as it was: its config, and the files of its root filesystem."""
    kept = [stopped.bundle.folder / name for name in ("config.json", "rootfs/probe")]
    assert [stopped.exists(path) for path in kept] == [True, True]
    stopped.delete()
    assert [stopped.exists(path) for path in kept] == [True, True]


@musts("delete.id-reusable")
@proved_by("delete-keeps-directory")
def test_a_deleted_id_can_be_used_again(container: MakeContainer) -> None:
    """After delete another container can be created with the same id."""
    first, second = container(name="again"), container(name="again")
    for one in (first, second):
        one.create()
        one.start()
        assert one.wait().inside.pid == 1
        one.delete()


@musts("start.without-process")
@proved_by("start-needs-no-process")
def test_start_without_a_process_is_refused(container: MakeContainer) -> None:
    """A container whose config has no process can not be started."""
    made = container(drop("process"))
    if made.ask_to_create().exit_status != 0:
        pytest.skip("unsupported: create refuses a config without a process already")
    with refused(made):
        made.start()
