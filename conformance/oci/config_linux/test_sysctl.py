"""config-linux.md, Sysctl: the kernel's parameters in the container."""

from pathlib import Path

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.namespaces import MAPPED, keep
from conformance.harness.observed import Inside
from conformance.plugin.fixtures import MakeContainer, Run
from strategies.edits import namespace, put, read, share_namespace, sysctl

#: Parameters of a namespace, with a value that is no kernel's default.
OWN = {
    "kernel.domainname": "sea.example",
    "kernel.msgmax": "4242",
    "kernel.msgmnb": "17384",
    "kernel.msgmni": "123",
    "kernel.sem": "251\t32001\t101\t129",
    "kernel.shmall": "4194305",
    "kernel.shmmax": "68719476736",
    "kernel.shmmni": "4097",
    "kernel.shm_rmid_forced": "1",
    "fs.mqueue.msg_max": "7",
    "fs.mqueue.queues_max": "77",
    "net.ipv4.ip_forward": "1",
    "net.ipv4.ping_group_range": "10\t20",
    "net.core.somaxconn": "256",
    "net.ipv4.ip_unprivileged_port_start": "81",
}
NETWORK = namespace("network")


def file_of(name: str) -> str:
    """The file in /proc of a parameter."""
    return "/proc/sys/" + name.replace(".", "/")


def contents(inside: Inside) -> list[str]:
    """What the program has read, file by file."""
    return [(action.content or "").strip() for action in inside.program.actions if action.verb == "read"]


@musts("sysctl")
@proved_by("sysctl-dropped", "sysctl-first-only")
def test_all_parameters_are_set(run: Run) -> None:
    """Each of many parameters has the configured value in the container, also one that is of several numbers."""
    settings = [sysctl(name, value.replace("\t", " ")) for name, value in OWN.items()]
    inside = run(NETWORK, *settings, *(read(file_of(name)) for name in OWN))
    assert dict(zip(OWN, contents(inside), strict=True)) == OWN


@musts("sysctl")
@proved_by("sysctl-dropped")
def test_parameters_are_the_containers_alone(run: Run) -> None:
    """A parameter differs in the container that sets it, and in no other nor outside."""
    names = ("kernel.msgmax", "net.ipv4.ip_unprivileged_port_start", "fs.mqueue.msg_max")
    look, settings = [read(file_of(name)) for name in names], [sysctl(name, OWN[name]) for name in names]
    outside = contents(run(share_namespace("ipc"), *look))
    assert contents(run(NETWORK, *settings, *look)) == [OWN[name] for name in names]
    assert not {OWN[name] for name in names} & {*contents(run(NETWORK, *look)), *outside}
    assert contents(run(share_namespace("ipc"), *look)) == outside


@musts("sysctl", "namespaces.path.joined", needs="program.unshare")
@proved_by("sysctl-dropped", "namespace-network-path-ignored")
def test_a_parameter_is_set_in_a_joined_namespace(container: MakeContainer) -> None:
    """A parameter is set in the network namespace that the container joins."""
    made, later = (container(read(file_of("net.core.somaxconn"))) for _ in range(2))
    path = keep(made, "network")
    made.reconfigure(namespace("network", path), sysctl("net.core.somaxconn", "256"))
    later.reconfigure(namespace("network", path))
    assert [one.run().action("read").content for one in (made, later)] == ["256\n", "256\n"]


@musts("sysctl")
@proved_by("sysctl-dropped")
def test_parameters_can_be_set_beside_a_user_namespace(run: Run) -> None:
    """Parameters of the container's own namespaces are set although its root is nobody outside."""
    name = "net.ipv4.ip_unprivileged_port_start"
    inside = run(NETWORK, *MAPPED, sysctl(name, OWN[name]), read(file_of(name)))
    assert contents(inside) == [OWN[name]]


@musts("sysctl", "create.unapplicable")
@proved_by("sysctl-failures-ignored")
@pytest.mark.parametrize(
    ("name", "value"),
    [("kernel.msgseatrial", "1"), ("net.seatrial", "1"), ("net.ipv4.ip_forward", "sea"), ("kernel.msgmax", "-1")],
    ids=["unknown", "unknown-net", "text", "negative"],
)
def test_a_parameter_that_can_not_be_set_is_refused(container: MakeContainer, name: str, value: str) -> None:
    """A parameter that the kernel does not have, or a value that it does not take, is an error."""
    made = container(NETWORK, sysctl("kernel.msgmax", "4242"), sysctl(name, value))
    with refused(made):
        made.create()


@musts("sysctl", "create.unapplicable")
@proved_by("sysctl-unchecked")
@pytest.mark.parametrize("name", ["vm.swappiness", "fs.file-max", "kernel.panic"])
def test_a_parameter_of_the_whole_host_is_refused(container: MakeContainer, name: str) -> None:
    """A parameter that all of the host shares can not be set for the container, not even to the value that it has."""
    made = container(NETWORK, sysctl(name, Path(file_of(name)).read_text().strip()))
    with refused(made):
        made.create()


@musts("sysctl")
@proved_by("invalid-values-ignored")
@pytest.mark.parametrize("value", [1, ["1"]], ids=["number", "list"])
def test_a_value_that_is_no_text_is_refused(container: MakeContainer, value: object) -> None:
    """The values are strings; others are an error."""
    container(sysctl("kernel.msgmax", "4242")).create()
    made = container(put(("linux", "sysctl", "kernel.msgmax"), value))
    with refused(made):
        made.create()
