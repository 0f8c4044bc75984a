"""config.md, Linux mount options: those of the table do what mount(8) says, on new filesystems and on bind mounts."""

import os

import pytest

from conformance import musts, proved_by
from conformance.checks.mounts import flags_of, mount_at
from conformance.plugin.fixtures import MakeContainer, Run
from strategies.edit import Edit
from strategies.edits import args, bind, do, mount, read, tmpfs, write

PLACES = ("/mnt/tmpfs", "/mnt/bind", "/mnt/file")
#: A folder to bind: a program with the set-user-id bit of user 1000, the null device, a link and a file.
DATA = """mkdir data
cp rootfs/probe data/suid && chown 1000:1001 data/suid && chmod 6755 data/suid
mknod -m 666 data/null c 1 3
echo here >data/name; ln -s name data/link"""
Options = tuple[str, ...]
Cases = list[tuple[Options, bool]]


def contest(option: str, opposite: str) -> pytest.MarkDecorator:
    """Two parametrisations: each of two options alone and neither of them, and both with the one or other last."""
    alone = [((), False), ((option,), False), ((opposite,), True)]
    both = [((opposite, option), False), ((option, opposite), True)]
    return pytest.mark.parametrize("cases", [alone, both], ids=["alone", "contradicting"])


def on_each(*options: str) -> tuple[Edit, ...]:
    """A new filesystem, and bind mounts of a folder and of a file, with the same options."""
    return (tmpfs(PLACES[0], *options), bind("data", PLACES[1], *options), bind("data/name", PLACES[2], *options))


def flags_with(make: MakeContainer, *options: str) -> set[frozenset[str]]:
    """The flags that mounts of each kind get from these options, but for the kernel's defaults."""
    made = make(*on_each(*options))
    made.prepare(DATA)
    mounts = made.run().inside.mounts
    return {frozenset(flags_of(mount_at(mounts, place).options)) for place in PLACES}


def errors_of_each(make: MakeContainer, cases: Cases, *verbs: str) -> list[str | None]:
    """What a verb says about a path of data that is bound with the options of each case, in order."""
    first, path, *rest = verbs
    binds = [bind("data", f"/mnt/{number}", *options) for number, (options, _) in enumerate(cases)]
    made = make(*binds, *(do(first, f"/mnt/{number}/{path}", *rest) for number in range(len(cases))))
    made.prepare(DATA)
    return [action.errno for action in made.run().actions]


@musts("mounts.options.ro", "mounts.options.rw", "mounts.options")
@proved_by("mount-ro-ignored")
@contest("rw", "ro")
def test_ro_decides_about_writing(container: MakeContainer, cases: Cases) -> None:
    """A mount of each kind can be written, but not with ro; of two that contradict each other the later one counts."""
    edits: list[Edit] = []
    for number, (options, _) in enumerate(cases):
        places = [f"/mnt/{number}/{kind}" for kind in ("tmpfs", "bind", "rbind", "file")]
        edits += [tmpfs(places[0], *options), bind("data/name", places[3], *options)]
        edits += [
            bind("data", place, kind, *options) for place, kind in zip(places[1:3], ("bind", "rbind"), strict=True)
        ]
        edits += [*(write(f"{place}/new", "text") for place in places[:3]), write(places[3], "text")]
    made = container(*edits)
    made.prepare(DATA)
    errors = [action.errno for action in made.run().actions]
    assert errors == [error for _, refused in cases for error in ["EROFS" if refused else None] * 4]


@musts("mounts.options.ro", "mounts.options", "mounts.type")
@proved_by("mount-options-dropped")
@pytest.mark.parametrize("kind", ["proc", "sysfs", "devpts", "mqueue", "ramfs"])
def test_flags_hold_for_filesystems_of_every_type(run: Run, kind: str) -> None:
    """The flags of a mount hold whatever the type of the filesystem, also where runtimes know it."""
    place = {"proc": "/proc", "sysfs": "/sys", "devpts": "/dev/pts", "mqueue": "/dev/mqueue", "ramfs": "/mnt"}[kind]
    flags = ("nosuid", "nodev", "noexec", "noatime", *(() if kind == "proc" else ("ro",)))
    inside = run(mount(place, type=kind, source=kind, options=flags, replaces=place))
    assert flags_of(mount_at(inside.mounts, place).options) == {*flags}


@musts("mounts.options.ro")
@proved_by("mount-ro-ignored")
def test_ro_is_a_property_of_the_mount_alone(container: MakeContainer) -> None:
    """A read-only bind mount leaves the source as it is: on the host, and where it is bound a second time."""
    mounts = (bind("data", "/mnt", "ro"), bind("data", "/run"))
    made = container(*mounts, write("/run/new", "text"), write("/mnt/new", "more"))
    made.prepare(f"{DATA}; mount --bind data data")
    made.create()
    outside = os.statvfs(made.outside("data")).f_flag
    made.start()
    assert [action.errno for action in made.wait().actions] == [None, "EROFS"]
    assert not outside & os.ST_RDONLY


@musts("mounts.options.suid", "mounts.options.nosuid")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param((), 1000, id="none", marks=proved_by("mount-always-restricted")),
        pytest.param(("suid",), 1000, id="suid", marks=proved_by("mount-always-restricted")),
        pytest.param(("nosuid",), 0, id="nosuid", marks=proved_by("mount-nosuid-ignored")),
        pytest.param(("nosuid", "suid"), 1000, id="nosuid-suid", marks=proved_by("mount-options-first-wins")),
        pytest.param(("suid", "nosuid"), 0, id="suid-nosuid", marks=proved_by("mount-options-first-wins")),
    ],
)
def test_nosuid_decides_about_set_user_id_programs(container: MakeContainer, options: Options, expected: int) -> None:
    """A set-user-id program runs as its owner, but from a mount with nosuid it runs as the one who calls it."""
    made = container(bind("data", "/mnt", *options), args("/mnt/suid", "report"))
    made.prepare(DATA)
    assert made.run().inside.uid.effective == expected


@musts("mounts.options.dev", "mounts.options.nodev")
@proved_by("mount-nodev-ignored")
@contest("dev", "nodev")
def test_nodev_decides_about_device_nodes(container: MakeContainer, cases: Cases) -> None:
    """A device node can be opened, but not on a mount with nodev."""
    expected = ["EACCES" if refused else None for _, refused in cases]
    assert errors_of_each(container, cases, "open", "null", "rw") == expected


@musts("mounts.options.exec", "mounts.options.noexec")
@proved_by("mount-noexec-ignored")
@contest("exec", "noexec")
def test_noexec_decides_about_programs(container: MakeContainer, cases: Cases) -> None:
    """A program can be executed, but not from a mount with noexec."""
    expected = ["EACCES" for _, refused in cases if refused]
    assert errors_of_each(container, cases, "exec", "suid") == expected


@musts("mounts.options", "mounts.parameters")
@proved_by("mount-options-dropped")
@pytest.mark.parametrize(
    "flag",
    [
        pytest.param(flag, marks=musts(f"mounts.options.{flag}"))
        for flag in ("ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime")
    ],
)
def test_a_flag_sets_itself_alone(container: MakeContainer, flag: str) -> None:
    """A mount with one option has that flag and no other, be it a new filesystem, a bound folder or a bound file."""
    assert flags_with(container, flag) == {frozenset({flag})}


@musts("mounts.options", "mounts.parameters", "mounts.options.implemented", "mounts.options.listed")
@proved_by("mount-options-first-only")
def test_all_flags_hold_together(container: MakeContainer) -> None:
    """A mount with many options has all of them, and one without any has none."""
    flags = ("ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime")
    assert flags_with(container, *flags) == {frozenset(flags)}
    assert flags_with(container) == {frozenset()}


OPPOSITES = {
    "rw": "ro",
    "suid": "nosuid",
    "dev": "nodev",
    "exec": "noexec",
    "atime": "noatime",
    "diratime": "nodiratime",
}


@musts("mounts.options.mount8", "mounts.parameters")
@proved_by("mount-options-first-wins")
@pytest.mark.parametrize(
    "option", [pytest.param(option, marks=musts(f"mounts.options.{option}")) for option in OPPOSITES]
)
def test_an_option_takes_its_opposite_back(container: MakeContainer, option: str) -> None:
    """An option takes back an earlier opposite, and nothing else that was set."""
    other = "noexec" if option != "exec" else "nodev"
    assert flags_with(container, OPPOSITES[option], other, option) == {frozenset({other})}


@proved_by("mount-rare-options-unknown")
@pytest.mark.parametrize(
    "option",
    [
        *(
            pytest.param(option, marks=musts("mounts.options.mount8", f"mounts.options.{option}"))
            for option in ("defaults", "silent", "loud", "iversion", "noiversion", "async", "nolazytime")
        ),
        *(pytest.param(option, marks=musts(f"mounts.options.{option}")) for option in ("mand", "nomand")),
    ],
)
def test_an_option_without_a_visible_effect_is_understood(container: MakeContainer, option: str) -> None:
    """An option that can not be seen from inside is no error, and keeps none after it from its effect."""
    assert flags_with(container, option, "nosuid", "noexec") == {frozenset({"nosuid", "noexec"})}


@musts("mounts.options.remount", "mounts.options.ro")
@proved_by("mount-remount-ignored")
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_remount_changes_the_mount_that_is_there(container: MakeContainer, kind: str) -> None:
    """Remount gives an existing mount other flags: it makes no further mount, and what is in the old one stays."""
    words = ["bind"] if kind == "bind" else []
    entry = bind("data", "/mnt", "bind") if kind == "bind" else tmpfs("/mnt", "mode=0711")
    source = "data" if kind == "bind" else "tmpfs"
    again = mount("/mnt", type="tmpfs", source=source, options=[*words, "remount", "ro", "nosuid"])
    made = container(entry, bind("data", "/mnt/name"), again, write("/mnt/new", "text"), read("/mnt/name/name"))
    made.prepare(f"{DATA}; rm data/name; mkdir data/name; echo here >data/name/name")
    program = made.run()
    assert program.action("write").errno == "EROFS"
    assert [entry.point for entry in program.inside.mounts].count("/mnt") == 1
    assert flags_of(mount_at(program.inside.mounts, "/mnt").options) == {"ro", "nosuid"}


@musts("mounts.options.symfollow", "mounts.options.nosymfollow", needs="kernel.5.10")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param((), None, id="none", marks=proved_by("mount-always-restricted")),
        pytest.param(("nosymfollow",), "ELOOP", id="nosymfollow", marks=proved_by("mount-nosymfollow-ignored")),
        pytest.param(("nosymfollow", "symfollow"), None, id="symfollow", marks=proved_by("mount-options-first-wins")),
    ],
)
def test_nosymfollow_decides_about_links(
    container: MakeContainer, options: tuple[str, ...], expected: str | None
) -> None:
    """A symbolic link is followed, but not on a mount with nosymfollow."""
    made = container(bind("data", "/mnt", *options), read("/mnt/link"), read("/mnt/name"))
    made.prepare(DATA)
    assert [action.errno for action in made.run().actions] == [expected, None]
