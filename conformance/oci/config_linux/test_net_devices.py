"""config-linux.md, Network Devices: interfaces of the runtime that are moved into the container."""

from collections.abc import Iterator

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.container import Container
from conformance.harness.scene import Scene
from conformance.plugin.fixtures import MakeContainer, Run
from strategies.edits import namespace, net_device

pytestmark = musts("net-devices", needs=("namespace.network", "program.ip"))
NETWORK = namespace("network")
#: One interface of the runtime, with attributes and addresses that no kernel gives by itself, and another one.
SET_UP = """
ip link add sea0 type veth peer name sea1
ip link set sea0 address 02:00:00:00:00:07 mtu 1400
ip address add 192.0.2.7/24 dev sea0
ip address add 2001:db8::7/64 dev sea0 nodad
"""


@pytest.fixture(autouse=True)
def _interfaces(scene: Scene) -> Iterator[None]:
    """Interfaces sea0 and sea1, of which nothing is left."""
    scene.prepare(SET_UP, "/")
    yield
    scene.prepare("ip link delete sea0 || ip link delete sea1 || true", "/", keep=False)


def outside(run: Run) -> set[str]:
    """The names of the runtime's interfaces."""
    return {link.name for link in run().interfaces}


@musts("net-devices", "net-devices.name.default", "net-devices.name", "net-devices.up")
@proved_by("net-devices-dropped", "net-devices-first-only", "net-devices-left-down")
@pytest.mark.parametrize(
    "names",
    [(None, None), ("eth0", "eth1"), ("sea1", "sea0"), (None, "eth%d")],
    ids=["kept", "renamed", "swapped", "template"],
)
def test_interfaces_are_moved_and_renamed(run: Run, names: tuple[str | None, str | None]) -> None:
    """The listed interfaces are in the container under their new or old names, up, and no more outside."""
    assert {"sea0", "sea1"} <= outside(run)
    inside = run(NETWORK, net_device("sea0", name=names[0]), net_device("sea1", name=names[1]))
    wanted = {names[0] or "sea0", (names[1] or "sea1").replace("%d", "0")}
    assert {link.name for link in inside.interfaces if link.up} >= wanted
    assert not {"sea0", "sea1"} & outside(run)


@musts("net-devices.attributes")
@proved_by("net-devices-addresses-lost", "net-devices-not-renamed")
def test_an_interface_keeps_attributes_and_addresses(run: Run) -> None:
    """An interface keeps its hardware address, its MTU and its permanent global addresses of both families."""
    inside = run(NETWORK, net_device("sea0", name="eth0"))
    found = {link.name: link for link in inside.interfaces}
    assert "eth0" in found
    assert (found["eth0"].hardware_address, found["eth0"].mtu) == ("02:00:00:00:00:07", 1400)
    assert {"192.0.2.7/24", "2001:0db8:0000:0000:0000:0000:0000:0007/64"} <= set(found["eth0"].addresses)


@musts("net-devices.name.taken", "net-devices.checked")
@proved_by("net-devices-failures-ignored")
@pytest.mark.parametrize("name", ["lo", "sea0"])
def test_a_name_that_is_taken_is_refused(container: MakeContainer, run: Run, name: str) -> None:
    """Moving an interface to a name that another one has in the container is an error, and none is moved."""
    other = [net_device("sea1", name="sea0")] if name == "sea0" else []
    made = container(NETWORK, *other, net_device("sea0", name=name))
    with refused(made):
        made.create()
    assert {"sea0", "sea1"} <= outside(run)


@musts("net-devices.name.template")
@proved_by("net-devices-not-renamed", "net-devices-first-only")
def test_the_kernel_numbers_a_template(run: Run) -> None:
    """Interfaces whose new name is one template get numbers that differ."""
    inside = run(NETWORK, net_device("sea0", name="eth%d"), net_device("sea1", name="eth%d"))
    assert {link.name for link in inside.interfaces} >= {"eth0", "eth1"}


@musts("net-devices.checked")
@proved_by("net-devices-failures-ignored")
def test_an_interface_that_is_not_there_is_refused(container: MakeContainer, run: Run) -> None:
    """An interface that the runtime does not have can not be moved, which is an error, and none is moved."""
    made = container(NETWORK, net_device("sea0"), net_device("missing0"))
    with refused(made):
        made.create()
    assert {"sea0", "sea1"} <= outside(run)


@musts("net-devices.not-moved-back")
@proved_by("net-devices-dropped")
def test_an_interface_is_not_moved_back(container: MakeContainer, run: Run) -> None:
    """An interface goes with the network namespace that it was moved to; the runtime does not bring it back."""
    made: Container = container(NETWORK, net_device("sea0"))
    made.run()
    assert "sea0" not in outside(run)
