"""config.md, Mounts: every mount is there, in order, at its place inside, and is what its entry says."""

import pytest

from conformance import musts, proved_by, refused
from conformance.checks.mounts import flags_of, mount_at
from conformance.plugin.fixtures import MakeContainer, Run
from strategies.edits import bind, do, folder, mount, read, stat, tmpfs, write

#: A folder to bind, with a file in it, and a file beside it.
DATA = "mkdir data; echo here >data/name; echo alone >file"


@musts("mounts.order", "mounts")
@proved_by("mounts-reversed")
@pytest.mark.parametrize(
    ("first", "second", "expected"), [("outer", "inner", "inner\n"), ("inner", "outer", "outer\n")]
)
def test_mounts_are_made_in_the_listed_order(container: MakeContainer, first: str, second: str, expected: str) -> None:
    """A mount inside an earlier one is seen; a mount that a later one covers is not."""
    mounts = {"outer": bind("outer", "/mnt"), "inner": bind("inner", "/mnt/sub")}
    made = container(mounts[first], mounts[second], read("/mnt/sub/name"))
    made.prepare("mkdir -p outer/sub inner; echo outer >outer/sub/name; echo inner >inner/name")
    assert made.run().action("read").content == expected


@musts("mounts.order")
@proved_by("mounts-reversed")
def test_the_later_of_two_mounts_on_one_place_is_seen(container: MakeContainer) -> None:
    """Two mounts on one place are both made: the later one is on top, the earlier one below it."""
    made = container(bind("one", "/mnt"), bind("two", "/mnt"), read("/mnt/name"))
    made.prepare("mkdir one two; echo one >one/name; echo two >two/name")
    program = made.run()
    assert program.action("read").content == "two\n"
    assert [entry.root.rpartition("/")[2] for entry in program.inside.mounts if entry.point == "/mnt"] == [
        "one",
        "two",
    ]


@musts("mounts", "mounts.source")
@proved_by("mounts-last-dropped")
def test_every_mount_of_a_long_list_is_there(run: Run) -> None:
    """Each of many mounts is made, in order, with the source that its entry names."""
    wanted = [(f"/mnt/{number}", f"source-{number}") for number in range(40)]
    inside = run(*(mount(place, type="tmpfs", source=source) for place, source in wanted))
    assert [(entry.point, entry.source) for entry in inside.mounts if entry.point.startswith("/mnt")] == wanted


@musts("mounts.type", "mounts.type.filesystems")
@proved_by("mount-type-ignored")
def test_the_type_names_the_filesystem(run: Run) -> None:
    """The filesystem that is mounted is of the type that the entry names."""
    types = ["tmpfs", "ramfs", "devpts", "mqueue"]
    mounts = [mount(f"/mnt/{kind}", type=kind, source=kind) for kind in types]
    inside = run(*mounts, mount("/sys", type="sysfs", source="sysfs"))
    assert [mount_at(inside.mounts, f"/mnt/{kind}").type for kind in types] == types
    assert [mount_at(inside.mounts, place).type for place in ("/proc", "/sys")] == ["proc", "sysfs"]


@musts("mounts.type.bind", "mounts.source.bind", "mounts.options.bind")
@proved_by("mounts-dropped")
@pytest.mark.parametrize("kind", ["none", "bind", "tmpfs", "absent", "unheard-of"])
def test_the_type_of_a_bind_mount_means_nothing(container: MakeContainer, kind: str) -> None:
    """With the option bind the source is mounted, whatever the type says or whether there is one."""
    given = None if kind == "absent" else kind
    made = container(mount("/mnt", type=given, source="data", options=["bind"]), read("/mnt/name"))
    made.prepare(DATA)
    assert made.run().action("read").content == "here\n"


@musts("mounts.source.relative", "mounts.source.bind")
@proved_by("mounts-dropped")
@pytest.mark.parametrize("source", ["data", "./data/", "data/../data", "absolute", "link"])
def test_the_source_of_a_bind_mount_counts_from_the_bundle(container: MakeContainer, source: str) -> None:
    """A relative source counts from the bundle, wherever the runtime is called from; an absolute one is as it is."""
    made = container(read("/mnt/name"))
    made.prepare(f"{DATA}; ln -s data link")
    made.reconfigure(bind(str(made.bundle.folder / "data") if source == "absolute" else source, "/mnt"))
    assert made.run().action("read").content == "here\n"


@musts("mounts.options.bind", "mounts.source")
@proved_by("mounts-dropped")
def test_a_bind_mount_is_the_source_itself(container: MakeContainer) -> None:
    """What is written on one side of a bind mount is seen on the other, while the container runs."""
    made = container(bind("data", "/mnt"), bind("file", "/mnt/file"), do("wait"))
    made.prepare(f"{DATA}; touch data/file")
    made.create()
    made.start()
    made.until_printed('{"verb":"wait"')
    made.exec("/probe", "write", "/mnt/name", "inside", "write", "/mnt/file", "inside")
    assert (made.bundle.folder / "data" / "name").read_text() == "inside"
    assert (made.bundle.folder / "file").read_text() == "inside"
    (made.bundle.folder / "data" / "new").write_text("outside")
    assert made.exec("/probe", "read", "/mnt/new").action("read").content == "outside"


@musts("mounts.options.bind", "mounts.options.rbind")
@pytest.mark.parametrize(
    ("option", "expected"),
    [
        pytest.param("bind", [], marks=proved_by("mount-bind-recursive")),
        pytest.param("rbind", ["name"], marks=proved_by("mount-rbind-not-recursive")),
    ],
)
def test_only_rbind_takes_the_mounts_below_along(container: MakeContainer, option: str, expected: list[str]) -> None:
    """Rbind shows what is mounted below the source, at every depth; bind shows the bare folder below."""
    made = container(bind("data", "/mnt", option), folder("/mnt/sub"), folder("/mnt/sub/name"))
    made.prepare(
        "mkdir -p data/sub; mount -t tmpfs sub data/sub; mkdir data/sub/name; mount -t tmpfs deep data/sub/name;"
        "mkdir data/sub/name/name"
    )
    assert [action.names for action in made.run().actions] == [expected, expected]


@musts("mounts.source", "mounts")
@proved_by("mounts-dropped")
@pytest.mark.parametrize("place", ["/there", "/made", "/made/for/it", "/mnt/../made"])
def test_a_file_can_be_bound_onto_a_file(container: MakeContainer, place: str) -> None:
    """A file is mounted onto a file, which is made when it is missing, with the folders above it."""
    made = container(bind("file", place), read(place), stat(place))
    made.prepare(f"{DATA}; touch rootfs/there")
    program = made.run()
    assert program.action("read").content == "alone\n"
    assert program.action("stat").inode == (made.bundle.folder / "file").stat().st_ino


@musts("mounts.destination", "mounts")
@proved_by("mounts-dropped", "mount-destination-not-made")
@pytest.mark.parametrize("place", ["/made", "/made/for/it", "/mnt//made/", "/mnt/../made"])
def test_the_place_of_a_mount_is_made_when_it_is_missing(container: MakeContainer, place: str) -> None:
    """A folder is made for a mount whose destination does not exist, however the path is written."""
    made = container(tmpfs(place, "mode=0711"), stat(place), bind("data", f"{place}/more"), read(f"{place}/more/name"))
    made.prepare(DATA)
    program = made.run()
    assert program.action("stat").mode == 0o711
    assert program.action("read").content == "here\n"


@musts("mounts.destination.relative", "mounts.destination.relative.allowed")
@proved_by("mounts-dropped")
def test_a_relative_destination_counts_from_the_root(container: MakeContainer) -> None:
    """A destination that is relative is below the container's root."""
    made = container(bind("data", "made/for/it"), read("/made/for/it/name"))
    made.prepare(DATA)
    assert made.run().action("read").content == "here\n"


@musts("mounts.destination")
@proved_by("mounts-dropped")
@pytest.mark.parametrize(
    ("link", "place", "expected"),
    [
        ("real", "/link/below", "/real/below"),
        *(
            pytest.param(link, "/link", expected, marks=proved_by("mount-symlinks-escape"))
            for link, expected in (
                ("/real", "/real"),
                ("../../../../../../real", "/real"),
                ("/run/../../../real", "/real"),
                ("OUTSIDE", "OUTSIDE"),
            )
        ),
    ],
    ids=["relative", "absolute", "parents", "mixed", "outside"],
)
def test_links_in_a_destination_stay_inside(container: MakeContainer, link: str, place: str, expected: str) -> None:
    """A symbolic link in a destination is followed as the container sees it; no mount is made outside its root."""
    made = container(bind("data", place), do("wait"))
    outside = str(made.bundle.folder / "outside")
    made.prepare(f"{DATA}; mkdir outside rootfs/real; mkdir -p rootfs{outside}")
    made.prepare(f"ln -s {link.replace('OUTSIDE', outside)} rootfs/link")
    made.create()
    made.start()
    made.until_printed('{"verb":"wait"')
    seen = made.exec("/probe", "read", f"{expected.replace('OUTSIDE', outside)}/name", "read", f"{place}/name")
    assert [action.content for action in seen.actions] == ["here\n", "here\n"]
    assert list((made.bundle.folder / "outside").iterdir()) == []


@musts("mounts.source", "mounts.destination", "mounts.source.relative")
@proved_by("mounts-dropped")
@pytest.mark.parametrize("name", ["a b", "tab\tand\nline", "comma,colon:", "back\\slash", "ünï", "-o", "%s"])
def test_any_character_can_be_in_a_path(container: MakeContainer, name: str) -> None:
    """The source and the destination of a mount may have any character in their names."""
    made = container(bind(name, f"/mnt/{name}/in"), read(f"/mnt/{name}/in/name"))
    (made.bundle.folder / name).mkdir()
    (made.bundle.folder / name / "name").write_text("here")
    program = made.run()
    assert program.action("read").content == "here"
    assert mount_at(program.inside.mounts, f"/mnt/{name}/in")


@musts("mounts.source", "mounts.type.filesystems", "create.environment.failure")
@proved_by("mounts-dropped")
@pytest.mark.parametrize("broken", ["source", "type", "kind", "options"])
def test_a_mount_that_can_not_be_made_is_refused(container: MakeContainer, broken: str) -> None:
    """A missing source, an unknown filesystem, a folder onto a file and a bad option are refused."""
    entry = {
        "source": bind("missing", "/mnt"),
        "type": mount("/mnt", type="unheard-of", source="none"),
        "kind": bind("data", "/probe"),
        "options": tmpfs("/mnt", "size=many"),
    }[broken]
    made = container(tmpfs("/run"), entry)
    made.prepare(DATA)
    with refused(made):
        made.create()


@musts("mounts.type", "mounts.options.ro")
@proved_by("mounts-dropped")
def test_control_groups_can_be_mounted(run: Run) -> None:
    """A mount of the type cgroup shows the control groups, of one version or the other, read-only if it is to be so."""
    place = "/sys/fs/cgroup"
    entry = mount(place, type="cgroup", source="cgroup", options=["nosuid", "nodev", "noexec", "ro"])
    mounts = run(mount("/sys", type="sysfs", source="sysfs"), entry).mounts
    found = [found for found in mounts if found.point.startswith(place) and found.type.startswith("cgroup")]
    assert found
    assert [flags_of(each.options) for each in found] == [{"nosuid", "nodev", "noexec", "ro"}] * len(found)


@musts("mounts")
@proved_by("mounts-dropped")
def test_a_mount_needs_neither_options_nor_a_known_source(run: Run) -> None:
    """An entry without options and with any text as its source is a mount with the defaults, which can be written."""
    inside = run(mount("/mnt", type="tmpfs", source="any text"), write("/mnt/file", "text"))
    assert inside.action("write").errno is None
    assert mount_at(inside.mounts, "/mnt").source == "any text"
