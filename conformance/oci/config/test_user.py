"""config.md, User: user, groups and umask of the program."""

import pytest

from conformance import musts, proved_by
from conformance.harness.observed import Inside
from conformance.harness.refusal import never_runs
from conformance.plugin.fixtures import Bring, MakeContainer, Run
from strategies.edit import Edit, edited
from strategies.edits import (
    additional_gids,
    gid_mapping,
    namespace,
    opened,
    put,
    uid_mapping,
    umask,
    user,
)


def ids(inside: Inside) -> tuple[set[int], set[int]]:
    """The user ids of the program, and its group ids: real, effective and saved, from which the fourth follows."""
    user_ids, group_ids = ({kind.real, kind.effective, kind.saved} for kind in (inside.uid, inside.gid))
    return user_ids, group_ids


def further_groups(inside: Inside) -> list[int]:
    """The supplementary groups but for the group itself, which may be among them."""
    group = inside.gid.real
    return sorted(set(inside.groups) - {group})


@musts("process.user", "process.user.uid", "process.user.gid")
@pytest.mark.parametrize(
    ("uid", "gid"),
    [
        pytest.param(1001, 1002, marks=proved_by("uid-ignored", "gid-ignored", "ids-swapped", "gid-is-uid"), id="both"),
        pytest.param(0, 1003, marks=proved_by("gid-ignored", "ids-swapped", "gid-is-uid"), id="group"),
        pytest.param(1004, 0, marks=proved_by("uid-ignored", "ids-swapped", "gid-is-uid"), id="user"),
        pytest.param(70001, 2147483647, marks=proved_by("ids-cut-to-16-bits"), id="large"),
    ],
)
def test_the_program_runs_as_the_user(run: Run, uid: int, gid: int) -> None:
    """All user ids of the program are the configured one, and so are all its group ids."""
    assert ids(run(user(uid, gid))) == ({uid}, {gid})


@musts("process.user.additional-gids")
@proved_by("additional-gids-dropped", "additional-gids-first-only", "gids-last-dropped")
@pytest.mark.parametrize(("uid", "gids"), [(1000, [70002, 6, 0, 5]), (0, [*range(3000, 3040)])], ids=["user", "root"])
def test_the_program_has_its_further_groups(run: Run, uid: int, gids: list[int]) -> None:
    """The supplementary groups are the configured ones."""
    assert further_groups(run(user(uid, 1000, additional_gids=gids))) == sorted(gids)


@musts("process.user.additional-gids", "process.user")
@proved_by("gids-root-added")
@pytest.mark.parametrize("change", [user(1000, 1000), user(1000, 1000, additional_gids=[])], ids=["absent", "empty"])
def test_without_further_groups_there_are_none(run: Run, change: Edit) -> None:
    """Without additional groups the program has no group but its own, whatever groups the caller has."""
    assert further_groups(run(change)) == []


@musts("process.user.additional-gids", "process.user", needs="program.setpriv")
@proved_by("additional-gids-inherited")
@pytest.mark.parametrize("gids", [None, [5]], ids=["none", "other"])
def test_groups_of_the_caller_are_dropped(container: MakeContainer, gids: list[int] | None) -> None:
    """The groups of the process that calls the runtime are none of the program's."""
    made = container(user(1000, 1000, additional_gids=gids))
    made.create(under='set -- setpriv --groups 7,70003 "$@"')
    made.start()
    assert further_groups(made.wait().inside) == (gids or [])


@musts("process.user.uid", "process.user.gid", "process.user.additional-gids")
@proved_by("additional-gids-dropped", "uid-ignored", "gid-ignored")
def test_files_can_be_read_by_their_owners_only(container: MakeContainer) -> None:
    """The program can open what its user, group and further groups may open, and nothing else."""
    files = ("/tmp/user", "/tmp/group", "/tmp/further", "/tmp/other")
    made = container(user(1001, 1002, additional_gids=[1003]), *map(opened, files))
    made.prepare(
        "cd rootfs/tmp; touch user group further other; chmod 400 user other; chmod 040 group further;"
        "chown 1001:9 user; chown 9:1002 group; chown 9:1003 further; chown 1004:1004 other"
    )
    program = made.run()
    assert [program.action("open", index).errno for index in range(4)] == [None, None, None, "EACCES"]


@musts("process.user.uid")
@proved_by("uid-ignored")
def test_ids_are_not_names(container: MakeContainer) -> None:
    """A user of the image whose name is a number does not stand for another user id."""
    made = container(user(1000, 1000))
    made.prepare(
        "mkdir rootfs/etc; echo 1000:x:0:0::/:/probe >rootfs/etc/passwd; echo '1000:x:0:1000' >rootfs/etc/group"
    )
    inside = made.run().inside
    assert ids(inside) == ({1000}, {1000})
    assert further_groups(inside) == []


@musts(
    "process.user.uid",
    "process.user.gid",
    "process.user.additional-gids",
    needs=("runtime.host-kernel", "namespace.user"),
)
@proved_by(
    "uid-mappings-shifted", "gid-mappings-shifted", "gid-mappings-are-uid", "uid-ignored", "namespace-user-not-created"
)
def test_ids_count_in_the_user_namespace(container: MakeContainer) -> None:
    """In a user namespace the ids are those inside; outside they are what the mapping makes of them."""
    mappings = (uid_mapping(0, 100000, 1000), gid_mapping(0, 200000, 1000))
    made = container(namespace("user"), *mappings, user(5, 6, additional_gids=[7]), put("process.args.2", "wait"))
    made.prepare("chown -R 100000:200000 rootfs; chmod 755 .")
    made.create()
    made.start()
    made.until_waiting()
    inside = made.observed().inside
    assert (ids(inside), further_groups(inside)) == (({5}, {6}), [7])
    status = made.read(made.proc / "status")
    assert "Uid:\t100005\t100005\t100005\t100005\nGid:\t200006\t200006\t200006\t200006\n" in status
    made.kill("KILL")
    made.wait()


@musts("process.umask")
@proved_by("umask-inverted")
@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(0, marks=proved_by("umask-zero-ignored", "umask-ignored"), id="none"),
        pytest.param(0o027, marks=proved_by("umask-ignored"), id="some"),
    ],
)
def test_the_program_has_its_umask(run: Run, mask: int) -> None:
    """The umask of the program is the configured one, and 0 is one like others."""
    assert run(user(1000, 1000, umask=mask)).umask == mask


@musts("process.umask.unset")
@proved_by("umask-always-set")
def test_without_a_umask_that_of_the_caller_stays(container: MakeContainer) -> None:
    """Without umask in the config the program has that of the process that called the runtime."""
    made = container()
    made.create(under="umask 027")
    made.start()
    assert made.wait().inside.umask == 0o027


@musts("process.user.uid", "process.user.gid", "process.user.additional-gids", "process.umask", "valid-values.invalid")
@proved_by("invalid-values-ignored")
@pytest.mark.parametrize(
    "change",
    [
        user(-1, 0),
        user(0, -1),
        additional_gids(5, -1),
        put("process.user.uid", "root"),
        put("process.user.gid", "0"),
        put("process.user.additionalGids", 5),
        put("process.user.umask", "022"),
        user(2**32, 0),
        user(0, 2**32 + 5),
    ],
    ids=["uid", "gid", "gids", "uid-text", "gid-text", "gids-number", "umask-text", "uid-beyond", "gid-beyond"],
)
def test_ids_that_can_not_be_are_refused(container: MakeContainer, change: Edit) -> None:
    """Ids that are no numbers, or no ids that a kernel knows, are invalid values."""
    never_runs(container(change))


@musts("process.user", "process.user.additional-gids", needs="command.exec")
@proved_by("exec-user-ignored", "exec-gids-dropped")
def test_exec_inherits_the_user(bring: Bring) -> None:
    """A process executed later runs as the config's user, with its groups."""
    inside = bring("running", user(1001, 1002, additional_gids=[1003, 1004])).exec().inside
    assert (ids(inside), further_groups(inside)) == (({1001}, {1002}), [1003, 1004])


@musts("process.umask", needs="command.exec")
@proved_by("exec-umask-ignored")
def test_exec_inherits_the_umask(bring: Bring) -> None:
    """A process executed later has the umask of the config."""
    assert bring("running", umask(0o027)).exec().inside.umask == 0o027


@musts("process.user", needs="command.exec")
@proved_by("exec-flags-ignored")
@pytest.mark.parametrize("uid", [1001, 0], ids=["user", "root"])
def test_exec_can_be_told_a_user(bring: Bring, uid: int) -> None:
    """The flag of exec replaces user and group."""
    inside = bring("running", user(uid, uid)).exec(flags=("--user", "1005:1006")).inside
    assert ids(inside) == ({1005}, {1006})


@musts("process.user", "process.user.additional-gids", needs="command.exec")
@proved_by("exec-document-ignored", "exec-gids-dropped")
def test_exec_takes_the_user_of_its_document(bring: Bring) -> None:
    """With a process document exec runs as the user that it names, with the groups that it lists."""
    running = bring("running", user(1001, 1002, additional_gids=[1003]))
    document = edited(user(1005, 1006, additional_gids=[1007, 1008]))["process"]
    inside = running.exec(process=document).inside
    assert (ids(inside), further_groups(inside)) == (({1005}, {1006}), [1007, 1008])


@musts("process.umask", needs="command.exec")
@proved_by("exec-document-ignored", "exec-umask-ignored")
def test_exec_takes_the_umask_of_its_document(bring: Bring) -> None:
    """With a process document exec gives its process the umask that this names."""
    document = edited(umask(0o011))["process"]
    assert bring("running", umask(0o027)).exec(process=document).inside.umask == 0o011
