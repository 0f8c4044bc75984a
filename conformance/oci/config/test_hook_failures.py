"""runtime.md, Lifecycle: what follows when a hook fails."""

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.container import Container
from conformance.harness.hooked import CREATE, LOG, Hooked, each
from conformance.plugin.fixtures import MakeContainer
from strategies.edits import cgroups_path, namespace, oci_version, tag, to, wait

#: The ways to fail.
FAILURES = {"status": ("exit", "3"), "signal": ("raise", "KILL")}


def demand_destroyed(container: Container) -> None:
    """Demand that nobody knows the container any more, and that its process is gone."""
    assert container.ask("state", container.id).exit_status != 0
    assert not container.scene.trial.alive(container.pid)


@pytest.mark.parametrize("kind", each(CREATE, "failure"))
@pytest.mark.parametrize("failure", FAILURES)
@musts("errors.no-change")
@proved_by("hooks-failure-ignored", "failed-create-keeps-everything")
def test_a_failing_hook_of_create_undoes_it(container: MakeContainer, kind: str, failure: str) -> None:
    """Create is an error, no later hook of create runs, and all is undone."""
    hooked = Hooked(container(namespace("network"), cgroups_path("/failing")))
    hooked.tag(kind, "first").add(kind, *FAILURES[failure]).tag(kind, "third")
    for later in list(CREATE)[list(CREATE).index(kind) + 1 :]:
        hooked.tag(later, later)
    with refused(hooked.container):
        hooked.container.create()
    assert hooked.tags() == ["first"]


@pytest.mark.parametrize("kind", each(CREATE, "failure"))
@musts("hooks.poststop.invoked")
@proved_by("hooks-poststop-dropped")
def test_poststop_hooks_run_after_a_failed_hook_of_create(container: MakeContainer, kind: str) -> None:
    """After a hook that made create fail, the container is destroyed and the poststop hooks run."""
    hooked = Hooked(container()).add(kind, "exit", "1").tag("poststop", "first", "second")
    with refused(hooked.container):
        hooked.container.create()
    assert hooked.tags() == ["first", "second"]


@musts("errors.no-change")
@proved_by("failed-create-keeps-everything")
def test_after_a_failed_hook_the_id_is_free(container: MakeContainer) -> None:
    """A create that a hook made fail leaves the id for another try, which succeeds with a hook that does."""
    broken = Hooked(container(name="retry")).add("createRuntime", "exit", "1")
    with refused(broken.container):
        broken.container.create()
    sound = Hooked(container(name="retry")).tag("createRuntime", "sound")
    assert sound.container.run().inside.pid == 1
    assert sound.tags() == ["sound"]


@musts("hooks.start-container.failure", "start.after-hooks")
@pytest.mark.parametrize("failure", [*FAILURES, "missing"])
@proved_by("hooks-failure-ignored")
def test_the_program_is_not_run_after_a_failing_start_container_hook(container: MakeContainer, failure: str) -> None:
    """After a startContainer hook that fails, neither a later one nor the program runs."""
    hooked = Hooked(container(to(LOG), tag("program"), wait())).tag("startContainer", "first")
    if failure == "missing":
        hooked.add("startContainer", path="/missing")
    else:
        hooked.add("startContainer", *FAILURES[failure])
    hooked.tag("startContainer", "third")
    hooked.container.create()
    hooked.container.ask("start", hooked.container.id)
    hooked.container.wait()
    assert hooked.tags() == ["first"]


@musts("hooks.start-container.failure", "hooks.poststop.invoked", "lifecycle.destroy")
@proved_by("failed-start-keeps-container")
def test_a_failing_start_container_hook_destroys_the_container(container: MakeContainer) -> None:
    """After a startContainer hook that fails, the container is destroyed and the poststop hooks run."""
    hooked = Hooked(container()).add("startContainer", "exit", "1").tag("poststop", "poststop")
    hooked.container.create()
    hooked.container.ask("start", hooked.container.id)
    hooked.container.wait()
    demand_destroyed(hooked.container)
    assert hooked.tags() == ["poststop"]


@musts("hooks.poststart.failure")
@proved_by("failed-start-keeps-container", "hooks-failure-ignored")
def test_a_failing_poststart_hook_ends_the_container(container: MakeContainer) -> None:
    """Since version 1.3.0 a poststart hook that fails ends the hooks and the container, which is destroyed."""
    sound, broken = (Hooked(container(oci_version("1.3.0"), wait())) for _ in range(2))
    sound.add("poststart", "exit", "0").container.create()
    sound.container.start()
    broken.add("poststart", "exit", "1").tag("poststart", "second").tag("poststop", "poststop")
    broken.container.create()
    broken.container.ask("start", broken.container.id)
    demand_destroyed(broken.container)
    assert broken.tags() == ["poststop"]


@musts("hooks.poststart.failure.warned")
@proved_by("hooks-poststart-dropped")
def test_a_failing_poststart_hook_was_a_warning(container: MakeContainer) -> None:
    """Before version 1.3.0 a poststart hook that fails stops neither the hooks after it nor the program."""
    hooked = Hooked(container(wait())).tag("poststart", "first").add("poststart", "exit", "1").tag("poststart", "third")
    hooked.container.create()
    hooked.container.start()
    assert hooked.tags() == ["first", "third"]
    assert hooked.container.state().status == "running"


@musts("hooks.poststop.failure", "warnings.continue")
@proved_by("poststop-stops-at-failure")
@pytest.mark.parametrize("failure", [*FAILURES, "missing"])
def test_a_failing_poststop_hook_is_a_warning(container: MakeContainer, failure: str) -> None:
    """Delete succeeds although a poststop hook fails; the hooks after it run, and the container is gone."""
    hooked = Hooked(container()).tag("poststop", "first")
    if failure == "missing":
        hooked.add("poststop", path="/missing")
    else:
        hooked.add("poststop", *FAILURES[failure])
    hooked.tag("poststop", "third").container.run()
    assert hooked.tags() == ["first", "third"]
    demand_destroyed(hooked.container)
