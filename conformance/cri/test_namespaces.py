"""Networks, hostnames, DNS and namespaces of sandboxes, as their containers see them."""

from __future__ import annotations

import ipaddress
import platform
from pathlib import Path

import pytest

from conformance import musts, proved_by
from conformance.harness.cri import found
from conformance.harness.cri.objects import Sandbox
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.residue import pid_in
from conformance.harness.cri.scene import CriScene
from conformance.harness.errors import Violation
from conformance.harness.observed import Inside
from strategies.edits import read


def namespace(kind: str) -> int:
    """The number of a namespace of this process, which is the node's."""
    return Path(f"/proc/self/ns/{kind}").stat().st_ino


def options(**modes: str) -> dict[str, object]:
    """Namespace options for a sandbox's or a container's ``linux``."""
    return {"security_context": {"namespace_options": modes}}


def number(inside: Inside, kind: str) -> int:
    """The number of a namespace that a program saw itself in."""
    return (inside.namespaces or {})[kind]


def both(pod: Sandbox, kind: str) -> tuple[int, int]:
    """The numbers of a namespace of two containers, while both run: those of one that is gone are given away again."""
    first, second = pod.running(), pod.running()
    return number(first.probe("report").inside, kind), number(second.probe("report").inside, kind)


def address_of(sandbox: Sandbox) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address that the status of a sandbox tells."""
    try:
        return ipaddress.ip_address(sandbox.ip)
    except ValueError:
        raise Violation(f"the status tells no address: {sandbox.ip!r}") from None


@proved_by("cri-hostname-dropped")
@musts("cri.sandbox.hostname")
def test_containers_have_the_hostname(cri: CriScene) -> None:
    """The containers of a sandbox see its hostname."""
    assert cri.sandbox(hostname="sea-trial").run().hostname == "sea-trial"


@proved_by("cri-hostname-node-changed")
@musts("cri.sandbox.hostname.node")
def test_without_a_network_of_its_own_the_hostname_may_be_empty(cri: CriScene) -> None:
    """With the network of the node and no hostname, containers see the node's."""
    sandbox = cri.sandbox(hostname=None, linux=options(network="NODE"))
    assert sandbox.run(linux=options(network="NODE")).hostname == platform.node()


@proved_by("cri-dns-dropped")
@musts("cri.sandbox.dns.servers", "cri.sandbox.dns.searches", "cri.sandbox.dns.options")
def test_containers_have_the_dns_config(cri: CriScene) -> None:
    """The resolv.conf in a container has the servers, search domains and options of its sandbox."""
    dns = {"servers": ["192.0.2.7", "192.0.2.8"], "searches": ["sea.test", "test"], "options": ["ndots:5", "rotate"]}
    sandbox = cri.sandbox(dns_config=dns)
    content = sandbox.run(read("/etc/resolv.conf")).action("read").content
    found = [line.split() for line in (content or "").splitlines()]
    assert [words[1] for words in found if words[0] == "nameserver"] == dns["servers"]
    assert [words[1:] for words in found if words[0] == "search"] == [dns["searches"]]
    assert [words[1:] for words in found if words[0] == "options"] == [dns["options"]]


@proved_by("cri-sysctls-dropped")
@musts("cri.sandbox.sysctls")
def test_sysctls_are_set(cri: CriScene) -> None:
    """Sysctls of a sandbox are set in its namespaces, and not for the node."""
    path = "/proc/sys/net/ipv4/ip_default_ttl"
    before = Path(path).read_text().strip()
    sandbox = cri.sandbox(linux={"sysctls": {"net.ipv4.ip_default_ttl": "41", "kernel.shm_rmid_forced": "1"}})
    inside = sandbox.run(read(path), read("/proc/sys/kernel/shm_rmid_forced"))
    assert (inside.action("read").content, inside.action("read", 1).content) == ("41\n", "1\n")
    assert Path(path).read_text().strip() == before != "41"


@proved_by("cri-sandbox-ip-missing", "cri-sandbox-ip-wrong")
@musts("cri.sandbox.network.ip")
def test_the_status_tells_the_address(cri: CriScene) -> None:
    """The status of a sandbox tells an address that an interface inside has, and that is not a loopback's."""
    sandbox = cri.sandbox()
    address = address_of(sandbox)
    assert not address.is_loopback
    found = [str(ipaddress.ip_interface(each).ip) for link in sandbox.run().interfaces or [] for each in link.addresses]
    assert str(address) in found


@proved_by("cri-sandbox-same-ip")
@musts("cri.sandbox.network.ip")
def test_two_sandboxes_have_two_addresses(cri: CriScene) -> None:
    """Two sandboxes that are ready have two addresses."""
    assert cri.sandbox().ip != cri.sandbox().ip


@proved_by("cri-loopback-down")
@musts("cri.sandbox.network.pod")
def test_a_sandbox_has_a_loopback_interface(pod: Sandbox) -> None:
    """In a sandbox the loopback interface is up and has its address."""
    loopback = found.first((link for link in pod.run().interfaces or [] if link.name == "lo"), "interface lo")
    assert loopback.up
    assert "127.0.0.1/8" in loopback.addresses


@proved_by("cri-network-shared-with-node", "cri-network-per-container")
@musts("cri.sandbox.network.pod")
def test_containers_of_a_pod_share_its_network(pod: Sandbox) -> None:
    """The containers of a pod are in one network namespace, which is not the node's."""
    first, second = both(pod, "net")
    assert first == second != namespace("net")


@proved_by("cri-network-node-ignored")
@musts("cri.sandbox.network.node")
def test_the_network_can_be_the_nodes(cri: CriScene) -> None:
    """With network NODE a container is in the network namespace of the node."""
    sandbox = cri.sandbox(hostname=None, linux=options(network="NODE"))
    assert number(sandbox.run(linux=options(network="NODE")), "net") == namespace("net")


@proved_by("cri-pid-per-container", "cri-pid-shared-with-node")
@musts("cri.sandbox.pid.pod")
def test_containers_of_a_pod_can_share_processes(cri: CriScene) -> None:
    """With PID namespace POD a container sees the processes of the others, and the sandbox's as number 1."""
    sandbox = cri.sandbox(linux=options(pid="POD"))
    first = sandbox.running(linux=options(pid="POD"))
    inside = sandbox.run(linux=options(pid="POD"))
    assert inside.pid > 1
    assert number(inside, "pid") == number(first.probe("report").inside, "pid") != namespace("pid")


@proved_by("cri-pid-container-ignored")
@musts("cri.sandbox.pid.container")
def test_a_container_can_have_processes_of_its_own(cri: CriScene) -> None:
    """With PID namespace CONTAINER the program is process 1, in a namespace that no other container is in."""
    sandbox = cri.sandbox(linux=options(pid="CONTAINER"))
    first, second = (sandbox.running(linux=options(pid="CONTAINER")) for _ in range(2))
    assert sandbox.run(linux=options(pid="CONTAINER")).pid == 1
    assert number(first.probe("report").inside, "pid") != number(second.probe("report").inside, "pid")


@proved_by("cri-pid-node-ignored")
@musts("cri.sandbox.pid.node")
def test_a_container_can_see_the_processes_of_the_node(cri: CriScene) -> None:
    """With PID namespace NODE a container is in the PID namespace of the node."""
    sandbox = cri.sandbox(linux=options(pid="NODE"))
    inside = sandbox.run(linux=options(pid="NODE"))
    assert number(inside, "pid") == namespace("pid")


@proved_by("cri-pid-target-ignored")
@musts("cri.sandbox.pid.target")
def test_a_container_can_see_the_processes_of_another(cri: CriScene) -> None:
    """With PID namespace TARGET a container is in the PID namespace of the container that it names."""
    sandbox = cri.sandbox()
    target = sandbox.running()
    inside = sandbox.run(linux=options(pid="TARGET", target_id=target.id))
    assert number(inside, "pid") == number(target.probe("report").inside, "pid")
    assert inside.pid > 1


@proved_by("cri-pid-target-unchecked")
@musts("cri.sandbox.pid.target.required", "cri.sandbox.pid.target.same-pod")
def test_a_target_must_be_a_container_of_the_pod(cri: CriScene) -> None:
    """A target that is missing, absent or in another pod is refused."""
    sandbox, other = cri.sandbox(), cri.sandbox()
    stranger = other.running()
    for target in ({}, {"target_id": "0" * 64}, {"target_id": stranger.id}):
        with refused(cri):
            sandbox.container(linux=options(pid="TARGET", **target))


@proved_by("cri-ipc-shared-with-node", "cri-ipc-per-container")
@musts("cri.sandbox.ipc.pod")
def test_containers_of_a_pod_share_ipc(pod: Sandbox) -> None:
    """The containers of a pod are in one IPC namespace, which is not the node's."""
    first, second = both(pod, "ipc")
    assert first == second != namespace("ipc")


@proved_by("cri-ipc-node-ignored")
@musts("cri.sandbox.ipc.node")
def test_ipc_can_be_the_nodes(cri: CriScene) -> None:
    """With IPC namespace NODE a container is in that of the node."""
    sandbox = cri.sandbox(linux=options(ipc="NODE"))
    assert number(sandbox.run(linux=options(ipc="NODE")), "ipc") == namespace("ipc")


@proved_by("cri-shm-per-container")
@musts("cri.sandbox.ipc.pod")
def test_containers_of_a_pod_share_memory(cri: CriScene) -> None:
    """What one container of a pod puts into /dev/shm, the others find there."""
    sandbox = cri.sandbox()
    sandbox.running().probe("write", "/dev/shm/seatrial", "shared")
    assert sandbox.run(read("/dev/shm/seatrial")).action("read").content == "shared"


@proved_by("cri-userns-ignored")
@musts("cri.sandbox.userns")
def test_a_pod_can_have_a_user_namespace(cri: CriScene) -> None:
    """In a pod with a user namespace, users and groups are mapped as its config says."""
    handler = cri.node.settings.handler
    features = {each.name: each.features for each in cri.call("Status").runtime_handlers}
    if handler not in features or not features[handler].user_namespaces:
        pytest.skip("unsupported: the handler does not say that it has user namespaces")
    mapping = [{"host_id": 200000, "container_id": 0, "length": 65536}]
    userns = {"userns_options": {"mode": "POD", "uids": mapping, "gids": mapping}, "pid": "CONTAINER"}
    context: dict[str, object] = {"security_context": {"namespace_options": userns}}
    inside = cri.sandbox(linux=context).run(linux=context)
    assert [list(line) for line in [*(inside.uid_map or []), *(inside.gid_map or [])]] == [[0, 200000, 65536]] * 2


@proved_by("cri-cgroup-parent-ignored")
@musts("cri.sandbox.cgroup-parent")
def test_containers_are_below_the_parent_cgroup(cri: CriScene, pod: Sandbox) -> None:
    """The cgroups of a container are below the parent that its sandbox names."""
    parent = pod.config["linux"]["cgroup_parent"]
    pid = pid_in(dict(pod.running().answer(verbose=True).info))
    if not parent or not pid or not Path(f"/proc/{pid}").exists():
        pytest.skip("not here: systemd makes the cgroups, or the server does not tell pids")
    limited = {"memory", "cpu", "pids", "cpuset", ""}
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    found = {name: path for _, names, path in lines for name in names.split(",") if name in limited}
    if len(found) > 1:
        found.pop("", None)  # a hybrid host: limits are in v1
    assert {name: path for name, path in found.items() if parent not in path} == {}
    assert cri.node.uses_cgroupfs
