"""config.md, POSIX-platform Hooks: the namespaces that hooks run in, and what they find there."""

import pytest

from conformance import musts, proved_by
from conformance.harness.container import Container
from conformance.harness.hooked import Hooked, each
from conformance.plugin.fixtures import MakeContainer
from strategies.edit import Edit
from strategies.edits import gid_mapping, namespace, tmpfs, uid_mapping, wait

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
#: Hooks of create can rely on the namespaces and the mounts; a runtime may enter the cgroup namespace after them.
EARLY = tuple(kind for kind in KINDS if kind != "cgroup")
MORE = (namespace("network"), namespace("cgroup"))
USER = (*MORE, namespace("user"), uid_mapping(0, 100000, 65536), gid_mapping(0, 100000, 65536))


def namespaces(container: Container, kinds: tuple[str, ...], pid: int | None = None) -> dict[str, int]:
    """The inodes of the namespaces of a process, or of the runtime."""
    return {kind: container.scene.trial.namespace(kind, pid) for kind in kinds}


def seen(hooked: Hooked, kinds: tuple[str, ...]) -> dict[str, int | None]:
    """The inodes of the namespaces in which the hook was."""
    return {kind: (hooked.inside.namespaces or {}).get(kind) for kind in kinds}


@pytest.mark.parametrize("kind", each(("prestart", "createRuntime", "poststart", "poststop"), "namespace"))
@proved_by("runtime-hooks-in-container")
def test_hooks_of_the_runtime_run_in_its_namespaces(container: MakeContainer, kind: str) -> None:
    """prestart, createRuntime, poststart and poststop hooks are in all namespaces of the runtime, as its user."""
    made = container(*USER)
    hooked = Hooked(made).add(kind, "report")
    made.run()
    assert seen(hooked, KINDS) == namespaces(made, KINDS)
    assert hooked.inside.uid.effective == 0


@musts("hooks.create-container.namespace")
@pytest.mark.parametrize("more", [MORE, USER], ids=["root", "user"])
@proved_by("create-container-in-runtime-namespace")
def test_create_container_hooks_run_in_the_namespaces_of_the_container(
    container: MakeContainer, more: tuple[Edit, ...]
) -> None:
    """Hooks of createContainer are in the namespaces that the container's process is in."""
    made = container(*more, wait())
    hooked = Hooked(made).add("createContainer", "report")
    made.create()
    assert seen(hooked, EARLY) == namespaces(made, EARLY, made.pid)


@musts("hooks.start-container.namespace")
@pytest.mark.parametrize("more", [MORE, USER], ids=["root", "user"])
@proved_by("start-container-at-create")
def test_start_container_hooks_run_in_the_namespaces_of_the_container(
    container: MakeContainer, more: tuple[Edit, ...]
) -> None:
    """Hooks of startContainer are in every namespace that the container's process is in, and in its root."""
    made = container(*more, wait())
    hooked = Hooked(made).add("startContainer", "report")
    made.create()
    made.start()
    made.until_waiting()
    assert seen(hooked, KINDS) == namespaces(made, KINDS, made.pid)
    assert hooked.inside.root.inode == made.observed().inside.root.inode


@musts("hooks.create-container.when", "hooks.create-container.mounts")
@proved_by("create-container-in-runtime-namespace")
def test_create_container_hooks_find_the_mounts_below_the_bundle(container: MakeContainer) -> None:
    """A createContainer hook sees the container's mounts done, and the runtime's root, as it is not changed yet."""
    made = container(tmpfs("/mnt"))
    hooked = Hooked(made).add("createContainer", "report")
    made.run()
    assert str(made.bundle.rootfs / "mnt") in [mount.point for mount in hooked.inside.mounts or []]


@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
@musts("hooks.prestart.when", "hooks.create-runtime.when", "hooks.create-runtime.mounts", needs="runtime.host-kernel")
@proved_by("mounts-dropped")
def test_hooks_of_create_find_namespaces_and_mounts(container: MakeContainer, kind: str) -> None:
    """While a prestart or createRuntime hook runs, the container has its namespaces and mounts, not yet its root."""
    made = container(*MORE, tmpfs("/mnt"), wait())
    hooked = Hooked(made)
    with hooked.during_create(kind):
        pid = hooked.state().get("pid", 0)
        assert made.scene.trial.alive(pid)
        process = made.scene.trial.proc / str(pid)
        points = [line.split()[4] for line in (process / "mountinfo").read_text().splitlines()]
        early = namespaces(made, EARLY, pid)
    assert str(made.bundle.rootfs / "mnt") in points
    assert early == namespaces(made, EARLY, made.pid)
