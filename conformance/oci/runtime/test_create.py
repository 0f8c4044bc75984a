"""runtime.md, Create and Lifecycle: what create does, and what it leaves for start."""

import json
import shlex

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.container import Container
from conformance.plugin.fixtures import Bring, MakeContainer
from strategies.edit import edited
from strategies.edits import annotation, args, cwd, drop, env, hostname, put


@musts("create.args-not-run", "create.args-deferred")
@proved_by("create-runs-program")
def test_create_does_not_run_the_program(container: MakeContainer) -> None:
    """Nothing of the program runs before start: its output is empty, its process executes something else."""
    made = container()
    made.create()
    made.prepare("sleep 0.1")  # for a program that runs too early, but not before create is done
    assert made.state().status == "created"
    assert made.printed() == ""
    made.start()
    assert made.wait().inside.args[0] == "/probe"


@musts("create.config-changes.after", "create.config-changes")
@proved_by("args-reread-at-start")
def test_a_config_changed_after_create_has_no_effect(container: MakeContainer) -> None:
    """What is changed in config.json between create and start has no effect on the container."""
    made = container(hostname("before"))
    made.create()
    changed = edited(hostname("changed"), env("CHANGED=1"), cwd("/tmp"), args("/probe", "report", "exit", "9"))
    made.prepare(f"printf %s {shlex.quote(json.dumps(changed))} > config.json")
    made.start()
    program = made.wait()
    assert (program.inside.args, program.exit_status) == (["/probe", "report"], 0)
    assert "CHANGED=1" not in program.inside.env
    assert (program.inside.hostname, program.inside.cwd) == ("before", "/")


@musts("create.config-changes.after", "state.annotations")
@proved_by("state-annotations-missing")
def test_annotations_changed_after_create_are_not_in_the_state(container: MakeContainer) -> None:
    """What is changed in the annotations of config.json after create has no effect on the state."""
    made = container(annotation("org.example.sea", "calm"))
    made.create()
    made.prepare(f"printf %s {shlex.quote(json.dumps(edited(annotation('org.example.sea', 'rough'))))} > config.json")
    assert made.state().annotations.get("org.example.sea") == "calm"


@musts("create.config-changes.after")
@proved_by("config-reread")
def test_a_config_removed_after_create_is_not_missed(container: MakeContainer) -> None:
    """Start works although config.json was removed after create."""
    made = container()
    made.create()
    made.prepare("rm config.json")
    made.start()
    assert made.wait().inside.pid == 1


@musts("create.new-container")
@proved_by("create-runs-program")
def test_create_makes_a_container_with_a_process_of_its_own(created: Container) -> None:
    """Create makes a container that waits, with a live process in namespaces of its own."""
    assert created.scene.trial.alive(created.pid)
    assert created.state().status == "created"


@musts("bundle.config", "create.environment.failure")
@proved_by("errors-exit-0")
def test_create_without_config_json_is_refused(container: MakeContainer) -> None:
    """A bundle without config.json can not be created."""
    made = container()
    made.prepare("rm config.json")
    with refused(made):
        made.create()


@musts("create.without-arguments")
@proved_by("errors-exit-0")
def test_create_with_a_missing_bundle_is_refused(container: MakeContainer) -> None:
    """A bundle that does not exist can not be created."""
    made = container()
    with refused(made):
        made.call("create", "--bundle", str(made.bundle.folder / "missing"), made.id)


@musts("create.environment.failure")
@proved_by("errors-exit-0")
@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"ociVersion": 1}'], ids=["empty", "cut", "list", "null", "type"]
)
def test_a_config_that_is_no_config_is_refused(container: MakeContainer, text: str) -> None:
    """A config.json that is not a JSON object of the specified shape can not be created."""
    made = container()
    made.prepare(f"printf %s {shlex.quote(text)} > config.json")
    with refused(made):
        made.create()


@musts("create.environment.failure", "root.path")
@proved_by("errors-exit-0")
def test_a_missing_root_filesystem_is_refused(container: MakeContainer) -> None:
    """A root filesystem that does not exist can not be created."""
    made = container(put("root.path", "missing"))
    with refused(made):
        made.create()


@musts("create.invalid-id")
@proved_by("errors-exit-0")
@pytest.mark.parametrize("name", ["a/b", "../a"], ids=["slash", "parent"])
def test_an_id_that_leaves_the_state_folder_is_refused(container: MakeContainer, name: str) -> None:
    """An id with a path in it is not valid, and create makes nothing."""
    made = container(name=name)
    with refused(made):
        made.create()


@musts("errors.no-change", "create.environment.failure")
@proved_by("errors-exit-0")
def test_after_a_refused_create_the_id_is_free(container: MakeContainer) -> None:
    """A create that failed leaves the id for another try."""
    broken = container(put("root.path", "missing"), name="retry")
    with refused(broken):
        broken.create()
    sound = container(name="retry")
    sound.create()
    sound.start()
    assert sound.wait().inside.pid == 1


@musts("extensibility.unknown-property")
@proved_by("unknown-properties-refused")
def test_an_unknown_property_is_ignored(bring: Bring) -> None:
    """A property that the specification does not know is no error."""
    assert bring("created", put("org.example.unknown", {"a": 1}), drop("annotations")).state().status == "created"
