import copy
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from conformance.schema import SchemaName, errors_of, schema

CONFIG: dict[str, Any] = {
    "ociVersion": "1.3.0",
    "root": {"path": "rootfs"},
    "process": {
        "cwd": "/",
        "args": ["/probe"],
        "user": {"uid": 0, "gid": 0},
        "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2}],
    },
    "linux": {
        "namespaces": [{"type": "pid"}],
        "devices": [
            {"type": "p", "path": "/dev/pipe"},
            {"type": "c", "path": "/dev/x", "major": 1, "minor": 3},
        ],
        "resources": {"rdma": {"mlx": {"hcaHandles": 1}}, "pids": {}},
        "seccomp": {"defaultAction": "SCMP_ACT_ALLOW"},
    },
    "unknown": {"is": "allowed"},
}
STATE = {"ociVersion": "1.3.0", "id": "a", "status": "running", "pid": 7, "bundle": "/b"}
FEATURES = {"ociVersionMin": "1.0.0", "ociVersionMax": "1.3.0-rc.1+dev", "linux": None}


def changed(document: dict[str, Any], place: list[str | int], value: object) -> dict[str, Any]:
    """A copy with another value at a place; None takes the property out."""
    result = copy.deepcopy(document)
    holder: Any = result
    for step in place[:-1]:
        holder = holder[step]
    if value is None:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return result


@pytest.mark.parametrize("name", get_args(SchemaName))
def test_each_schema_is_of_the_newest_draft(name: SchemaName) -> None:
    assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_what_is_valid_has_no_errors() -> None:
    assert errors_of(CONFIG, "config") + errors_of(STATE, "state") + errors_of(FEATURES, "features") == []


@pytest.mark.parametrize(
    ("place", "value", "error"),
    [
        (["root"], None, "root: missing"),
        (["ociVersion"], "1.3", 'ociVersion: "1.3" is not a version such as 1.2.0'),
        (["process", "cwd"], "x", 'process.cwd: "x" is not an absolute path'),
        (["process", "args"], [], "process.args: [] is not a list of at least one text"),
        (["process", "rlimits", 0, "soft"], None, "process.rlimits[0].soft: missing"),
        (
            ["process", "rlimits", 0, "hard"],
            -1,
            "process.rlimits[0].hard: -1 is not a number from 0 to 18446744073709551615",
        ),
        (["process", "terminal"], 1, "process.terminal: 1 is not true or false"),
        (["linux", "devices", 1, "major"], None, "linux.devices[1].major: missing"),
        (["linux", "seccomp", "listenerMetadata"], "x", "linux.seccomp.listenerPath: missing"),
        (
            ["linux", "resources", "rdma", "mlx"],
            {},
            "linux.resources.rdma.mlx: {} is not an entry with hcaHandles, hcaObjects or both",
        ),
        (["linux", "rootfsPropagation"], "x", None),
        (["linux", "namespaces", 0, "type"], "net", None),
        (["annotations"], {"": "x"}, None),
        (["linux"], [], "linux: [] is not an object"),
    ],
)
def test_what_is_invalid_is_told_with_its_place(place: list[str | int], value: object, error: str | None) -> None:
    said = errors_of(changed(CONFIG, place, value), "config")
    assert len(said) == 1
    assert error is None or said == [error]


def test_a_document_that_is_no_object_is_told() -> None:
    assert errors_of([], "config") == ["document: [] is not an object"]


@pytest.mark.parametrize(("status", "errors"), [("running", ["pid: missing"]), ("stopped", [])])
def test_only_a_live_container_needs_a_pid(status: str, errors: list[str]) -> None:
    assert errors_of({**changed(STATE, ["pid"], None), "status": status}, "state") == errors


def test_features_need_both_versions() -> None:
    assert errors_of({}, "features") == ["ociVersionMax: missing", "ociVersionMin: missing"]


def checkout() -> Path:
    named = os.environ.get("SEATRIAL_RUNTIME_SPEC")
    if named is None:
        pytest.skip("SEATRIAL_RUNTIME_SPEC names no checkout of runtime-spec")
    return Path(named)


def documents(path: Path) -> Iterator[Any]:
    """The JSON documents of a page's examples, or of a file; what is not JSON is left out."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL) if path.suffix == ".md" else [text]
    for block in blocks:
        try:
            yield json.loads(block)
        except ValueError:
            continue


@pytest.mark.parametrize("name", get_args(SchemaName))
def test_the_specifications_own_examples_are_judged_alike(name: SchemaName) -> None:
    samples = checkout() / "schema" / "test" / name
    good = [errors_of(each, name) for path in samples.glob("good/*") for each in documents(path)]
    bad = [errors_of(each, name) for path in samples.glob("bad/*") for each in documents(path)]
    assert good and not any(good)
    assert all(bad)


@pytest.mark.parametrize(
    ("page", "name"), [("config.md", "config"), ("runtime.md", "state"), ("features.md", "features")]
)
def test_the_full_example_of_each_page_is_valid(page: str, name: SchemaName) -> None:
    whole = [each for each in documents(checkout() / page) if {"root", "status", "ociVersionMax"} & each.keys()]
    assert whole and not any(errors_of(each, name) for each in whole)
