"""config-linux.md, Namespaces: which namespaces of the container are new, and which are the runtime's."""

from collections import Counter

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.container import Container
from conformance.harness.namespaces import FILES, MAPPED, inodes, kinds, new, seen
from conformance.harness.observed import Program
from conformance.plugin.fixtures import Bring, MakeContainer
from strategies.edits import add, put, share_namespace

#: Those that every kernel has on which containers run.
COMMON = ("pid", "network", "mount", "ipc", "uts", "cgroup")
ALL = (*(edit for kind in COMMON for edit in new(kind)), *MAPPED)


def of(container: Container, only: tuple[str, ...] = tuple(FILES)) -> dict[str, int]:
    """The namespaces of the container's first process, seen from outside."""
    return inodes(container.scene.trial, container.pid, only)


@musts(needs="runtime.host-kernel")
@pytest.mark.parametrize(
    "kind", kinds(also=("namespaces.new", "namespaces", "namespaces.types"), proofs=("namespace-{}-not-created",))
)
def test_a_listed_namespace_is_a_new_one(bring: Bring, kind: str) -> None:
    """A namespace that is listed without a path is not the runtime's, seen from inside and from outside."""
    container = bring("running", *new(kind))
    inside = seen(container.observed().inside, kind)
    assert inside == of(container)[kind]
    assert inside != inodes(container.scene.trial)[kind]


@musts("namespaces.inherited", needs="runtime.host-kernel")
@proved_by(*(f"namespace-{kind}-always-created" for kind in FILES if kind != "mount"))
def test_namespaces_that_are_not_listed_are_inherited(bring: Bring) -> None:
    """The container shares the runtime's namespace of every type that is not listed."""
    container = bring("running", put("linux.namespaces", [{"type": "mount"}]))
    runtimes = inodes(container.scene.trial)
    assert {kind for kind, number in of(container).items() if number != runtimes[kind]} == {"mount"}
    inside = container.observed().inside
    assert {kind for kind in FILES if seen(inside, kind) not in {None, runtimes[kind]}} == {"mount"}


def run_in_the_runtimes_mounts(made: Container) -> tuple[Program, list[str]]:
    """Run a container without a mount namespace of its own, and take away what it left mounted."""
    made.prepare("mount -t proc proc rootfs/proc && mount -t tmpfs tmpfs rootfs/dev")
    before = made.scene.trial.mounts()
    program = made.run()
    left = sorted((Counter(made.scene.trial.mounts()) - Counter(before)).elements())
    made.scene.prepare(f"umount --lazy --recursive {made.bundle.rootfs} || true", "/", keep=False)
    return program, left


@musts("namespaces.inherited", "namespaces.mount", needs="runtime.host-kernel")
@proved_by("namespace-mount-always-created")
def test_a_mount_namespace_that_is_not_listed_is_inherited(container: MakeContainer) -> None:
    """A container without a mount namespace of its own is in the runtime's."""
    made = container(share_namespace("mount"), put("mounts", []))
    program, _ = run_in_the_runtimes_mounts(made)
    assert seen(program.inside, "mount") == inodes(made.scene.trial)["mount"]


@musts("delete.removes-resources", "lifecycle.destroy")
@proved_by("root-mounted-twice")
def test_nothing_stays_mounted_in_the_runtimes_mount_namespace(container: MakeContainer) -> None:
    """What a container without a mount namespace of its own has mounted is gone with it."""
    _, left = run_in_the_runtimes_mounts(container(share_namespace("mount"), put("mounts", [])))
    assert left == []


@musts("namespaces", "namespaces.new", needs="runtime.host-kernel")
@proved_by("namespaces-first-only", "namespaces-last-dropped")
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
def test_all_namespaces_at_once(bring: Bring, backwards: bool) -> None:
    """A container can have all namespaces of its own, listed in any order."""
    listed = [{"type": kind} for kind in (*COMMON, "user")]
    container = bring("running", *ALL, put("linux.namespaces", listed[::-1] if backwards else listed))
    runtimes = inodes(container.scene.trial)
    assert [kind for kind, number in of(container).items() if number == runtimes[kind]] == ["time"]


@musts("namespaces", "namespaces.new", needs="runtime.host-kernel")
@proved_by("namespace-uts-not-created", "namespace-network-not-created")
def test_two_containers_share_no_namespace(bring: Bring) -> None:
    """Each container has namespaces of its own, not those of another container."""
    first, second = (of(bring("created", *ALL), (*COMMON, "user")) for _ in range(2))
    assert [kind for kind in first if first[kind] == second[kind]] == []


@musts("namespaces", needs=("runtime.host-kernel", "command.exec"))
@proved_by("exec-outside-pid-namespace")
def test_a_further_process_is_in_the_same_namespaces(bring: Bring) -> None:
    """A process that is executed in the container is in each of its namespaces."""
    container = bring("running", *ALL)
    inside = container.exec().inside
    assert {kind: seen(inside, kind) for kind in FILES} == of(container)


@pytest.mark.parametrize("kind", [*COMMON, "user"])
@musts("namespaces.duplicate")
@proved_by("namespaces-duplicates-accepted")
def test_a_type_that_is_listed_twice_is_refused(container: MakeContainer, kind: str) -> None:
    """Listing one type twice is an error."""
    twice = container(*new(kind), add("linux.namespaces", {"type": kind}))
    with refused(twice):
        twice.create()


@musts("namespaces.duplicate")
@proved_by("namespaces-duplicates-accepted")
@pytest.mark.parametrize("paths", [(None, "own"), ("own", None), ("own", "own")], ids=["second", "first", "both"])
def test_a_type_that_is_listed_twice_with_a_path_is_refused(
    container: MakeContainer, paths: tuple[str | None, str | None]
) -> None:
    """Listing one type twice is an error, also when one or both entries have a path."""
    entries = [{"type": "network"} | ({"path": "/proc/1/ns/net"} if path else {}) for path in paths]
    twice = container(*(add("linux.namespaces", entry) for entry in entries))
    with refused(twice):
        twice.create()


@musts("namespaces.type", "create.unapplicable")
@proved_by("invalid-values-ignored")
@pytest.mark.parametrize(
    "entry",
    [{"type": "bogus"}, {"type": "PID"}, {"type": "net"}, {"type": ""}, {}, {"type": 7}],
    ids=["bogus", "capitals", "net", "empty", "missing", "number"],
)
def test_an_unknown_type_is_refused(container: MakeContainer, entry: object) -> None:
    """A namespace whose type is none of the specification's can not be made, and is an error."""
    unknown = container(add("linux.namespaces", entry))
    with refused(unknown):
        unknown.create()
