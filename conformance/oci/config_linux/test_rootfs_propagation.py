"""config-linux.md, Rootfs Mount Propagation: which mounts reach the root, and which leave it.

The root filesystem is a shared mount on the host, so that something could propagate.
"""

import pytest

from conformance import musts, proved_by, refused
from conformance.checks.mounts import mount_at, propagation_of
from conformance.harness.container import Container
from conformance.plugin.fixtures import MakeContainer
from strategies.edit import Edit
from strategies.edits import capabilities, do, mount, read, rootfs_propagation, tag, until

SHARED = "mount --bind rootfs rootfs; mount --make-shared rootfs; mkdir rootfs/late rootfs/inner"
FIELDS = {"shared": {"shared"}, "slave": {"master"}, "private": set(), "unbindable": {"unbindable"}}


def parameters(bugs: dict[str, str]) -> list[object]:
    """Each value as a parameter that is bound to its own requirement, with the fault that proves it."""
    return [pytest.param(name, marks=[musts(f"rootfs-propagation.{name}"), proved_by(bugs[name])]) for name in bugs]


def mounting(propagation: str, *edits: Edit) -> tuple[Edit, ...]:
    """A container that may mount, and whose root propagates in this way."""
    return (rootfs_propagation(propagation), capabilities("SYS_ADMIN"), *edits)


def mounts_below(made: Container) -> list[str]:
    """What is mounted on the host below the bundle."""
    return [line.partition(" ")[0] for line in made.scene.trial.mounts() if line.startswith(str(made.bundle.folder))]


@musts("rootfs-propagation", "rootfs-propagation.values", needs="runtime.host-kernel")
@pytest.mark.parametrize(
    "propagation",
    parameters(dict.fromkeys(FIELDS, "rootfs-propagation-dropped") | {"private": "rootfs-propagation-always-slave"}),
)
def test_the_root_has_the_propagation(container: MakeContainer, propagation: str) -> None:
    """The mount of the root is shared, a slave, private or unbindable, as the config says."""
    made = container(rootfs_propagation(propagation))
    made.prepare(SHARED)
    seen = propagation_of(mount_at(made.run().inside.mounts, "/").propagation)
    assert (seen & {"shared"} if propagation == "shared" else seen) == FIELDS[propagation]


@musts("rootfs-propagation")
@pytest.mark.parametrize(
    "propagation",
    parameters(
        dict.fromkeys(("private", "unbindable"), "rootfs-propagation-always-slave")
        | {"slave": "rootfs-propagation-dropped"}
    ),
)
def test_mounts_of_the_host_reach_only_a_slave(container: MakeContainer, propagation: str) -> None:
    """A mount that the host makes in the root filesystem appears in the container if its root is a slave."""
    made = container(*mounting(propagation, tag("ready"), until("/go"), read("/late/name")))
    made.prepare(SHARED)
    made.create()
    made.start()
    made.until_printed('{"tag":"ready"}')
    made.prepare("mount -t tmpfs late rootfs/late; echo late >rootfs/late/name; touch rootfs/go")
    expected = "late\n" if propagation == "slave" else None
    assert made.wait().action("read").content == expected


@musts("rootfs-propagation", "rootfs-propagation.shared.host")
@proved_by("namespace-mount-not-created")
@pytest.mark.parametrize("propagation", [*FIELDS])
def test_no_mount_leaves_the_container(container: MakeContainer, propagation: str) -> None:
    """Neither the mounts of the config nor those of the program appear on the host, whatever the propagation."""
    made = container(
        *mounting(propagation, mount("/run", type="tmpfs", source="tmpfs")),
        do("mount", "inner", "/inner", "tmpfs", "", ""),
        tag("mounted"),
        do("wait"),
    )
    made.prepare(SHARED)
    before = mounts_below(made)
    made.create()
    made.start()
    made.until_printed('{"tag":"mounted"}')
    assert made.observed().action("mount").errno is None
    assert mounts_below(made) == before


@musts("rootfs-propagation", "rootfs-propagation.shared.further")
@pytest.mark.parametrize(
    ("propagation", "expected"),
    [
        pytest.param("shared", True, marks=proved_by("rootfs-propagation-dropped")),
        *(
            pytest.param(name, False, marks=proved_by("rootfs-propagation-always-shared"))
            for name in ("slave", "private", "unbindable")
        ),
    ],
)
def test_mounts_of_a_nested_container_reach_only_a_shared_root(
    container: MakeContainer, propagation: str, expected: bool
) -> None:
    """A mount made in a mount namespace below the container's own appears in the container if its root is shared."""
    made = container(*mounting(propagation, do("wait")))
    made.prepare(SHARED)
    made.create()
    made.start()
    made.until_printed('{"verb":"wait"')
    process = dict(made.bundle.config["process"])
    process["args"] = ["/probe", "unshare", "mnt", "mount", "inner", "/inner", "tmpfs", "", ""]
    nested = made.exec(process=process)
    assert [action.errno for action in nested.actions] == [None, None]
    process["args"] = ["/probe", "report"]
    seen = made.exec(process=process).inside.mounts
    assert ("/inner" in [entry.point for entry in seen]) == expected


@musts("rootfs-propagation.unbindable", "rootfs-propagation.private")
@pytest.mark.parametrize(
    ("propagation", "expected"),
    [
        pytest.param("unbindable", "EINVAL", marks=proved_by("rootfs-propagation-dropped")),
        pytest.param("private", None, marks=proved_by("rootfs-propagation-always-unbindable")),
    ],
)
def test_an_unbindable_root_can_not_be_bound(container: MakeContainer, propagation: str, expected: str | None) -> None:
    """An unbindable root can not be the source of a bind mount, while a private one can."""
    made = container(*mounting(propagation, do("mount", "/", "/run", "none", "bind", "")))
    assert made.run().action("mount").errno == expected


@musts("rootfs-propagation.values", "create.environment.failure")
@proved_by("rootfs-propagation-unchecked")
def test_an_unknown_propagation_is_refused(container: MakeContainer) -> None:
    """A propagation that the specification does not know is refused; one that it knows is not."""
    made = container(rootfs_propagation("sideways"))
    with refused(made):
        made.create()
    made.reconfigure(rootfs_propagation("slave"))
    made.create()
