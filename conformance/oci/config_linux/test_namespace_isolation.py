"""config-linux.md, Namespaces: what each kind keeps apart, seen from inside and from outside."""

import re

import pytest

from conformance import musts, proved_by
from conformance.harness.namespaces import MAPPED, ids_outside, keep, process_status
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edits import (
    capabilities,
    cgroups_path,
    do,
    domainname,
    folder,
    hostname,
    namespace,
    pids,
    read,
    share_namespace,
    tmpfs,
    wait,
    write,
)

QUEUES = "/proc/sysvipc/msg"


def processes(names: list[str] | None) -> list[int]:
    """The processes among the names in /proc, but for the one that was looking."""
    return sorted(int(name) for name in names or () if name.isdigit())


@musts("namespaces.pid", needs="runtime.host-kernel")
@proved_by("namespace-pid-not-created")
def test_a_process_sees_only_processes_of_its_pid_namespace(run: Run) -> None:
    """The program sees and reaches no process but its own; without the namespace it sees those of the runtime."""
    apart = run(folder("/proc"), do("kill", 2, 0))
    assert processes(apart.action("list").names) == [1] == [apart.pid]
    shared = run(folder("/proc"), share_namespace("pid"))
    assert len(processes(shared.action("list").names)) > 1 and shared.pid > 1


@musts("namespaces.pid", needs="runtime.host-kernel")
@proved_by("namespace-pid-not-created", "exec-outside-pid-namespace")
def test_processes_of_a_container_see_each_other(bring: Bring) -> None:
    """A process that is executed in the container sees the first one as number 1, and nobody of outside."""
    container = bring("running")
    inside = container.exec("/probe", "report", "list", "/proc").inside
    assert processes(inside.action("list").names) == [1, inside.pid]
    assert re.search(rf"^NSpid:\t{container.pid}\t1$", process_status(container), re.MULTILINE)


@musts("namespaces.mount")
@proved_by("namespace-mount-not-created")
def test_a_mount_made_inside_is_not_seen_outside(bring: Bring) -> None:
    """What the program mounts is there for it, and not for the runtime."""
    container = bring(
        "running", capabilities("SYS_ADMIN"), do("mount", "tmpfs", "/mnt", "tmpfs", 0, ""), write("/mnt/inside", "")
    )
    assert container.observed().action("mount").errno is None
    assert container.observed().action("write").errno is None
    assert not [point for point in container.scene.trial.mounts() if str(container.bundle.rootfs) in point]
    assert not (container.bundle.rootfs / "mnt" / "inside").exists()


@musts("namespaces.mount")
@proved_by("namespace-mount-not-created", "host-propagation-kept")
def test_no_mount_of_a_container_reaches_a_shared_place(container: MakeContainer) -> None:
    """The mounts of a container stay its own, also when the root filesystem lies on a mount that shares them."""
    made = container(tmpfs("/mnt"), wait())
    made.prepare("mount --bind . . && mount --make-shared .")
    before = made.scene.trial.mounts()
    made.create()
    made.start()
    made.until_waiting()
    assert made.scene.trial.mounts() == before


@musts("namespaces.mount")
@proved_by("root-not-pivoted")
def test_a_container_sees_no_mounts_of_the_runtime(run: Run) -> None:
    """The program's mount table has the mounts of its config, and what the runtime adds to them, but none of others."""
    points = [mount.point for mount in run().mounts or []]
    assert [point for point in points if point.split("/")[1] not in {"", "proc", "dev", "sys"}] == []
    assert {"/", "/proc", "/dev"} <= set(points)


@musts("namespaces.ipc", needs=("runtime.host-kernel", "program.unshare", "program.ipcmk"))
@proved_by("namespace-ipc-not-created")
def test_ipc_objects_of_others_are_not_seen(container: MakeContainer) -> None:
    """A message queue of one IPC namespace is seen by a container that joins it, and by no other."""
    keeper, joined, apart = container(), container(read(QUEUES)), container(read(QUEUES))
    path = keep(keeper, "ipc", "ipcmk --queue")
    joined.reconfigure(namespace("ipc", path))
    assert [(made.run().action("read").content or "").count("\n") for made in (joined, apart)] == [2, 1]


@musts("namespaces.ipc", needs="runtime.host-kernel")
@proved_by("namespace-ipc-not-created")
@pytest.mark.parametrize("verb", ["shm", "mq"])
def test_ipc_objects_of_a_container_are_its_own(bring: Bring, run: Run, verb: str) -> None:
    """What a container makes is found by one that joins its IPC namespace, by no other, and not outside."""
    name = {"shm": "4711", "mq": "seatrial"}[verb]
    find = do(f"{verb}find", name)
    owner = bring("running", do(verb, name))
    joined = namespace("ipc", f"/proc/{owner.pid}/ns/ipc")
    found = [run(*edits, find).action(f"{verb}find").errno for edits in ([joined], [], [share_namespace("ipc")])]
    assert found == [None, "ENOENT", "ENOENT"]


@musts("namespaces.uts", "hostname", "hostname.namespace")
@proved_by("hostname-dropped")
def test_the_host_name_is_the_containers_alone(run: Run) -> None:
    """The program has the configured host name, and can change it; the runtime's stays what it was."""
    before = run(share_namespace("uts")).hostname
    changed = run(hostname("inside"), capabilities("SYS_ADMIN"), do("sethostname", "changed"), do("report"))
    assert changed.hostname == "inside"
    assert changed.action("sethostname").errno is None
    assert run(share_namespace("uts")).hostname == before != "inside"


@musts("domainname", "domainname.namespace")
@proved_by("domainname-dropped")
def test_the_domain_name_is_the_containers_alone(run: Run) -> None:
    """The program has the configured domain name; the runtime's stays what it was."""
    before = run(share_namespace("uts")).domainname
    assert run(domainname("inside.example")).domainname == "inside.example"
    assert run(share_namespace("uts")).domainname == before != "inside.example"


@musts("namespaces.network", needs=("runtime.host-kernel", "program.ip"))
@proved_by("namespace-network-not-created")
def test_the_network_has_interfaces_of_its_own(container: MakeContainer) -> None:
    """An interface of the runtime is not seen in a new network namespace, and is in an inherited one."""
    apart, shared = container(namespace("network")), container()
    shared.prepare("ip link add seatrial0 type veth peer name seatrial1")
    try:
        assert {link.name for link in apart.run().inside.interfaces} == {"lo"}
        assert {"lo", "seatrial0"} <= {link.name for link in shared.run().inside.interfaces}
    finally:
        shared.prepare("ip link delete seatrial0")


@musts("namespaces.network", needs="runtime.host-kernel")
@proved_by("namespace-network-not-created")
def test_abstract_sockets_are_not_reached_from_another_network(bring: Bring, run: Run) -> None:
    """An abstract socket is reached from the network namespace that it is in, and from no other."""
    bring("running", do("abstract", "seatrial"))
    assert run(do("connect", "seatrial")).action("connect").errno is None
    assert run(namespace("network"), do("connect", "seatrial")).action("connect").errno == "ECONNREFUSED"


@musts("namespaces.user", needs="runtime.host-kernel")
@proved_by("namespace-user-not-created", "uid-mappings-shifted", "gid-mappings-are-uid")
def test_users_inside_are_others_outside(bring: Bring) -> None:
    """Root inside is nobody's id outside, and owns nothing of what root owns outside."""
    container = bring("running", *MAPPED)
    assert ids_outside(container)[:2] == [[100000] * 4, [200000] * 4]
    assert container.observed().inside.uid.real == 0
    assert container.exec().inside.uid.real == 0


@musts("namespaces.cgroup", needs=("runtime.host-kernel", "cgroup.pids"))
@proved_by("namespace-cgroup-not-created")
def test_the_container_sees_its_cgroup_as_the_root(bring: Bring) -> None:
    """With a cgroup namespace the program's cgroup is / to it, without it is the whole path."""
    apart = bring("running", cgroups_path("/apart"), pids(200), namespace("cgroup"))
    shared = bring("running", cgroups_path("/shared"), pids(200))
    for program in (apart.observed(), apart.exec()):
        assert {entry.path for entry in program.inside.cgroups if "pids" in entry.controllers} <= {"/"}
    paths = [entry.path for entry in shared.observed().inside.cgroups]
    assert any(path.startswith("/shared") for path in paths)
