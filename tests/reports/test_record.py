from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from reports.record import (
    FORMAT,
    PROPERTY,
    Expectation,
    Record,
    Runtime,
    Verdict,
    from_builtins,
    from_properties,
    labels,
    latest,
    strongest,
    to_builtins,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_record_survives_being_taken_apart(make: Callable[..., Record]) -> None:
    record = make(expectation=Expectation(reason="late"), argv=[["kill", "a"]], config={"ociVersion": "1.0.0"})
    assert from_builtins(to_builtins(record)) == record


def test_the_format_is_always_told_and_defaults_never(make: Callable[..., Record]) -> None:
    plain = to_builtins(make())
    assert plain["format"] == FORMAT
    assert not {"duration", "reason", "config", "edits"} & plain.keys()


def test_bytes_that_are_no_text_can_be_written(make: Callable[..., Record]) -> None:
    plain = to_builtins(make(observed="é\udcff", config={"\udc80": ["\udc81"]}))
    assert plain["observed"] == "é\\udcff"
    assert plain["config"] == {"\\udc80": ["\\udc81"]}


def test_the_record_is_found_among_properties(make: Callable[..., Record]) -> None:
    record = make()
    assert from_properties([("other", 1), (PROPERTY, to_builtins(record))]) == record
    assert from_properties([("other", 1)]) is None


def test_something_else_is_no_record() -> None:
    with pytest.raises(msgspec.ValidationError):
        from_builtins({"format": FORMAT, "test": "a"})


def test_the_key_joins_two_versions_of_a_runtime(make: Callable[..., Record]) -> None:
    old, new = (make(runtime=Runtime(name="runc", version=version)) for version in ("1.1.5", "1.3.6"))
    assert old.key == new.key
    assert old.runtime.identity != new.runtime.identity


def test_a_known_violation_that_passes_is_gone(make: Callable[..., Record]) -> None:
    expectation = Expectation(reason="late")
    assert make(expectation=expectation).is_gone
    assert not make(expectation=expectation, verdict=Verdict.KNOWN).is_gone
    assert not make().is_gone


def test_the_latest_record_of_a_repeated_run_counts(make: Callable[..., Record]) -> None:
    first, other = make(verdict=Verdict.VIOLATED), make(runtime="a")
    again = make(runtime=msgspec.structs.replace(first.runtime, sha256="ff" * 32))
    assert latest([first, other, again]) == [other, again]


def test_the_strongest_level_counts() -> None:
    assert strongest(["MAY", "SHOULD"]) == "SHOULD"
    assert strongest([]) == "MUST"


def test_runtimes_of_one_name_are_told_apart(make: Callable[..., Record]) -> None:
    runtimes = [
        Runtime(name="crun", path="/usr/bin/crun", version="1.8.1"),
        Runtime(name="runc", path="/a/runc", version="1.1.5"),
        Runtime(name="runc", path="/b/runc", version="1.3.6"),
        Runtime(name="runc", path="/c/runc", version="1.3.6"),
        Runtime(name="runsc", arguments=("--a",)),
        Runtime(name="runsc", arguments=("--b",)),
    ]
    found = labels([make(runtime=runtime) for runtime in reversed(runtimes)])
    assert [found[runtime.identity] for runtime in runtimes] == [
        "crun",
        "runc 1.1.5",
        "runc 1.3.6 /b/runc",
        "runc 1.3.6 /c/runc",
        "runsc --a",
        "runsc --b",
    ]
