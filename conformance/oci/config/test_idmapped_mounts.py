"""config.md, POSIX-platform Mounts: uidMappings and gidMappings, with the options idmap and ridmap.

The number that a mapping calls containerID is the owner in the source, hostID is the owner that the mount shows.  The
source lies on a tmpfs, which can be mapped since Linux 6.3.
"""

import pytest

from conformance import musts, proved_by, refused
from conformance.checks.mounts import flags_of, mount_at
from conformance.harness.container import Container
from conformance.harness.observed import Program
from conformance.plugin.fixtures import MakeContainer
from strategies.edit import Edit
from strategies.edits import gid_mapping, mount, namespace, stat, uid_mapping, user, write

MAPPABLE = "kernel.6.3"
Mappings = tuple[list[tuple[int, int, int]] | None, list[tuple[int, int, int]] | None]
UIDS, GIDS = [(0, 1000, 10), (50, 3000, 2)], [(0, 2000, 10), (60, 4000, 2)]
#: A folder to bind that all may write to, with files in it that are not root's.
DATA = """mkdir -m 777 data && mkdir -m 777 data/sub
touch data/file data/other && chown 3:4 data/file && chown 51:61 data/other"""


def mapped(made: Container, *options: str, ids: Mappings = (UIDS, GIDS)) -> Container:
    """The same container with a bind mount of data with these options and mappings."""
    made.prepare(DATA)
    source = str(made.bundle.folder / "data")
    uids, gids = ids
    made.reconfigure(mount("/mnt", type="none", source=source, options=options, uid_mappings=uids, gid_mappings=gids))
    return made


def owners(program: Program) -> list[tuple[int, int]]:
    """The user and group of each file that the program looked at."""
    return [(action.uid, action.gid) for action in program.actions if action.verb == "stat"]


def in_a_user_namespace() -> tuple[Edit, ...]:
    """A user namespace whose users are 100000 and up on the host, its groups 200000 and up."""
    return (namespace("user"), uid_mapping(0, 100000, 65536), gid_mapping(0, 200000, 65536))


@musts("mounts.options.idmap", "mounts.options.idmap.mappings", needs=MAPPABLE)
@musts("mounts.uid-mappings", "mounts.gid-mappings", "mounts.uid-mappings.format")
@proved_by("mount-idmap-ignored", "mount-gid-mappings-are-uid")
@pytest.mark.parametrize("options", [("bind", "idmap"), ("bind",)], ids=["idmap", "mappings-alone"])
def test_owners_are_mapped_in_the_mount(container: MakeContainer, options: tuple[str, ...]) -> None:
    """Users and groups of the source appear mapped by every range of their own mappings."""
    made = mapped(container(stat("/mnt"), stat("/mnt/file"), stat("/mnt/other")), *options)
    assert owners(made.run()) == [(1000, 2000), (1003, 2004), (3001, 4001)]


@musts("mounts.uid-mappings", "mounts.source.relative", needs=MAPPABLE)
@proved_by("mount-idmap-ignored")
def test_a_mapped_source_counts_from_the_bundle(container: MakeContainer) -> None:
    """A relative source of a mapped mount counts from the bundle, as any other."""
    entry = mount("/mnt", type="none", source="data", options=["bind", "idmap"], uid_mappings=UIDS, gid_mappings=GIDS)
    made = container(entry, stat("/mnt/file"))
    made.prepare(DATA)
    assert owners(made.run()) == [(1003, 2004)]


@musts("mounts.uid-mappings", "mounts.gid-mappings", "mounts.options.idmap.mappings", needs=MAPPABLE)
@proved_by("mount-idmap-ignored")
def test_new_files_get_the_mapped_owner(container: MakeContainer) -> None:
    """A file that is made through the mount belongs in the source to whom its maker is mapped from."""
    made = mapped(container(user(1005, 2006), write("/mnt/new", "text")), "bind", "idmap")
    assert made.run().action("write").errno is None
    new = (made.bundle.folder / "data" / "new").stat()
    assert (new.st_uid, new.st_gid) == (5, 6)


@musts("mounts.options.idmap", "mounts.options.ridmap", "mounts.options.ridmap.mappings", needs=MAPPABLE)
@proved_by("mount-idmap-ignored")
@pytest.mark.parametrize(("option", "expected"), [("ridmap", (1003, 2004)), ("idmap", (3, 4))])
def test_only_ridmap_maps_the_mounts_below(container: MakeContainer, option: str, expected: tuple[int, int]) -> None:
    """Ridmap maps the mount and those below it, idmap the mount alone."""
    made = mapped(container(stat("/mnt/file"), stat("/mnt/sub")), "rbind", option)
    made.prepare("mount -t tmpfs -o uid=3,gid=4 sub data/sub")
    assert owners(made.run()) == [(1003, 2004), expected]


@musts("mounts.options.idmap", "mounts.options", needs=MAPPABLE)
@proved_by("mount-idmap-ignored")
def test_a_mapped_mount_keeps_its_other_options(container: MakeContainer) -> None:
    """The other options of a mapped mount hold as well, and idmap is not among those that the kernel sees."""
    program = mapped(container(stat("/mnt/file")), "bind", "idmap", "ro", "nosuid", "noexec").run()
    assert owners(program) == [(1003, 2004)]
    assert flags_of(mount_at(program.inside.mounts, "/mnt").options) - {"idmapped"} == {"ro", "nosuid", "noexec"}


@musts("mounts.options.idmap", "mounts.options.ridmap", needs=(MAPPABLE, "namespace.user"))
@musts("mounts.options.idmap.user-namespace", "mounts.options.ridmap.user-namespace")
@proved_by("mount-idmap-ignored")
@pytest.mark.parametrize("option", ["idmap", "ridmap"])
def test_without_mappings_those_of_the_user_namespace_are_used(container: MakeContainer, option: str) -> None:
    """In a user namespace a mapped mount without mappings shows the owners that the source has."""
    made = container(*in_a_user_namespace(), stat("/mnt/file"), stat("/mnt/other"))
    assert owners(mapped(made, "rbind", option, ids=(None, None)).run()) == [(3, 4), (51, 61)]


@musts("mounts.options.idmap.mappings", "mounts.uid-mappings", needs=(MAPPABLE, "namespace.user"))
@proved_by("mount-idmap-ignored")
def test_mappings_of_the_mount_go_before_those_of_the_user_namespace(container: MakeContainer) -> None:
    """In a user namespace, a mount with mappings of its own is mapped by them."""
    made = container(*in_a_user_namespace(), stat("/mnt/file"))
    assert owners(mapped(made, "bind", "idmap", ids=([(0, 100100, 10)], [(0, 200200, 10)])).run()) == [(103, 204)]


@musts("mounts.options.idmap.without-mappings", "mounts.options.ridmap.without-mappings", needs=MAPPABLE)
@proved_by("mount-idmap-needs-no-mappings")
@pytest.mark.parametrize("option", ["idmap", "ridmap"])
def test_a_mapping_without_mappings_is_refused(container: MakeContainer, option: str) -> None:
    """Without mappings, neither of its own nor of a user namespace, a mapped mount can not be created."""
    made = mapped(container(), "rbind", option, ids=(None, None))
    with refused(made):
        made.create()


@musts("mounts.uid-mappings.with-gid", "mounts.gid-mappings.with-uid", "create.environment.failure", needs=MAPPABLE)
@proved_by("mount-mappings-alone-accepted")
@pytest.mark.parametrize("ids", [(UIDS, None), (None, GIDS)], ids=["users", "groups"])
def test_one_kind_of_mappings_alone_is_refused(container: MakeContainer, ids: Mappings) -> None:
    """A mount with mappings of users and none of groups, or of groups and none of users, can not be created."""
    made = mapped(container(), "bind", "idmap", ids=ids)
    with refused(made):
        made.create()
