"""The security context of containers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance import musts, proved_by
from conformance.harness.cri.configs import Document
from conformance.harness.cri.objects import Sandbox
from conformance.harness.cri.refusal import refused
from conformance.harness.cri.scene import CriScene, spec
from conformance.harness.observed import Inside
from strategies.edits import do, read, write

#: What runtimes and the kubelet mask by default.
USUALLY_MASKED = [
    *("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list"),
    *("/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"),
]


def context(**fields: object) -> Document:
    """A container's ``linux`` with a security context."""
    return {"security_context": fields}


def ids(inside: Inside) -> tuple[int, int, list[int]]:
    """User, group and additional groups of a program."""
    return inside.uid.real, inside.gid.real, [group for group in inside.groups if group != inside.gid.real]


@proved_by("cri-user-ignored")
@musts("cri.security.user", "cri.security.group")
def test_the_user_and_group_are_the_configs(pod: Sandbox) -> None:
    """The program runs as the user and with the group of the config."""
    inside = pod.run(linux=context(run_as_user={"value": 4711}, run_as_group={"value": 815}))
    assert (inside.uid.real, inside.uid.effective, inside.gid.real, inside.gid.effective) == (4711, 4711, 815, 815)


@proved_by("cri-user-zero-ignored")
@musts("cri.security.user")
def test_the_user_can_be_root_in_an_image_that_has_another(cri: CriScene, pod: Sandbox) -> None:
    """User 0 of the config wins over another one of the image."""
    image = spec(cri.image("user-name"))
    assert pod.run(image=image, linux=context(run_as_user={"value": 0})).uid.real == 0


@proved_by("cri-group-of-user-ignored")
@musts("cri.security.user")
def test_a_user_of_the_image_has_its_group(pod: Sandbox) -> None:
    """A user that /etc/passwd of the image knows has the group that it says there, and an unknown one group 0."""
    assert ids(pod.run(linux=context(run_as_user={"value": 1001})))[:2] == (1001, 100)
    assert ids(pod.run(linux=context(run_as_user={"value": 4711})))[:2] == (4711, 0)


@proved_by("cri-group-alone-accepted")
@musts("cri.security.group.alone")
def test_a_group_without_a_user_is_refused(cri: CriScene, pod: Sandbox) -> None:
    """A container that names a group to run as and no user is refused."""
    with refused(cri):
        pod.container(linux=context(run_as_group={"value": 1000}))


@proved_by("cri-username-ignored")
@musts("cri.security.username")
def test_the_user_can_be_named(pod: Sandbox) -> None:
    """The program runs as the user of the image that the config names, with its group and groups."""
    assert ids(pod.run(linux=context(run_as_username="mate"))) == (1000, 1000, [2000, 2001])


@proved_by("cri-username-unknown-accepted")
@musts("cri.security.username.unknown")
def test_an_unknown_user_name_is_refused(cri: CriScene, pod: Sandbox) -> None:
    """A user name that the image does not know is an error, at the latest when the container is started."""
    with refused(cri):
        container = pod.container(linux=context(run_as_username="stowaway"))
        try:
            container.start()
        finally:
            container.remove()


@proved_by("cri-image-user-ignored")
@musts("cri.security.image-user")
@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("user-name", (1000, 1000)),
        ("user-number", (1000, 1000)),
        ("user-group", (1000, 2000)),
        ("user-numbers", (1000, 2001)),
    ],
)
def test_without_a_user_the_images_is_taken(cri: CriScene, pod: Sandbox, image: str, expected: tuple[int, int]) -> None:
    """Without a user in the config the program runs as the user and group of its image."""
    inside = pod.run(image=spec(cri.image(image)))
    assert (inside.uid.real, inside.gid.real) == expected


@proved_by("cri-supplemental-groups-dropped")
@musts("cri.security.supplemental-groups")
def test_additional_groups_are_given(pod: Sandbox) -> None:
    """The program has the additional groups of the config."""
    inside = pod.run(linux=context(run_as_user={"value": 4711}, supplemental_groups=[1234, 5678]))
    assert {1234, 5678} <= set(inside.groups)


@proved_by("cri-supplemental-groups-not-merged")
@musts("cri.security.supplemental-groups.merge")
def test_additional_groups_are_merged_with_the_images(pod: Sandbox) -> None:
    """The groups that the image gives to the user are kept beside those of the config."""
    inside = pod.run(linux=context(run_as_user={"value": 1000}, supplemental_groups=[1234]))
    assert set(ids(inside)[2]) == {1234, 2000, 2001}


@proved_by("cri-supplemental-groups-not-strict")
@musts("cri.security.supplemental-groups.strict")
def test_additional_groups_can_be_those_of_the_config_only(cri: CriScene, pod: Sandbox) -> None:
    """With the policy Strict, groups that the image gives to the user are not used."""
    if not cri.call("Status").features.supplemental_groups_policy:
        pytest.skip("unsupported: Status does not say that there are policies of additional groups")
    fields = {"run_as_user": {"value": 1000}, "supplemental_groups": [1234], "supplemental_groups_policy": "Strict"}
    assert set(ids(pod.run(linux=context(**fields)))[2]) == {1234}


@proved_by("cri-status-user-lost")
@musts("cri.container.status.user")
def test_the_status_tells_the_user(cri: CriScene, pod: Sandbox) -> None:
    """The status of a container tells user, group and additional groups of its program."""
    if not cri.call("Status").features.supplemental_groups_policy:
        pytest.skip("unsupported: Status does not say that containers have users")
    container = pod.running(linux=context(run_as_user={"value": 1000}, supplemental_groups=[1234]))
    user, inside = container.status().user.linux, container.probe("report").inside
    assert (user.uid, user.gid) == (1000, 1000)
    assert set(user.supplemental_groups) == {1000, 1234, 2000, 2001} | set(inside.groups) - {1000}


@proved_by("cri-capabilities-add-ignored")
@musts("cri.security.capabilities.add")
def test_a_capability_can_be_added(pod: Sandbox) -> None:
    """An added capability is effective, permitted and in the bounding set; without it the program has it not."""
    assert "CAP_SYS_TIME" not in pod.run().capabilities.bounding
    sets = pod.run(linux=context(capabilities={"add_capabilities": ["SYS_TIME"]})).capabilities
    for found in (sets.effective, sets.permitted, sets.bounding):
        assert "CAP_SYS_TIME" in found
    assert "CAP_SYS_TIME" not in (sets.ambient or [])


@proved_by("cri-capabilities-drop-ignored")
@musts("cri.security.capabilities.drop")
def test_a_capability_can_be_dropped(pod: Sandbox) -> None:
    """A dropped capability is in no set of the program; without dropping it is there."""
    assert "CAP_CHOWN" in pod.run().capabilities.effective
    sets = pod.run(linux=context(capabilities={"drop_capabilities": ["CHOWN"]})).capabilities
    for found in (sets.effective, sets.permitted, sets.bounding, sets.inheritable, sets.ambient or []):
        assert "CAP_CHOWN" not in found
    assert "CAP_KILL" in sets.effective


@proved_by("cri-capabilities-drop-all-ignored")
@musts("cri.security.capabilities.drop-all")
def test_all_capabilities_can_be_dropped(pod: Sandbox) -> None:
    """Dropping ALL leaves the program those capabilities only that are added."""
    sets = pod.run(linux=context(capabilities={"drop_capabilities": ["ALL"], "add_capabilities": ["CHOWN"]}))
    assert sets.capabilities.effective == ["CAP_CHOWN"]
    assert sets.capabilities.bounding == ["CAP_CHOWN"]
    assert pod.run(linux=context(capabilities={"drop_capabilities": ["ALL"]})).capabilities.bounding == []


@proved_by("cri-capabilities-add-all-ignored")
@musts("cri.security.capabilities.add")
def test_all_capabilities_can_be_added(cri: CriScene, pod: Sandbox) -> None:
    """Adding ALL gives the program every capability that the server has to give."""
    wanted = int(_status_line(cri, "CapBnd"), 16)
    inside = pod.run(linux=context(capabilities={"add_capabilities": ["ALL"]}))
    assert len(inside.capabilities.bounding) == wanted.bit_count()


@proved_by("cri-capabilities-ambient-ignored")
@musts("cri.security.capabilities.ambient")
def test_a_capability_can_be_ambient(pod: Sandbox) -> None:
    """An added ambient capability is in all sets, so that a user other than root has it."""
    fields = {"capabilities": {"add_ambient_capabilities": ["NET_ADMIN"]}, "run_as_user": {"value": 1000}}
    sets = pod.run(linux=context(**fields)).capabilities
    for found in (sets.effective, sets.permitted, sets.bounding, sets.inheritable, sets.ambient or []):
        assert "CAP_NET_ADMIN" in found


@proved_by("cri-capabilities-user-keeps")
@musts("cri.security.user", "cri.security.capabilities.add")
def test_a_user_other_than_root_has_no_capabilities(pod: Sandbox) -> None:
    """A program of another user than root has no effective capabilities."""
    sets = pod.run(linux=context(run_as_user={"value": 1000})).capabilities
    assert (sets.effective, sets.permitted) == ([], [])


@proved_by("cri-capability-unknown-accepted")
@musts("cri.security.capabilities.add")
def test_an_unknown_capability_is_not_given(cri: CriScene, pod: Sandbox) -> None:
    """A capability that no kernel knows is refused, or passed over; it does not change what the others do."""
    usual = pod.run().capabilities.bounding
    answer = cri.attempt(
        "CreateContainer",
        {
            "pod_sandbox_id": pod.id,
            "config": {
                "metadata": {"name": "unknown"},
                "image": spec(cri.image("probe")),
                "labels": dict(cri.labels),
                "linux": context(capabilities={"add_capabilities": ["NO_SUCH_CAPABILITY"]}),
            },
            "sandbox_config": pod.config,
        },
    )
    assert answer.good or answer.text
    assert pod.run().capabilities.bounding == usual


@pytest.fixture
def privileged(cri: CriScene) -> Sandbox:
    """A sandbox in which containers may be privileged."""
    return cri.sandbox(linux=context(privileged=True))


@proved_by("cri-privileged-capabilities-missing")
@musts("cri.security.privileged.capabilities")
def test_a_privileged_container_has_all_capabilities(cri: CriScene, privileged: Sandbox) -> None:
    """A privileged container has every capability that the server has to give."""
    wanted = int(_status_line(cri, "CapBnd"), 16)
    inside = privileged.run(linux=context(privileged=True))
    assert len(inside.capabilities.effective) == wanted.bit_count()


@proved_by("cri-privileged-masked")
@musts("cri.security.privileged.paths")
def test_in_a_privileged_container_nothing_is_masked(privileged: Sandbox) -> None:
    """In a privileged container nothing is mounted over files below /proc and /sys to hide them."""
    masked = context(masked_paths=["/proc/version"])
    assert _mounted(privileged.run(linux=masked), ["/proc/version"]) == ["/proc/version"]
    assert _mounted(privileged.run(linux=context(privileged=True)), USUALLY_MASKED) == []


@proved_by("cri-privileged-readonly-sysfs")
@musts("cri.security.privileged.writable")
def test_in_a_privileged_container_sysfs_is_writable(privileged: Sandbox) -> None:
    """In a privileged container /sys and /proc are mounted writable; /sys is not in another one."""
    mounts = {each.point: each.options for each in privileged.run(linux=context(privileged=True)).mounts or []}
    assert "rw" in mounts["/sys"]
    assert "rw" in mounts["/proc"]
    assert "ro" in {each.point: each.options for each in privileged.run().mounts or []}["/sys"]


@proved_by("cri-privileged-seccomp")
@musts("cri.security.privileged.seccomp")
def test_a_privileged_container_has_no_seccomp_filter(privileged: Sandbox) -> None:
    """A privileged container has no seccomp filter, whatever profile it names."""
    fields = {"seccomp": {"profile_type": "RuntimeDefault"}}
    assert privileged.run(linux=context(privileged=True, **fields)).seccomp.mode == 0


@proved_by("cri-privileged-devices-missing")
@musts("cri.security.privileged.devices")
def test_a_privileged_container_has_the_devices_of_the_host(privileged: Sandbox) -> None:
    """The character and block devices in /dev of the host are in /dev of a privileged container."""
    nodes = [path for path in Path("/dev").iterdir() if not path.is_symlink()]
    host = {path.name for path in nodes if path.is_char_device() or path.is_block_device()}
    inside = privileged.run(linux=context(privileged=True))
    found = {each.name for each in inside.dev or [] if each.type in {"c", "b"}}
    assert host - found - {"console", "tty", "ptmx", "fuse"} == set()


@proved_by("cri-privileged-device-cgroup")
@musts("cri.security.privileged.device-cgroup")
def test_a_privileged_container_may_use_any_device(privileged: Sandbox) -> None:
    """A privileged container can open a device that an ordinary one with the same node can not."""
    make = (do("mknod", "/tmp/port", "c", 10, 237), do("open", "/tmp/port", "r"))
    mknod = context(capabilities={"add_capabilities": ["MKNOD"]})
    assert privileged.run(*make, linux=mknod).action("open").errno == "EPERM"
    assert privileged.run(*make, linux=context(privileged=True)).action("open").errno != "EPERM"


@proved_by("cri-privileged-in-plain-sandbox-accepted")
@musts("cri.sandbox.privileged.required")
def test_a_privileged_container_needs_a_privileged_sandbox(cri: CriScene, pod: Sandbox) -> None:
    """A privileged container is refused in a sandbox that is not."""
    with refused(cri):
        pod.container(linux=context(privileged=True))


@proved_by("cri-readonly-rootfs-ignored")
@musts("cri.security.readonly-rootfs")
def test_the_root_filesystem_can_be_read_only(pod: Sandbox) -> None:
    """With readonly_rootfs the program can not write to its root filesystem, without it can."""
    assert pod.run(write("/new", "x")).action("write").errno is None
    inside = pod.run(write("/new", "x"), linux=context(readonly_rootfs=True))
    assert inside.action("write").errno == "EROFS"


@proved_by("cri-no-new-privs-ignored")
@musts("cri.security.no-new-privs")
def test_no_new_privs_is_as_configured(pod: Sandbox) -> None:
    """The flag no_new_privs is set when the config says so, and only then."""
    assert pod.run(linux=context(no_new_privs=True)).no_new_privs
    assert not pod.run(linux=context(no_new_privs=False)).no_new_privs


@proved_by("cri-masked-paths-ignored")
@musts("cri.security.masked-paths")
def test_masked_paths_can_not_be_read(pod: Sandbox) -> None:
    """What the config masks is empty in the container: folders as files."""
    paths = ["/proc/version", "/proc/sys/vm"]
    seen = pod.run(read(paths[0]), do("list", paths[1]), linux=context(masked_paths=paths))
    assert not seen.action("read").content
    assert not seen.action("list").names
    assert pod.run(read(paths[0]), linux=context(masked_paths=[])).action("read").content


@proved_by("cri-readonly-paths-ignored")
@musts("cri.security.readonly-paths")
def test_read_only_paths_can_not_be_written(pod: Sandbox) -> None:
    """What the config makes read-only can not be written in the container, other paths can."""
    fields = {"readonly_paths": ["/var"], "masked_paths": ["/proc/kcore"]}
    inside = pod.run(write("/var/x", "x"), write("/tmp/x", "x"), linux=context(**fields))
    assert (inside.action("write").errno, inside.action("write", 1).errno) == ("EROFS", None)


@proved_by("cri-seccomp-unconfined-ignored")
@musts("cri.security.seccomp.unconfined")
def test_seccomp_can_be_unconfined(pod: Sandbox) -> None:
    """With the profile Unconfined there is no seccomp filter."""
    assert pod.run(linux=context(seccomp={"profile_type": "Unconfined"})).seccomp.mode == 0


@proved_by("cri-seccomp-default-ignored")
@musts("cri.security.seccomp.default")
def test_seccomp_can_be_the_runtimes_default(pod: Sandbox) -> None:
    """With the profile RuntimeDefault there is a seccomp filter, that lets a usual program pass."""
    assert pod.run(linux=context(seccomp={"profile_type": "RuntimeDefault"})).seccomp.mode == 2


@proved_by("cri-seccomp-localhost-ignored")
@musts("cri.security.seccomp.localhost")
def test_seccomp_can_be_a_profile_of_the_node(cri: CriScene, pod: Sandbox) -> None:
    """A profile of the node does what it says: here it refuses to make folders."""
    profile = cri.folder / "profile.json"
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "args": []}
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    fields = {"seccomp": {"profile_type": "Localhost", "localhost_ref": str(profile)}}
    assert pod.run(do("mkdir", "/tmp/a")).action("mkdir").errno is None
    assert pod.run(do("mkdir", "/tmp/a"), linux=context(**fields)).action("mkdir").errno == "EPERM"


@proved_by("cri-seccomp-localhost-absent-accepted")
@musts("cri.security.seccomp.localhost.absent")
def test_a_seccomp_profile_that_is_not_there_is_refused(cri: CriScene, pod: Sandbox) -> None:
    """A container with a seccomp profile that the node has not is refused."""
    with refused(cri):
        pod.container(linux=context(seccomp={"profile_type": "Localhost", "localhost_ref": "/not/there.json"}))


def _mounted(inside: Inside, paths: list[str]) -> list[str]:
    points = {each.point for each in inside.mounts or []}
    return [path for path in paths if path in points]


def _status_line(cri: CriScene, name: str) -> str:
    """A line of /proc/PID/status of the server; of this process where it can not be seen."""
    lines = Path(f"/proc/{cri.server.pid or 'self'}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
