"""config-linux.md, Cgroups Path: where the container's process is."""

from conformance import musts, proved_by
from conformance.harness.container import Container
from conformance.plugin.fixtures import Bring
from strategies.edits import cgroups_path, pids


def path_of(container: Container) -> str:
    """The container's cgroup for the pids controller, counted from the mount of the hierarchy."""
    controller = "" if container.scene.trial.is_unified else "pids"
    top = container.scene.trial.cgroup_folder(controller, "/")
    return "/" + str(container.cgroup(controller).relative_to(top))


@musts("cgroups-path", "cgroups-path.absolute", "cgroups-path.created", needs="cgroup.pids")
@proved_by("cgroups-path-ignored")
def test_an_absolute_path_is_the_cgroup(bring: Bring) -> None:
    """The process is in the cgroup of an absolute path, counted from the mount, or in a child of it."""
    path = path_of(bring("running", cgroups_path("/deck"), pids(200)))
    assert path == "/deck" or path.startswith("/deck/")


@musts("delete.removes-resources", "cgroups-path.created", needs="cgroup.pids")
@proved_by("delete-keeps-parent-cgroups")
def test_delete_removes_the_cgroups_that_create_made(bring: Bring) -> None:
    """Of a path of several cgroups that did not exist before, none is left after delete."""
    container = bring("stopped", cgroups_path("/hull/deck/cabin"), pids(200))
    container.delete()
    top = container.scene.trial.cgroup_folder("" if container.scene.trial.is_unified else "pids", "/")
    assert not container.exists(top / "hull")


@musts("cgroups-path.consistent", needs="cgroup.pids")
@proved_by("cgroups-path-random")
def test_equal_relative_paths_lead_to_one_cgroup(bring: Bring) -> None:
    """The same relative path leads to the same cgroup each time."""
    paths = []
    for _ in range(2):
        container = bring("running", cgroups_path("hold"), pids(200))
        paths.append(path_of(container))
        container.kill("KILL")
        container.wait()
        container.until_status("stopped")
        container.delete()
    assert paths[0] == paths[1]


@musts("cgroups-path.default", "resources", needs="cgroup.pids")
@proved_by("exec-outside-cgroup")
def test_a_further_process_is_in_the_same_cgroup(bring: Bring) -> None:
    """A process that is executed in the container is under the same limits."""
    container = bring("running", pids(200))
    inside = container.exec().inside
    mine = [entry.path for entry in inside.cgroups if "pids" in entry.controllers or entry.hierarchy == 0]
    first = container.observed().inside
    assert mine == [entry.path for entry in first.cgroups if "pids" in entry.controllers or entry.hierarchy == 0]
