"""config.md, POSIX-platform Hooks: the container's state on the standard input of a hook."""

import pytest

from conformance import musts, proved_by
from conformance.harness.hooked import CREATE, HOOKS, Hooked
from conformance.plugin.fixtures import MakeContainer
from conformance.schema import errors_of
from strategies.edits import annotation, wait

#: Where in its life the container is.  Hooks of create run after the environment was made and before create returns:
#: the specification can be read as either.
STATUS = {
    **{kind: {"creating", "created"} for kind in CREATE},
    "startContainer": {"created"},
    "poststart": {"running"},
    "poststop": {"stopped"},
}
RUNTIME = [kind for kind in HOOKS if kind not in {"createContainer", "startContainer", "poststop"}]


@musts("hooks.state", "state.id", "state.bundle", "state.annotations")
@proved_by("hooks-stdin-empty", "hooks-id-missing", "hooks-bundle-missing", "hooks-annotations-missing")
@pytest.mark.parametrize("kind", HOOKS)
def test_a_hook_reads_the_state_on_its_standard_input(container: MakeContainer, kind: str) -> None:
    """A hook reads one state document to the end of its input; its id, bundle and annotations are the container's."""
    annotations = {"org.example.sea": "calm", "org.example.odd": 'ü "\\ \n', "org.example.empty": ""}
    hooked = Hooked(container(*(annotation(*entry) for entry in annotations.items()))).add(kind)
    made = hooked.container
    made.run()
    state = hooked.state()
    assert (state.get("id"), state.get("bundle")) == (made.id, str(made.bundle.folder))
    assert state.get("annotations") == annotations


@musts("state.schema", "state.oci-version", "hooks.state")
@proved_by("hooks-version-wrong", "hooks-id-missing", "hooks-pid-missing")
def test_the_state_for_hooks_has_the_shape_of_the_schema(container: MakeContainer) -> None:
    """What hooks read has the specified properties and types, and names the version that the state operation names."""
    hooked = Hooked(container())
    for kind in HOOKS:
        hooked.add(kind)
    hooked.container.create()
    version = hooked.container.state().oci_version
    hooked.container.start()
    hooked.container.wait()
    hooked.container.until_status("stopped")
    hooked.container.delete()
    states = [hooked.state(index) for index in range(len(HOOKS))]
    assert [problem for state in states for problem in errors_of(state, "state")] == []
    assert {state.get("ociVersion") for state in states} == {version}


@musts("hooks.state", "state.status")
@proved_by("hooks-status-paused")
@pytest.mark.parametrize("kind", HOOKS)
def test_a_hook_is_told_the_status(container: MakeContainer, kind: str) -> None:
    """The status that a hook reads is the one of the moment in which it runs."""
    hooked = Hooked(container()).add(kind)
    hooked.container.run()
    assert hooked.state().get("status") in STATUS[kind]


@musts("state.pid.runtime-hooks", "hooks.state")
@proved_by("hooks-pid-wrong", "hooks-pid-missing")
@pytest.mark.parametrize("kind", RUNTIME)
def test_a_hook_of_the_runtime_is_told_the_pid_that_the_runtime_sees(container: MakeContainer, kind: str) -> None:
    """A hook in the runtime's namespaces reads the pid of the container's process in them."""
    hooked = Hooked(container()).add(kind)
    hooked.container.run()
    assert hooked.state().get("pid") == hooked.container.pid


@musts("state.pid.container-hooks", "hooks.state")
@proved_by("hooks-pid-wrong", "hooks-pid-missing")
@pytest.mark.parametrize("kind", ["createContainer", "startContainer"])
def test_a_hook_of_the_container_is_told_the_pid_that_the_container_sees(container: MakeContainer, kind: str) -> None:
    """A hook in the container's namespaces reads the pid of the container's process in them, which is 1."""
    hooked = Hooked(container()).add(kind)
    hooked.container.run()
    assert hooked.state().get("pid") == 1


@musts("hooks.state")
@proved_by("hooks-stdin-empty", "hooks-first-only", "hooks-annotations-missing")
def test_every_hook_gets_the_whole_state(container: MakeContainer) -> None:
    """Each of several hooks of a kind reads a state that is larger than a pipe holds, to its end."""
    text = "sea " * (30 << 10)
    hooked = Hooked(container(annotation("org.example.long", text)))
    for kind in HOOKS:
        hooked.add(kind).add(kind)
    hooked.container.run()
    states = [hooked.state(index) for index in range(2 * len(HOOKS))]
    assert all(state.get("annotations") == {"org.example.long": text} for state in states)


@musts("hooks.state")
@proved_by("hooks-path-elsewhere")
@pytest.mark.parametrize("operation", ["create", "delete"])
def test_a_hook_need_not_read_the_state(container: MakeContainer, operation: str) -> None:
    """A hook that ends without having read a state, larger than a pipe holds, is a hook that succeeds."""
    kinds = {"create": ["createRuntime", "createContainer", "startContainer"], "delete": ["poststop"]}[operation]
    hooked = Hooked(container(annotation("org.example.long", "sea " * (30 << 10))))
    for kind in kinds:
        hooked.add(kind, "burn", "50", "tag", kind, reads=False)
    hooked.container.run()
    assert hooked.tags() == kinds


@musts("state.status.creating", "state.status.created")
@proved_by("state-created-for-creating")
@pytest.mark.parametrize("kind", CREATE)
def test_the_status_during_create_is_creating(container: MakeContainer, kind: str) -> None:
    """While a hook of create is at work, state says "creating", if it knows the container."""
    hooked = Hooked(container(wait()))
    with hooked.during_create(kind):
        asked = hooked.container.ask("state", hooked.container.id)
    assert asked.exit_status != 0 or asked.json()["status"] == "creating"
    assert hooked.container.state().status == "created"
