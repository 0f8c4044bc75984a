"""The parts that need no privileges: logs, filters, what messages mean in config.json."""

from __future__ import annotations

from pathlib import Path

import pytest
from cri_api.v1 import api_pb2

from reference_runtime.cri.errors import Invalid, NotFound
from reference_runtime.cri.monitor.logfile import MOST_BYTES, LogFile
from reference_runtime.cri.records import Sandbox, Table
from reference_runtime.cri.spec import mounts, resources, security, users
from reference_runtime.cri.statuses import signal_name

HELD = ("CAP_CHOWN", "CAP_KILL", "CAP_SYS_ADMIN")


def entries(path: Path) -> list[tuple[bytes, bytes, bytes]]:
    rows = [line.split(b" ", 3)[1:] for line in path.read_bytes().splitlines()]
    return [(stream, tag, text) for stream, tag, text in rows]


def test_lines_are_logged_whole_or_in_parts(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "log"), set())
    log.write("stdout", b"ah")
    log.write("stderr", b"oh\n\n")
    log.write("stdout", b"oy\n" + b"x" * (MOST_BYTES + 1) + b"\nend")
    log.finish("stdout")
    assert entries(tmp_path / "log") == [
        (b"stderr", b"F", b"oh"),
        (b"stderr", b"F", b""),
        (b"stdout", b"F", b"ahoy"),
        (b"stdout", b"P", b"x" * MOST_BYTES),
        (b"stdout", b"F", b"x"),
        (b"stdout", b"P", b"end"),
    ]


def test_a_log_goes_on_in_a_new_file(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "log"), set())
    log.write("stdout", b"one\n")
    (tmp_path / "log").rename(tmp_path / "old")
    log.write("stdout", b"two\n")
    log.reopen()
    log.write("stdout", b"three\n")
    assert [text for *_, text in entries(tmp_path / "old")] == [b"one", b"two"]
    assert [text for *_, text in entries(tmp_path / "log")] == [b"three"]


def context(**fields: object) -> api_pb2.LinuxContainerSecurityContext:
    return api_pb2.LinuxContainerSecurityContext(**fields)  # type: ignore[arg-type]


def test_capabilities_are_added_and_dropped() -> None:
    asked = api_pb2.Capability(add_capabilities=["SYS_ADMIN"], drop_capabilities=["CAP_CHOWN"])
    found = security.capabilities(context(capabilities=asked), HELD)
    assert "CAP_SYS_ADMIN" in found["effective"] and "CAP_CHOWN" not in found["bounding"]
    none = api_pb2.Capability(add_capabilities=["KILL"], drop_capabilities=["ALL"])
    assert security.capabilities(context(capabilities=none), HELD)["bounding"] == ["CAP_KILL"]
    every = api_pb2.Capability(add_capabilities=["ALL"])
    assert set(HELD) <= set(security.capabilities(context(capabilities=every), HELD)["permitted"])
    with pytest.raises(Invalid):
        security.capabilities(context(capabilities=api_pb2.Capability(add_capabilities=["SAIL"])), HELD)


def test_users_are_looked_up_in_the_image(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:\nsailor:x:1000:100::/home/sailor:\n")
    (tmp_path / "etc/group").write_text("crew:x:100:\ndeck:x:200:sailor\n")
    root = str(tmp_path)
    found = users.user_of(context(), {"User": "sailor"}, root)
    assert (found.uid, found.gid, found.groups, found.home) == (1000, 100, [100, 200], "/home/sailor")
    found = users.user_of(context(), {"User": "sailor:deck"}, root)
    assert found.gid == 200
    strict = context(run_as_user={"value": 1000}, supplemental_groups=[7], supplemental_groups_policy=api_pb2.Strict)
    assert users.user_of(strict, {}, root).groups == [100, 7]
    for wrong in (context(run_as_username="pirate"), context(run_as_group={"value": 1})):
        with pytest.raises(Invalid):
            users.user_of(wrong, {}, root)


def test_an_update_keeps_what_it_does_not_name() -> None:
    before = api_pb2.LinuxContainerResources(cpu_shares=512, memory_limit_in_bytes=1 << 20)
    after = resources.merged(before, api_pb2.LinuxContainerResources(cpu_shares=256))
    assert resources.limits(after) == {"cpu": {"shares": 256}, "memory": {"limit": 1 << 20}}


def test_mounts_are_in_order_and_checked(tmp_path: Path) -> None:
    host = str(tmp_path)
    listed = [
        api_pb2.Mount(container_path="/a/b", host_path=host),
        api_pb2.Mount(container_path="/a", host_path=host, readonly=True, recursive_read_only=True),
    ]
    found = mounts.volumes(api_pb2.ContainerConfig(mounts=listed), lambda _: "", {})
    assert [(mount["destination"], mount["options"]) for mount in found] == [
        ("/a", ["rbind", "rprivate", "rro", "ro"]),
        ("/a/b", ["rbind", "rprivate", "rw"]),
    ]
    wrong = api_pb2.Mount(container_path="/a", host_path=host, recursive_read_only=True)
    with pytest.raises(Invalid):
        mounts.volumes(api_pb2.ContainerConfig(mounts=[wrong]), lambda _: "", {})
    absent = api_pb2.Mount(container_path="/a", host_path=f"{host}/none")
    with pytest.raises(NotFound):
        mounts.volumes(api_pb2.ContainerConfig(mounts=[absent]), lambda _: "", {})


def test_options_of_newer_clients_are_understood(tmp_path: Path) -> None:
    option = b"noexec"
    newer = bytes([11 << 3 | 2, len(option)]) + option
    mount = api_pb2.Mount(container_path="/a", host_path=str(tmp_path))
    mount.MergeFromString(newer)
    assert "noexec" in mounts.volumes(api_pb2.ContainerConfig(mounts=[mount]), lambda _: "", {})[0]["options"]


@pytest.mark.parametrize(
    ("image", "number", "name"),
    [({}, 0, "SIGTERM"), ({"StopSignal": "int"}, 0, "SIGINT"), ({"StopSignal": "9"}, 0, "9"), ({}, 30, "SIGUSR2")],
)
def test_the_stop_signal_has_three_sources(image: dict[str, str], number: int, name: str) -> None:
    assert signal_name(api_pb2.ContainerConfig(stop_signal=number), image) == name  # type: ignore[arg-type]


def test_names_are_reserved_and_given_back() -> None:
    table: Table[Sandbox] = Table("sandbox")
    first = Sandbox("1a", api_pb2.PodSandboxConfig(), "", 1)
    assert table.reserve("name", "1a") == ""
    table.establish(first)
    assert table.reserve("name", "2") == "1a"
    table.release("name")
    assert table.reserve("name", "2") == ""
    assert table.find("1") is first and table.find("") is None
    with pytest.raises(NotFound):
        table.need("3")
