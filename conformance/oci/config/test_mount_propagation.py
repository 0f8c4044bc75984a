"""config.md, Linux mount options: how mounts propagate between the source on the host and the mount inside.

The mount of the container's root is shared, since the specification leaves open what becomes of the mounts of the host
in the container's mount namespace without rootfsPropagation.
"""

from collections.abc import Collection

import pytest

from conformance import musts, proved_by
from conformance.checks.mounts import mount_at, propagation_of
from conformance.harness.container import Container
from conformance.plugin.fixtures import MakeContainer
from strategies.edits import bind, capabilities, do, read, rootfs_propagation, tag, tmpfs, until, write

#: A shared mount to bind, with a shared mount below it.
SHARED = """mkdir data && mount -t tmpfs data data && mount --make-shared data
mkdir data/sub data/late data/inner && mount -t tmpfs sub data/sub && mount --make-shared data/sub
mkdir data/sub/late data/sub/inner"""

FIELDS = {
    "shared": ("private", {"shared"}, set()),
    "rshared": ("private", {"shared"}, {"shared"}),
    "slave": ("shared", {"master"}, {"shared"}),
    "rslave": ("shared", {"master"}, {"master"}),
    "private": ("shared", set(), {"shared"}),
    "rprivate": ("shared", set(), set()),
    "unbindable": ("shared", {"unbindable"}, {"shared"}),
    "runbindable": ("shared", {"unbindable"}, {"unbindable"}),
}
#: Whether a mount of the host arrives inside, and whether one of the container arrives outside; for the mount itself.
WAYS = {
    "shared": (True, True),
    "slave": (True, False),
    "private": (False, False),
    "unbindable": (False, False),
    "rshared": (True, True),
    "rslave": (True, False),
    "rprivate": (False, False),
    "runbindable": (False, False),
}


def parameters(private: Collection[str]) -> list[object]:
    """Each option as a parameter that is bound to its own requirement; the ``private`` ones show no lack of them."""
    bugs = {
        name: "mount-propagation-always-rshared" if name in private else "mount-propagation-ignored" for name in WAYS
    }
    return [pytest.param(name, marks=[musts(f"mounts.options.{name}"), proved_by(bugs[name])]) for name in WAYS]


def has_mount(made: Container, path: str) -> bool:
    """Whether something is mounted on the host at a path below the bundle."""
    return any(line.startswith(f"{made.bundle.folder}/{path} ") for line in made.scene.trial.mounts())


@musts("mounts.options.mount8")
@pytest.mark.parametrize("option", parameters({"rprivate"}))
def test_propagation_is_set_on_the_mount(container: MakeContainer, option: str) -> None:
    """The mount has the propagation of its option; those below it have it with the recursive form alone."""
    before, above, below = FIELDS[option]
    made = container(rootfs_propagation("shared"), bind("data", "/mnt", "rbind", option))
    made.prepare(f"{SHARED}; mount --make-r{before} data")
    mounts = made.run().inside.mounts
    seen = [propagation_of(mount_at(mounts, point).propagation) for point in ("/mnt", "/mnt/sub")]
    assert seen == [above, below]


@musts("mounts.options.mount8")
@pytest.mark.parametrize("option", parameters([name for name in WAYS if WAYS[name] == (False, False)]))
def test_mounts_propagate_as_the_option_says(container: MakeContainer, option: str) -> None:
    """Mounts made later arrive inside if the mount is shared or a slave, and outside if it is shared."""
    place = "/sub" if option.startswith("r") else ""
    made = container(
        rootfs_propagation("shared"),
        capabilities("SYS_ADMIN"),
        bind("data", "/mnt", "rbind", option),
        do("mount", "inner", f"/mnt{place}/inner", "tmpfs", "", ""),
        tag("mounted"),
        until("/go"),
        read(f"/mnt{place}/late/name"),
    )
    made.prepare(SHARED)
    made.create()
    made.start()
    made.until_printed('{"tag":"mounted"}')
    leaves = has_mount(made, f"data{place}/inner")
    made.prepare(f"mount -t tmpfs late data{place}/late; echo late >data{place}/late/name; touch rootfs/go")
    program = made.wait()
    assert program.action("mount").errno is None
    assert (program.action("read").content == "late\n", leaves) == WAYS[option]


@musts("mounts.options.unbindable", "mounts.options.private")
@pytest.mark.parametrize(
    ("option", "expected"),
    [
        pytest.param("unbindable", "EINVAL", marks=proved_by("mount-propagation-ignored")),
        pytest.param("private", None, marks=proved_by("mount-private-unbindable")),
    ],
)
def test_an_unbindable_mount_can_not_be_bound(container: MakeContainer, option: str, expected: str | None) -> None:
    """An unbindable mount can not be the source of a further bind mount, while a private one can."""
    made = container(
        capabilities("SYS_ADMIN"), bind("data", "/mnt", option), do("mount", "/mnt", "/run", "none", "bind", "")
    )
    made.prepare("mkdir data")
    assert made.run().action("mount").errno == expected


@musts("namespaces.mount", "mounts.options.bind")
@proved_by("namespace-mount-not-created")
@pytest.mark.parametrize("option", ["bind", "rbind"])
def test_mounts_of_the_config_stay_inside(container: MakeContainer, option: str) -> None:
    """Without an option that says so, no mount of the container appears outside, neither in a source nor elsewhere."""
    made = container(bind("data", "/mnt", option), tmpfs("/mnt/inner"), write("/mnt/inner/file", "text"), do("wait"))
    made.prepare(SHARED)
    before = made.scene.trial.mounts()
    made.create()
    made.start()
    made.until_waiting()
    assert made.observed().action("write").errno is None
    assert made.scene.trial.mounts() == before
