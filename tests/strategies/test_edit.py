"""The mechanics of edits: when they are equal, what ``edited`` leaves alone, and how it chooses the version."""

import json

import pytest

from strategies.config import base_config
from strategies.edit import Config, Edit, edit, edited
from strategies.edits import (
    add,
    arg,
    capabilities,
    cpu,
    domainname,
    drop,
    env,
    hook,
    memory,
    mount,
    namespace,
    net_device,
    oci_version,
    put,
    replace,
    rlimit,
    rule,
    seccomp,
    share_namespace,
    tmpfs,
    touch,
    umask,
    unmount,
    user,
)
from strategies.versions import FIELDS, VALUES, VERSIONS


def test_equal_calls_are_equal_however_they_are_written() -> None:
    assert memory(swap=2, limit=1) == memory(limit=1, swap=2)
    assert user(1, gid=2) == user(1, 2)
    assert hash(user(1, gid=2)) == hash(user(1, 2))
    assert memory(limit=1) != memory(limit=2)
    assert memory(limit=1) != cpu(quota=1)


def test_edits_print_as_they_are_written() -> None:
    assert repr(rlimit("NOFILE", hard=400, soft=300)) == "rlimit('NOFILE', soft=300, hard=400)"
    filtered = seccomp("ALLOW", rule("sync", "ERRNO", args=[arg(0, 1)]))
    assert repr(filtered) == "seccomp('ALLOW', rule('sync', 'ERRNO', args=[arg(0, 1)]))"


def test_edits_with_unhashable_arguments_are_hashable() -> None:
    assert len({put("a", {"b": [1]}), put("a", {"b": [1]}), put("a", {"b": [2]})}) == 2


def test_an_edit_is_not_changed_by_what_it_was_made_of() -> None:
    options = ["ro"]
    change = mount("/x", options=options)
    options.append("rw")
    assert change == mount("/x", options=["ro"])


def test_a_wrong_call_is_an_error_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="limti"):
        memory(limti=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        rlimit("NOFILE", 300)  # type: ignore[call-arg]


def test_an_edit_of_ones_own_takes_two_lines() -> None:
    @edit
    def nothing(config: Config, *, at_all: bool) -> None:
        """Change nothing."""

    assert repr(nothing(at_all=True)) == "nothing(at_all=True)"
    assert edited(nothing(at_all=True)) == base_config()
    assert nothing.__doc__ == "Change nothing."


def test_the_base_is_copied() -> None:
    base = base_config()
    assert edited(env("A=1"), namespace("pid", "/x"), base=base)["process"]["env"] == ["PATH=/", "A=1"]
    assert base == base_config()


def test_the_order_of_keys_is_that_of_the_base_then_of_the_edits() -> None:
    config = edited(domainname("d"), memory(limit=1), put("process.cwd", "/x"))
    assert list(config) == [*base_config(), "domainname"]
    assert list(config["process"]) == list(base_config()["process"])
    assert json.dumps(edited()) == json.dumps(base_config())


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        ((), "1.0.0"),
        ((umask(0),), "1.0.2"),
        ((umask(0), domainname("d")), "1.1.0"),
        ((net_device("eth0"), umask(0)), "1.3.0"),
        ((net_device("eth0"), drop("linux.netDevices")), "1.0.0"),
        ((namespace("time"), share_namespace("time")), "1.0.0"),
        ((add("linux.namespaces", {"type": "time"}),), "1.1.0"),
        ((put("process.scheduler", 7),), "1.1.0"),
        ((seccomp("ERRNO", rule("a", "KILL_PROCESS")),), "1.1.0"),
        ((oci_version("1.0.0"), net_device("eth0")), "1.0.0"),
        ((net_device("eth0"), oci_version("9.9.9")), "9.9.9"),
        ((replace("ociVersion", "x"), net_device("eth0")), "x"),
        ((put("ociVersion", None),), None),
    ],
    ids=repr,
)
def test_the_version_is_the_oldest_that_knows_all_fields(changes: tuple[Edit, ...], version: str | None) -> None:
    assert edited(*changes)["ociVersion"] == version


def test_a_dropped_version_stays_dropped() -> None:
    assert "ociVersion" not in edited(drop("ociVersion"), umask(0))


def test_the_version_of_another_base_is_never_lowered() -> None:
    assert edited(umask(0), base={"ociVersion": "1.2.0"})["ociVersion"] == "1.2.0"
    assert edited(net_device("eth0"), base={"ociVersion": "1.2.0"})["ociVersion"] == "1.3.0"
    assert edited(umask(0), base={"ociVersion": "1.0.2-dev"})["ociVersion"] == "1.0.2-dev"
    assert "ociVersion" not in edited(umask(0), base={})


def test_the_table_of_versions_names_released_versions() -> None:
    later = {*FIELDS.values(), *(version for values in VALUES.values() for version in values.values())}
    assert later <= set(VERSIONS[1:])


MERGING = [
    memory(limit=1),
    memory(swap=2),
    cpu(quota=3),
    umask(0o77),
    capabilities("KILL"),
    rlimit("CORE", soft=1, hard=1),
]


@pytest.mark.parametrize("turn", range(len(MERGING)))
def test_independent_edits_mean_the_same_in_any_order(turn: int) -> None:
    assert edited(*MERGING[turn:], *MERGING[:turn]) == edited(*MERGING)
    assert edited(*reversed(MERGING)) == edited(*MERGING)


def test_each_edit_can_be_taken_away() -> None:
    for index in range(len(MERGING)):
        edited(*MERGING[:index], *MERGING[index + 1 :])


def test_controllers_merge() -> None:
    limits = edited(memory(limit=1, swap=2), memory(swap=3))["linux"]["resources"]["memory"]
    assert limits == {"limit": 1, "swap": 3}


def test_capabilities_are_added_once() -> None:
    held = edited(capabilities("CHOWN"), capabilities("CAP_CHOWN", "KILL", sets=["bounding"]))
    assert held["process"]["capabilities"]["bounding"] == ["CAP_CHOWN", "CAP_KILL"]
    assert held["process"]["capabilities"]["effective"] == ["CAP_CHOWN"]


def test_entries_with_a_kind_replace_one_another_in_their_place() -> None:
    kinds = edited(namespace("mount", "/x"), namespace("network"))["linux"]["namespaces"]
    assert [entry["type"] for entry in kinds] == ["pid", "mount", "ipc", "uts", "network"]
    assert kinds[1] == {"type": "mount", "path": "/x"}
    limits = edited(rlimit("CORE", soft=1, hard=2), rlimit("CORE", soft=3, hard=4))["process"]["rlimits"]
    assert limits == [{"type": "RLIMIT_CORE", "soft": 3, "hard": 4}]


def test_mounts_go_where_they_are_wanted() -> None:
    def destinations(*changes: Edit) -> list[str]:
        return [entry["destination"] for entry in edited(*changes)["mounts"]]

    assert destinations(tmpfs("/x"), tmpfs("/x")) == ["/proc", "/dev", "/x", "/x"]
    assert destinations(mount("/x", before="/dev")) == ["/proc", "/x", "/dev"]
    assert destinations(mount("/x", replaces="/proc")) == ["/x", "/dev"]
    assert destinations(mount("/x", replaces="/none")) == ["/proc", "/dev", "/x"]
    assert destinations(unmount("/dev")) == ["/proc"]


def test_what_is_appended_stays_in_order() -> None:
    config = edited(hook("poststop", "/a"), hook("poststop", "/b"), touch(1), touch(2))
    assert [entry["path"] for entry in config["hooks"]["poststop"]] == ["/a", "/b"]
    assert config["process"]["args"] == ["/probe", "report", "touch", "1", "touch", "2"]


@pytest.mark.parametrize(("limit", "number"), [("64M", 67108864), ("-1", -1), ("2T", 2**41), ("lots", "lots"), (5, 5)])
def test_sizes(limit: int | str, number: int | str) -> None:
    assert edited(memory(limit=limit))["linux"]["resources"]["memory"]["limit"] == number
