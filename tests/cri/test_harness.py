"""The harness for CRI servers: messages, configs, logs, and the folder that a violation leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.harness.cri import protocol
from conformance.harness.cri.client import Answer
from conformance.harness.cri.configs import merged, read_override
from conformance.harness.cri.journal import CriJournal
from conformance.harness.cri.logs import LogLine, read_log, text_of
from conformance.harness.cri.reproduction import write_cri_reproduction
from conformance.harness.cri.residue import pid_in
from conformance.harness.cri.server import Server, socket_path
from conformance.harness.errors import Violation, WrongUse
from conformance.harness.profiles import profile_for
from conformance.harness.reproduction import Story


def test_every_call_of_the_newest_api_is_known() -> None:
    streams = {name for name, method in protocol.methods().items() if method.streams}
    assert len(protocol.methods()) == 43
    assert streams == {"GetContainerEvents", *(name for name in protocol.methods() if name.startswith("Stream"))}
    assert protocol.methods()["StreamImages"].path == "/runtime.v1.ImageService/StreamImages"


@pytest.mark.parametrize(
    ("message", "field", "number"),
    [("ImageSpec", "image_ref", 20), ("Mount", "mount_options", 11), ("StreamContainersResponse", "containers", 1)],
)
def test_younger_fields_have_their_numbers(message: str, field: str, number: int) -> None:
    assert protocol.message_class(message).DESCRIPTOR.fields_by_name[field].number == number


def test_younger_messages_hold_others() -> None:
    document = {"options": {"a": "b"}, "container_configs": [{"metadata": {"name": "c"}}]}
    assert protocol.document(protocol.message("RestorePodRequest", document)) == document


def test_a_message_is_what_crictl_takes() -> None:
    document = {"metadata": {"name": "a"}, "linux": {"security_context": {"namespace_options": {"pid": "CONTAINER"}}}}
    assert protocol.document(protocol.message("PodSandboxConfig", document)) == document


def test_configs_merge_by_field() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1, "e": 1}
    assert merged(base, {"a": {"c": [3]}, "d": None}, {"f": {"g": 1}}) == {
        "a": {"b": 1, "c": [3]},
        "e": 1,
        "f": {"g": 1},
    }
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1, "e": 1}


def test_an_override_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text("hostname: sea\nlinux:\n  sysctls: {net.a: '1'}\n")
    assert read_override("o", str(path), "PodSandboxConfig") == {
        "hostname": "sea",
        "linux": {"sysctls": {"net.a": "1"}},
    }
    assert read_override("o", "", "PodSandboxConfig") == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [("[1]", "must be a mapping"), ("a: [", "no YAML"), ("hostnam: x", "no PodSandboxConfig"), (None, "No such file")],
)
def test_a_wrong_override_is_told(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "pod.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(WrongUse, match=said):
        read_override("cri-sandbox-config", str(path), "PodSandboxConfig")


def test_a_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_bytes(
        b"2026-01-02T03:04:05.123456789Z stdout P one\n"
        b"2026-01-02T03:04:05.2+02:00 stderr F err\n"
        b"2026-01-02T03:04:05Z stdout F  two\n"
        b"2026-01-02T03:04:06Z stdout F unfinished"
    )
    lines = read_log(path)
    assert lines[1] == LogLine("2026-01-02T03:04:05.2+02:00", "stderr", "F", b"err")
    assert text_of(lines) == b"one two\n"
    assert read_log(tmp_path / "absent.log") == []


@pytest.mark.parametrize(
    "line", ["stdout F x", "2026-01-02T03:04:05Z stdout X x", "2026-01-02 03:04:05 stdout F x", ""]
)
def test_a_line_of_another_format_accuses_the_server(tmp_path: Path, line: str) -> None:
    (tmp_path / "0.log").write_text(f"{line}\n")
    with pytest.raises(Violation, match="a line of the log"):
        read_log(tmp_path / "0.log")


@pytest.mark.parametrize(
    ("info", "pid"),
    [({}, 0), ({"info": '{"pid": 7}'}, 7), ({"a": "no JSON", "b": '{"pid": 8}'}, 8), ({"info": "[1]"}, 0)],
)
def test_a_pid_is_found_in_what_a_status_adds(info: dict[str, str], pid: int) -> None:
    assert pid_in(info) == pid


@pytest.mark.parametrize("address", ["unix:///run/x.sock", "/run/x.sock"])
def test_a_socket_may_be_named_by_its_path(address: str) -> None:
    assert socket_path(address) == "/run/x.sock"


@pytest.mark.parametrize(
    ("said", "name", "version", "claims"),
    [
        ("containerd 1.6.20~ds1", "containerd", "1.6.20", "1.25"),
        ("containerd v2.1.4", "containerd", "2.1.4", "1.32"),
        ("cri-o 1.31.2", "cri-o", "1.31.2", ""),
    ],
)
def test_a_server_is_known_by_what_it_says(said: str, name: str, version: str, claims: str) -> None:
    profile, found = profile_for(said)
    assert (profile.name, found, profile.claimed_spec(found)) == (name, version, claims)


def test_a_violation_leaves_the_calls(tmp_path: Path) -> None:
    journal = CriJournal()
    config = {"metadata": {"name": "a"}}
    create = {"pod_sandbox_id": "id-1", "config": config, "sandbox_config": config}
    steps: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("RunPodSandbox", {"config": config}, {"pod_sandbox_id": "id-1"}),
        ("CreateContainer", create, {"container_id": "id-2"}),
        ("StartContainer", {"container_id": "id-2"}, {}),
    ]
    for method, request, answer in steps:
        known = protocol.methods()[method]
        told = Answer(method, protocol.message(known.response, answer), "OK", "", 0.1)
        journal.add(protocol.message(known.request, request), told)
    refusal = Answer("StopContainer", None, "INTERNAL", "it broke", 0.1)
    journal.add(protocol.message("StopContainerRequest", {"container_id": "id-2", "timeout": 3}), refusal)
    server = Server("s", "unix:///s", "s", "1", profile_for("s 1.0")[0])
    script = write_cri_reproduction(tmp_path / "found", Story("t", "It works.", ["r"], "it broke"), server, journal)
    lines = script.read_text().splitlines()
    assert lines[-4:] == [
        'sandbox_1=$(crictl runp "$here"/sandbox-1.yaml)',
        'container_2=$(crictl create --no-pull "$sandbox_1" "$here"/container-1.yaml "$here"/pod-1.yaml)',
        'crictl start "$container_2"',
        'crictl stop --timeout 3 "$container_2"',
    ]
    calls = yaml.safe_load((tmp_path / "found/calls.yaml").read_text())
    assert calls[-1]["code"] == "INTERNAL"
    assert yaml.safe_load((tmp_path / "found/container-1.yaml").read_text()) == config
    assert "it broke" in (tmp_path / "found/README.md").read_text()
