"""config-linux.md, User namespace mappings: whom the ids of a container stand for outside."""

import pytest

from conformance import musts, proved_by, refused
from conformance.harness.namespaces import MAPPED, ids_outside
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import Edit
from strategies.edits import additional_gids, bind, gid_mapping, namespace, put, uid_mapping, user, write

#: Ranges of ids: inside, outside, count.  Zero is in all of them, since the program needs a user.
RANGES = {
    "one": [(0, 100000, 1)],
    "two": [(0, 100000, 10), (10, 300000, 7)],
    "gaps": [(0, 500000, 1), (1000, 100000, 5), (70000, 1, 3)],
    "five": [(number * 100, 1000000 - number * 1000, number + 1) for number in range(5)],
    "many": [(number * 10, 1000000 + number * 10, 3) for number in range(40)],
    "high": [(0, 3000000000, 65536), (4000000000, 0, 2)],
    "all": [(0, 0, 4294967294)],
}


def mapped(uids: list[tuple[int, int, int]], gids: list[tuple[int, int, int]]) -> list[Edit]:
    """The edits for a user namespace with these ranges."""
    return [
        namespace("user"),
        *(uid_mapping(*entry) for entry in uids),
        *(gid_mapping(*entry) for entry in gids),
    ]


@musts("user-mappings.uid", "user-mappings.gid", needs="runtime.host-kernel")
@musts("user-mappings.container-id", "user-mappings.host-id", "user-mappings.size")
@proved_by("uid-mappings-shifted", "gid-mappings-shifted", "gid-mappings-are-uid")
@pytest.mark.parametrize("ranges", RANGES)
def test_ids_are_mapped(run: Run, ranges: str) -> None:
    """Every range of user and group ids is mapped to the ids outside that the config names, and no other id is."""
    uids, gids = RANGES[ranges], [(inside, outside + 1, count) for inside, outside, count in RANGES[ranges]]
    report = run(*mapped(uids, gids))
    assert sorted(report.uid_map or []) == sorted(uids)
    assert sorted(report.gid_map or []) == sorted(gids)


@musts("user-mappings.uid", "user-mappings.gid", needs=("runtime.host-kernel", "command.exec"))
@proved_by("uid-mappings-shifted", "gid-mappings-first-only")
def test_a_further_process_has_the_same_mappings(bring: Bring) -> None:
    """A process that is executed in the container has its mappings."""
    inside = bring("running", *mapped(RANGES["two"], RANGES["gaps"])).exec().inside
    assert inside.uid_map == RANGES["two"]
    assert inside.gid_map == RANGES["gaps"]


@musts("user-mappings.uid", "user-mappings.gid", needs="runtime.host-kernel")
@proved_by("uid-mappings-shifted", "gid-mappings-are-uid")
@pytest.mark.parametrize("ids", [(0, 0), (7, 9)], ids=["root", "user"])
def test_the_program_has_the_mapped_ids_outside(bring: Bring, ids: tuple[int, int]) -> None:
    """The ids of process.user are those inside; outside the process has the ids that they are mapped to."""
    uid, gid = ids
    container = bring("running", *MAPPED, user(uid, gid))
    inside = container.observed().inside
    assert (inside.uid.effective, inside.gid.effective) == (uid, gid)
    assert ids_outside(container)[:2] == [[100000 + uid] * 4, [200000 + gid] * 4]


@musts("user-mappings.gid", needs="runtime.host-kernel")
@proved_by("gid-mappings-shifted")
def test_further_groups_are_mapped(bring: Bring) -> None:
    """The additional groups of the program are those that the mapping leads to."""
    container = bring("running", *MAPPED, additional_gids(5, 70))
    assert set(container.observed().inside.groups) >= {5, 70}
    assert {200005, 200070} <= set(ids_outside(container)[2])


@musts("user-mappings.uid", "user-mappings.gid")
@proved_by("uid-mappings-shifted", "gid-mappings-are-uid")
def test_what_the_program_makes_belongs_to_the_mapped_ids(container: MakeContainer) -> None:
    """A file that the program makes belongs, outside, to the ids that the mapping leads to."""
    made = container(*MAPPED, user(7, 9), write("/run/made", ""))
    made.prepare("chmod 777 rootfs/run")
    assert made.run().action("write").errno is None
    owner = (made.bundle.rootfs / "run" / "made").stat()
    assert (owner.st_uid, owner.st_gid) == (100007, 200009)


@musts("user-mappings.ownership")
@proved_by("mapped-root-given-away")
def test_the_root_filesystem_keeps_its_owners(container: MakeContainer) -> None:
    """The owners of the root filesystem and of what is bound into it are not changed to suit the mapping."""
    made = container(*MAPPED)
    made.prepare("mkdir shared && touch shared/file && chown 5:6 shared/file rootfs/mnt")
    made.reconfigure(bind(str(made.bundle.folder / "shared"), "/mnt"))
    looked = [made.bundle.folder / name for name in ("rootfs", "rootfs/probe", "rootfs/mnt", "shared/file")]
    before = [(path.stat().st_uid, path.stat().st_gid) for path in looked]
    made.run()
    assert [(path.stat().st_uid, path.stat().st_gid) for path in looked] == before


@musts("user-mappings.uid", "user-mappings.gid", "create.unapplicable")
@proved_by("mappings-made-to-fit")
@pytest.mark.parametrize(
    "ranges",
    [[(0, 100000, 0)], [(0, 100000, 10), (5, 200000, 10)], [(0, 100000, 10), (10, 100005, 10)]],
    ids=["empty", "overlap-inside", "overlap-outside"],
)
@pytest.mark.parametrize("which", ["uid", "gid"])
def test_a_mapping_that_the_kernel_refuses_is_refused(
    container: MakeContainer, which: str, ranges: list[tuple[int, int, int]]
) -> None:
    """Ranges that are empty or overlap can not be mapped, which is an error."""
    sound = [(0, 100000, 10)]
    made = container(*(mapped(ranges, sound) if which == "uid" else mapped(sound, ranges)))
    with refused(made):
        made.create()


@musts("user-mappings.size", "user-mappings.host-id", "user-mappings.container-id")
@proved_by("mappings-made-to-fit")
@pytest.mark.parametrize("field", ["containerID", "hostID", "size"])
@pytest.mark.parametrize("value", [-1, 1 << 32, "sea"], ids=["negative", "large", "text"])
def test_a_number_that_is_no_id_is_refused(container: MakeContainer, field: str, value: object) -> None:
    """The numbers of a mapping have 32 bits and no sign; others are an error."""
    made = container(*MAPPED, put(f"linux.uidMappings.0.{field}", value))
    with refused(made):
        made.create()
