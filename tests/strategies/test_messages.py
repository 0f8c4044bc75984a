"""Changes of messages: valid JSON for every field, applied in order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from conformance.harness.cri import protocol
from strategies.messages import Change, changed, changes, holes

REQUEST = protocol.message_class("RunPodSandboxRequest").DESCRIPTOR


def test_changes_are_applied_in_order() -> None:
    document = {"a": {"b": 1}, "c": 2}
    made = changed(
        document, [Change(("a", "b"), 3), Change(("d", "e"), 4), Change(("c",), None), Change(("c", "f"), 5)]
    )
    assert made == {"a": {"b": 3}, "d": {"e": 4}, "c": {"f": 5}}
    assert document == {"a": {"b": 1}, "c": 2}


METHODS = ["RunPodSandbox", "CreateContainer", "UpdateContainerResources", "PullImage", "ListContainers", "ExecSync"]


@pytest.mark.parametrize("method", METHODS)
def test_every_drawn_document_is_a_request(method: str) -> None:
    name = protocol.methods()[method].request

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(changes(protocol.message_class(name).DESCRIPTOR))
    def parsed(drawn: list[Change]) -> None:
        protocol.message(name, changed({}, drawn))

    parsed()


def test_fields_can_be_kept() -> None:
    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(changes(REQUEST, keep=lambda path: "linux" in path))
    def kept(drawn: list[Change]) -> None:
        assert not any("linux" in change.path for change in drawn)

    kept()


def test_fields_that_are_kept_are_in_no_new_message() -> None:
    container = protocol.message_class("CreateContainerRequest").DESCRIPTOR

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(changes(container, keep=lambda path: "host_path" in path))
    def kept(drawn: list[Change]) -> None:
        assert "host_path" not in repr([change.value for change in drawn])

    kept()


def test_each_part_is_missing_or_empty_once() -> None:
    found = holes(REQUEST, {"config": {"hostname": "x"}}, keep=lambda path: "linux" in path)
    assert Change(("config",), None) in found
    assert Change(("config",), {}) in found
    assert Change(("config", "hostname"), None) in found
    assert Change(("config", "dns_config"), {}) in found
    assert not any("linux" in change.path or change.path == ("runtime_handler",) for change in found)
