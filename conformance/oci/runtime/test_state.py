"""runtime.md, State: the document that `state` prints."""

import json

import pytest

from conformance import musts, proved_by
from conformance.harness.container import Container
from conformance.plugin.fixtures import Bring, MakeContainer
from conformance.schema import errors_of
from strategies.edits import annotation


@musts("state.schema")
@proved_by("state-status-missing", "state-version-missing", "state-bundle-missing")
@pytest.mark.parametrize("state", ["created", "running", "stopped"])
def test_state_has_the_shape_of_the_schema(bring: Bring, state: str) -> None:
    """In every state the document has the properties and types that the specification lays down."""
    assert errors_of(json.loads(bring(state).raw_state()), "state") == []


@musts("state.oci-version")
@proved_by("state-version-wrong")
def test_state_names_a_version_of_the_specification(created: Container) -> None:
    """The state names the version of the specification that it follows, as a semantic version."""
    numbers = created.state().oci_version.partition("-")[0].partition("+")[0].split(".")
    assert len(numbers) == 3 and all(number.isdigit() for number in numbers)


@musts("state.id")
@proved_by("state-id-wrong", "state-id-missing")
def test_state_carries_the_id(created: Container) -> None:
    """The state carries the id that was given to create."""
    assert created.state().id == created.id


@musts("state.id", "state.id.unique")
@proved_by("state-id-cut", "state-id-lower")
def test_a_long_id_is_an_id_to_the_letter(container: MakeContainer) -> None:
    """Ids that differ in their last letter only, or in its case, are different ones, and the state has them whole."""
    made = [container(name="Sea-0123456789" * 4 + letter) for letter in "aAb"]
    for one in made:
        one.create()
    assert [one.state().id for one in made] == [one.id for one in made]


@musts("state.bundle")
@proved_by("state-bundle-wrong", "state-bundle-relative", "state-bundle-is-rootfs")
def test_state_holds_the_absolute_path_of_the_bundle(created: Container) -> None:
    """The state holds the absolute path of the bundle that create was given."""
    assert created.state().bundle == str(created.bundle.folder)


@musts("state.pid", needs="runtime.host-kernel")
@proved_by("state-pid-off-by-one", "state-pid-of-runtime", "state-pid-zero")
@pytest.mark.parametrize("state", ["created", "running"])
def test_state_holds_the_pid_of_the_first_process(bring: Bring, state: str) -> None:
    """In the states created and running, the pid is that of the container's first process as the host sees it."""
    container = bring(state)
    pid = container.state().pid
    namespace = container.scene.trial.namespace
    assert pid == container.pid
    assert namespace("pid", pid) != namespace("pid")


@musts("state.annotations")
@proved_by("state-annotations-missing", "state-annotations-first-only", "state-annotations-lower-case")
def test_state_repeats_the_annotations(bring: Bring) -> None:
    """The state repeats the annotations of the config, to the letter."""
    wanted = {"org.example.Sea": "Calm", "org.example.empty": ""}
    container = bring("created", *(annotation(key, value) for key, value in wanted.items()))
    annotations = container.state().annotations
    assert {key: annotations.get(key) for key in wanted} == wanted


@musts("state.annotations.empty", "state.annotations")
@proved_by("annotations-invented")
def test_state_has_no_annotation_that_the_config_lacks(created: Container) -> None:
    """Without annotations in the config, the state has none or an empty map."""
    assert created.state().annotations == {}
