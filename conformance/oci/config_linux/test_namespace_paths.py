"""config-linux.md, Namespaces: namespaces that are joined by their path."""

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.namespaces import FILES, MAPPED, inode, inodes, keep, kinds, seen
from conformance.plugin.fixtures import Bring, MakeContainer
from strategies.edit import Edit
from strategies.edits import hostname, namespace, sysctl, wait

#: A path of another kind for each.
OTHERS = {
    "pid": "uts",
    "network": "ipc",
    "mount": "net",
    "ipc": "uts",
    "uts": "ipc",
    "user": "net",
    "cgroup": "pid",
    "time": "uts",
}


@musts(needs=("runtime.host-kernel", "program.unshare"))
@pytest.mark.parametrize(
    "kind",
    kinds(
        "network",
        "ipc",
        "uts",
        "cgroup",
        "time",
        also=("namespaces.path.joined", "namespaces.path"),
        proofs=("namespace-{}-path-ignored", "namespace-{}-not-joined"),
    ),
)
def test_the_process_is_in_the_namespace_of_the_path(container: MakeContainer, kind: str) -> None:
    """The container's process, and one that is executed later, are in the very namespace that the path stands for."""
    made = container(wait())
    path = keep(made, kind)
    made.reconfigure(namespace(kind, path))
    made.create()
    made.start()
    made.until_waiting()
    kept = inode(made.scene.trial, path)
    assert kept != inodes(made.scene.trial)[kind]
    assert seen(made.observed().inside, kind) == kept
    assert seen(made.exec().inside, kind) == kept


@musts("namespaces.path.joined", "namespaces.pid", needs="runtime.host-kernel")
@proved_by("namespace-pid-path-ignored", "namespace-pid-not-joined")
def test_the_process_is_in_the_pid_namespace_of_the_path(bring: Bring, container: MakeContainer) -> None:
    """A container that joins another one's pid namespace sees its processes, and is not the first."""
    other = bring("running")
    made = container(namespace("pid", f"/proc/{other.pid}/ns/pid"))
    inside = made.run().inside
    assert seen(inside, "pid") == inodes(other.scene.trial, other.pid)["pid"]
    assert inside.pid > 1
    assert other.state().status == "running"


@musts("namespaces.path.joined", "namespaces.user", needs=("runtime.host-kernel", "namespace.user"))
@proved_by("namespace-user-not-joined")
@pytest.mark.parametrize("own", [(), MAPPED], ids=["alone", "mappings"])
def test_the_process_is_in_the_user_namespace_of_the_path(bring: Bring, own: tuple[Edit, ...]) -> None:
    """A container that joins another one's user namespace has its mappings; it can repeat them, and need not."""
    other = bring("running", *MAPPED)
    container = bring("running", *own, namespace("user", f"/proc/{other.pid}/ns/user"))
    inside = container.observed().inside
    assert seen(inside, "user") == inodes(other.scene.trial, other.pid)["user"]
    assert inside.uid_map == [(0, 100000, 65536)]


@musts("namespaces.path.joined", "namespaces.path", needs=("runtime.host-kernel", "program.unshare"))
@proved_by("namespace-uts-path-ignored", "namespace-ipc-not-joined", "namespaces-first-only")
def test_several_namespaces_can_be_joined_and_others_made(container: MakeContainer) -> None:
    """Of several namespaces some can be joined and others be new."""
    made = container(wait())
    paths = {kind: keep(made, kind) for kind in ("ipc", "network", "uts")}
    made.reconfigure(*(namespace(kind, path) for kind, path in paths.items()))
    made.create()
    seen = inodes(made.scene.trial, made.pid)
    assert {kind: seen[kind] for kind in paths} == {kind: inode(made.scene.trial, paths[kind]) for kind in paths}
    runtimes = inodes(made.scene.trial)
    assert seen["pid"] != runtimes["pid"] and seen["mount"] != runtimes["mount"]


@musts(needs="runtime.host-kernel")
@pytest.mark.parametrize(
    "kind",
    kinds(
        "network",
        "ipc",
        "uts",
        also=("namespaces.path.joined", "namespaces.path"),
        proofs=("namespace-{}-path-ignored", "namespace-{}-not-joined"),
    ),
)
def test_the_namespace_of_another_container_can_be_joined(bring: Bring, kind: str) -> None:
    """The path can stand for a namespace of another container, as in a pod, which outlives the one that joined."""
    first = bring("running", namespace("network"))
    second = bring("running", namespace(kind, f"/proc/{first.pid}/ns/{FILES[kind]}"))
    trial = first.scene.trial
    assert inodes(trial, second.pid)[kind] == inodes(trial, first.pid)[kind]
    second.delete("--force")
    assert first.state().status == "running"


@musts("namespaces.path.joined", "namespaces.user", needs=("runtime.host-kernel", "namespace.user"))
@proved_by("namespace-user-path-ignored")
def test_all_namespaces_of_a_pod_can_be_joined(bring: Bring) -> None:
    """A container can join namespaces that belong to a user namespace, and that one, listed in any order."""
    first = bring("running", *MAPPED, namespace("network"))
    shared = ("network", "ipc", "uts", "user")
    joined = [namespace(kind, f"/proc/{first.pid}/ns/{FILES[kind]}") for kind in shared]
    for edits in (joined, joined[::-1]):
        second = bring("running", *MAPPED, *edits)
        trial = first.scene.trial
        assert inodes(trial, second.pid, shared) == inodes(trial, first.pid, shared)


@musts("delete.keeps-foreign", needs=("runtime.host-kernel", "program.unshare"))
@proved_by("namespace-uts-path-ignored")
def test_a_joined_namespace_outlives_the_container(container: MakeContainer) -> None:
    """Delete leaves a namespace as it was that the container had joined: it can be joined again."""
    keeper, first, second = container(), container(), container()
    path = keep(keeper, "uts", "echo kept > /proc/sys/kernel/hostname")
    for made in (first, second):
        made.reconfigure(namespace("uts", path))
        assert made.run().inside.hostname == "kept"


@pytest.mark.parametrize("kind", kinds(also=("namespaces.path.wrong-type",)))
@proved_by("namespace-path-kind-unchecked")
def test_a_path_of_another_type_is_refused(container: MakeContainer, kind: str) -> None:
    """A path that stands for a namespace of another type is an error."""
    more = MAPPED if kind == "user" else ()
    made = container(*more, namespace(kind, f"/proc/1/ns/{OTHERS[kind]}"))
    with refused(made):
        made.create()


@musts(needs="runtime.host-kernel")
@pytest.mark.parametrize(
    "kind",
    kinds(
        "pid",
        "network",
        "ipc",
        "uts",
        "cgroup",
        also=("namespaces.path.wrong-type", "namespaces.path.joined"),
        proofs=("namespace-{}-path-ignored",),
    ),
)
def test_a_path_of_the_same_type_is_accepted(container: MakeContainer, kind: str) -> None:
    """A path that stands for the runtime's own namespace of the type is none."""
    made = container(namespace(kind, f"/proc/1/ns/{FILES[kind]}"))
    assert seen(made.run().inside, kind) == inodes(made.scene.trial)[kind]


@pytest.mark.parametrize(
    "kind", kinds("pid", "network", "ipc", "uts", "cgroup", also=("namespaces.path.wrong-type", "namespaces.path"))
)
@proved_by("namespace-path-missing-accepted")
def test_a_path_that_does_not_exist_is_refused(container: MakeContainer, kind: str) -> None:
    """A path with nothing there is an error; the container does not get a new namespace instead."""
    made = container(namespace(kind, f"/missing/ns/{FILES[kind]}"))
    with refused(made):
        made.create()


@musts("namespaces.path.wrong-type", "namespaces.path")
@proved_by("namespace-path-kind-unchecked")
@pytest.mark.parametrize("path", ["/etc/passwd", "/etc", "/dev/null", "/proc/self/status"])
def test_a_path_that_is_no_namespace_is_refused(container: MakeContainer, path: str) -> None:
    """A file or folder that stands for no namespace is an error."""
    made = container(namespace("network", path))
    with refused(made):
        made.create()


@musts("namespaces.path.absolute")
@proved_by("relative-paths-accepted")
@pytest.mark.parametrize("path", ["proc/1/ns/net", "../../../../../proc/1/ns/net"], ids=["root", "parents"])
def test_a_relative_path_is_refused(container: MakeContainer, path: str) -> None:
    """The path is absolute: one that leads to a namespace from some folder is an error."""
    made = container(namespace("network", path))
    with refused(made):
        made.create()


@musts("namespaces.path.joined", "hostname.namespace", needs=("runtime.host-kernel", "program.unshare"))
@proved_by("namespace-uts-path-ignored", "hostname-dropped")
def test_a_joined_namespace_can_be_configured(container: MakeContainer) -> None:
    """The host name and the kernel's parameters of a config are set in the namespaces that were joined."""
    made = container(hostname("joined"), sysctl("kernel.msgmax", "4242"))
    paths = {kind: keep(made, kind) for kind in ("uts", "ipc")}
    made.reconfigure(*(namespace(kind, path) for kind, path in paths.items()))
    assert made.run().inside.hostname == "joined"
    later = container(*(namespace(kind, path) for kind, path in paths.items()))
    assert later.run().inside.hostname == "joined"
